/** The stacks that hold the most, or grew the most in a window, as a flame graph. */
import type { ComponentChildren } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { Answer } from "../api/use-answer.ts";
import { humanBytes } from "../format/bytes.ts";
import { formatCount, plural } from "../format/count.ts";
import { inside, useInside } from "../inside/inside.ts";
import { shareOf } from "../../rings/share.ts";
import type { Account } from "../state/page-state.ts";
import { view } from "../view/view-store.ts";
import { useWindow, type WindowAnswer } from "../window/use-window.ts";
import { FlameGraph } from "./flame-graph.tsx";
import {
  FLAME_MEASURES,
  type FlameMeasure,
  type FlameNode,
  type FlameStack,
  flameNodeAt,
  flameTreeOf,
} from "./flame-tree.ts";
import { stacksOf } from "./flame-filter.ts";
import { FlameNotes } from "./flame-notes.tsx";
import { FlameWindow } from "./flame-window.tsx";
import { type FlameCallers, useFlameCallers } from "./use-flame-callers.ts";

const WORDS: Record<FlameMeasure, string> = {
  netBytes: "net bytes",
  totalBytes: "bytes allocated ever",
  liveObjects: "live objects",
  allocs: "allocations",
};
const WINDOW_WORDS: Record<FlameMeasure, string> = {
  ...WORDS,
  netBytes: "net growth",
  totalBytes: "bytes allocated in the window",
  liveObjects: "growth in live objects",
  allocs: "allocations in the window",
};

interface FlamePanelProps {
  readonly account: Account;
  readonly nowS: number;
  readonly viewChoice: ComponentChildren;
}

export function FlamePanel({ account, nowS, viewChoice }: FlamePanelProps) {
  const { window, task } = view.value;
  const isWhole = window === null;
  const [measure, setMeasure] = useState<FlameMeasure>("netBytes");
  const words = isWhole ? WORDS : WINDOW_WORDS;
  useInside(isWhole);
  // Where no stack was taken there is nothing to ask of a window: the server would refuse, and the browser log it.
  const isTaken = account.stacks !== undefined;
  const part = useWindow(isTaken ? window : null, nowS, `by=stack&order=${measure}`);
  const answer: Answer<readonly FlameStack[]> = isWhole ? inside.value.stacks : isTaken ? stacksIn(part) : NONE_TAKEN;
  const [wanted, setPath] = useState<readonly string[]>([]);
  const [pointed, setPointed] = useState<FlameNode | null>(null);
  const listed = answer.state === "known" ? answer.value : undefined;
  const shown = useFlameCallers(account);
  const rows = useMemo(
    () => (listed === undefined || shown === undefined ? listed : stacksOf(listed, shown.rows)),
    [listed, shown?.rows],
  );
  const root = useMemo(() => flameTreeOf(rows ?? [], measure), [rows, measure]);
  const path = useMemo(() => (flameNodeAt(root, wanted) === undefined ? [] : wanted), [root, wanted]);
  const isThere = listed !== undefined && listed.length > 0;
  const isDrawn = isThere && root.value > 0;
  const about = account.exact ? "" : "≈";
  const figure = (value: number) =>
    measure === "netBytes" || measure === "totalBytes" ? humanBytes(value) : formatCount(value);
  const describe = (node: FlameNode) =>
    `${node.name}: ${about}${figure(node.value)}, ${shareOf(node.value, root.value)} of ${words[measure]}`;
  return (
    <section class="callers" aria-label="Flame graph">
      <div class="section-head">
        <h2>Callers</h2>
        {viewChoice}
        <label class="choice" hidden={!isThere}>
          <span class="visually-hidden">What the flame graph shows</span>
          <select
            value={measure}
            data-testid="flame-measure"
            onChange={({ currentTarget }) =>
              setMeasure(FLAME_MEASURES.find((known) => known === currentTarget.value) ?? "netBytes")
            }
          >
            {FLAME_MEASURES.map((name) => (
              <option key={name} value={name}>
                {words[name]}
              </option>
            ))}
          </select>
        </label>
        {path.length > 0 && (
          <button type="button" class="chip" onClick={() => setPath([])}>
            All stacks
          </button>
        )}
        <p class="callers-count" data-testid="flame-count">
          {rows === undefined ? "" : countOf(rows.length, listed?.length ?? 0)}
        </p>
      </div>
      {isThere && (task !== null || shown !== undefined) && (
        <FlameNotes isOfTask={task !== null} listed={shown === undefined ? 0 : listed.length} />
      )}
      {!isWhole && isThere && part.state === "known" && (
        <FlameWindow answer={part.value} shown={shown?.rows} measure={measure} />
      )}
      {isDrawn ? (
        <>
          <p class="flame-facts" data-testid="flame-facts" aria-live="polite">
            {describe(pointed ?? flameNodeAt(root, path) ?? root)}
          </p>
          <FlameGraph root={root} path={path} describe={describe} onZoom={setPath} onPoint={setPointed} />
        </>
      ) : (
        <p class="callers-empty">
          {!isThere
            ? whyNone(answer, isWhole || !isTaken)
            : rows?.length === 0
              ? nothingShown(shown)
              : nothingOf(measure, isWhole)}
        </p>
      )}
    </section>
  );
}

/** Stacks are listed, but none that the filter shows. */
function nothingShown(shown: FlameCallers | undefined): string {
  return shown?.rows.length === 0
    ? `${shown.nothing}.`
    : "No stack that is listed is of a caller that the filter shows.";
}

function countOf(shown: number, listed: number): string {
  return shown === listed ? plural(listed, "stack") : `${formatCount(shown)} of ${plural(listed, "stack")}`;
}

const NONE_TAKEN: Answer<never[]> = { state: "known", value: [] };

function stacksIn(answer: Answer<WindowAnswer>): Answer<readonly FlameStack[]> {
  return answer.state === "known" ? { state: "known", value: answer.value.stacks ?? [] } : answer;
}

/** There are stacks, but nothing to draw of them. */
function nothingOf(measure: FlameMeasure, isWhole: boolean): string {
  if (measure !== "netBytes" && measure !== "liveObjects") return "No stack allocated in this window.";
  return isWhole ? "Nothing is held that a stack allocated." : "No stack holds more than at the window's beginning.";
}

function whyNone(stacks: Answer<unknown>, isOfRun: boolean): string {
  switch (stacks.state) {
    case "failed":
      return `No stacks: ${stacks.why}`;
    case "known":
      return isOfRun
        ? "No stack was taken. Start kmemtap with --stacks, and the kernel says who called whom at each allocation."
        : "No stack allocated, and none's objects were freed, between the moments that are kept nearest to this window.";
    case "none":
    case "asked":
      return "Asking for the stacks …";
  }
}
