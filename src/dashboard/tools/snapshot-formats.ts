/** In which forms the server gives a snapshot, and what of the view it is asked for. Pure. */
import { WINDOW_WORDS } from "../../rings/attribute-words.ts";
import { wordsOf } from "../tasks/task-choice.ts";
import type { View } from "../view/view.ts";

export const FORMATS = [
  { extension: "json", says: "the whole account, kmemtap.snapshot/1" },
  { extension: "txt", says: "trace_analyze's account file" },
  { extension: "slab-account.txt", says: "cumulative, frees charged to who freed" },
  { extension: "csv", says: "a row a caller" },
  { extension: "svg", says: "the ring chart" },
  { extension: "png", says: "the ring chart as a picture" },
  { extension: "pb.gz", says: "a heap profile for pprof" },
] as const;

/** `kmemtap-2026-11-26T13-40-00.json` @param now wall clock */
export function nameOf(extension: string, now: Date): string {
  return `kmemtap-${now.toISOString().slice(0, 19).replaceAll(":", "-")}.${extension}`;
}

/** What a window does not tell enough for. */
const WHOLE_ONLY = ["txt", "slab-account.txt"];

type Shown = Pick<View, "filter" | "task" | "attribute" | "window">;

/** `?directory=fs&a=static`; empty where the view is the default one. */
export function queryOf(extension: string, { filter, task, attribute, window }: Shown): string {
  const words = new URLSearchParams();
  const put = (name: string, value: string) => {
    if (value.trim() !== "") words.append(name, value.trim());
  };
  put("text", filter.text);
  put("directory", filter.directory);
  put("module", filter.module);
  put("kind", filter.kind);
  if (task !== null) words.append(...wordsOf(task));
  const isOfWindow = window !== null && !WHOLE_ONLY.includes(extension);
  // The rings of a window are not of what is not known of it.
  const isKnown = !isOfWindow || WINDOW_WORDS[attribute] !== undefined;
  if (attribute !== "current_dynamic" && isKnown) put("a", attribute);
  if (isOfWindow) {
    words.append("from", `${window.min}`);
    words.append("to", `${window.max}`);
  }
  const text = words.toString();
  return text === "" ? "" : `?${text}`;
}
