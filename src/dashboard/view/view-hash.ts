/**
 * A view as the address's fragment, and back. Of a fragment the server never learns; it holds no token, and whatever stands
 * in it that is not understood is left out.
 */
import { isKind } from "../../model/caller-filter.ts";
import { RING_ATTRIBUTES } from "../../model/source-tree.ts";
import { type Stacking, STACKINGS } from "../chart/stack.ts";
import { COLUMNS } from "../callers/columns.ts";
import { isTaskChoice } from "../tasks/task-choice.ts";
import { CLOCKS } from "../time/clock.ts";
import { DEFAULT_VIEW, type Panel, PANELS, type Span, type View } from "./view.ts";

/** A row that is open takes room on the screen; a link with thousands of them is no view. */
export const MAX_OPEN = 8;

/** `panel=rings&q=ext4`: only what differs from the default; empty where nothing does. */
export function encodeView(view: View): string {
  const { target, panel, window, moments, sort, filter, task, stacking, clock, attribute, open, against } = view;
  const words = new URLSearchParams();
  const put = (name: string, value: string, usual: string) => {
    if (value !== usual) words.append(name, value);
  };
  put("target", target ?? "", "");
  put("panel", panel, DEFAULT_VIEW.panel);
  if (window !== null) words.append("window", `${seconds(window.min)}-${seconds(window.max)}`);
  if (window !== null && moments !== null) words.append("moments", seconds(moments));
  put("sort", sortText(sort), sortText(DEFAULT_VIEW.sort));
  put("q", filter.text.trim(), "");
  put("dir", filter.directory, "");
  put("module", filter.module, "");
  put("kind", filter.kind, "");
  put("task", task ?? "", "");
  put("stack", stacking ?? "", "");
  put("t", clock ?? "", "");
  put("a", attribute, DEFAULT_VIEW.attribute);
  for (const callSite of open.slice(0, MAX_OPEN)) words.append("open", callSite);
  put("against", against ?? "", "");
  return words.toString();
}

/** @param hash with or without its `#` */
export function decodeView(hash: string): View {
  const words = new URLSearchParams(hash.replace(/^#/, ""));
  const read = (name: string) => words.get(name) ?? "";
  const kind = read("kind");
  const task = read("task");
  return {
    target: read("target") || null,
    panel: known<Panel>(PANELS, read("panel")) ?? DEFAULT_VIEW.panel,
    window: spanOf(read("window")),
    moments: /^\d+(?:\.\d+)?$/.test(read("moments")) ? Number(read("moments")) : null,
    sort: sortOf(read("sort")) ?? DEFAULT_VIEW.sort,
    filter: {
      text: read("q"),
      directory: read("dir"),
      module: read("module"),
      kind: isKind(kind) ? kind : "",
    },
    task: isTaskChoice(task) ? task : null,
    stacking: known<Stacking>(STACKINGS, read("stack")) ?? null,
    clock: known(CLOCKS, read("t")) ?? null,
    attribute: known(RING_ATTRIBUTES, read("a")) ?? DEFAULT_VIEW.attribute,
    open: [...new Set(words.getAll("open").filter((callSite) => callSite !== ""))].slice(0, MAX_OPEN),
    against: read("against") || null,
  };
}

function known<Word extends string>(words: readonly Word[], word: string): Word | undefined {
  return words.find((one) => one === word);
}

function sortText({ column, descending }: View["sort"]): string {
  return `${descending ? "-" : ""}${column}`;
}

function sortOf(text: string): View["sort"] | undefined {
  const descending = text.startsWith("-");
  const column = COLUMNS.find(({ id }) => id === (descending ? text.slice(1) : text));
  return column === undefined ? undefined : { column: column.id, descending };
}

/** To the microsecond, as trace lines print it. */
function seconds(value: number): string {
  return String(Number(value.toFixed(6)));
}

function spanOf(text: string): Span | null {
  const match = /^(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)$/.exec(text);
  if (match === null) return null;
  const [min, max] = [Number(match[1]), Number(match[2])];
  return min < max ? { min, max } : null;
}
