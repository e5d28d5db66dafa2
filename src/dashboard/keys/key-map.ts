/** The keys of the whole page. Those of a part that has the focus (rows, rings, the timeline) are its own. */
import { PANELS } from "../view/view.ts";

export type Command =
  | "help"
  | "filter"
  | "pause"
  | "mark"
  | "share"
  | "snapshot"
  | "target"
  | "timeline"
  | "whole"
  | (typeof PANELS)[number];

export interface Key {
  readonly keys: readonly string[];
  readonly command: Command;
  readonly does: string;
}

export const KEYS: readonly Key[] = [
  { keys: ["?"], command: "help", does: "these keys" },
  { keys: ["/"], command: "filter", does: "filter the callers" },
  { keys: ["1"], command: "callers", does: "callers as a table" },
  { keys: ["2"], command: "rings", does: "as rings" },
  { keys: ["3"], command: "flame", does: "as a flame graph" },
  { keys: ["4"], command: "leaks", does: "what may be leaking" },
  { keys: ["5"], command: "workload", does: "what a workload left, round by round" },
  { keys: ["6"], command: "compare", does: "compare two moments or runs" },
  { keys: ["7"], command: "tasks", does: "whose they are: tasks" },
  { keys: ["p"], command: "pause", does: "hold still, or follow again" },
  { keys: ["m"], command: "mark", does: "write a mark into the timeline" },
  { keys: ["s"], command: "snapshot", does: "download a snapshot" },
  { keys: ["c"], command: "share", does: "copy a link to this view" },
  { keys: ["t"], command: "target", does: "the next target" },
  { keys: ["w"], command: "timeline", does: "to the timeline, to choose a window" },
  { keys: ["Escape"], command: "whole", does: "end the window" },
];

/** Keys of the parts, for the help. */
export const PART_KEYS: readonly { readonly part: string; readonly keys: readonly (readonly [string, string])[] }[] = [
  {
    part: "timeline",
    keys: [
      ["← →", "move the cursor; with Shift choose a window"],
      ["Home End", "to either end"],
      ["+ −", "narrow or widen the window"],
    ],
  },
  {
    part: "callers",
    keys: [
      ["↑ ↓ PgUp PgDn", "walk through the rows"],
      ["Enter", "open or close a row"],
      ["Esc", "leave the rows: their order is free again"],
    ],
  },
  {
    part: "tasks",
    keys: [
      ["↑ ↓ PgUp PgDn", "walk through the tasks"],
      ["Enter", "open a task's callers, or close them"],
    ],
  },
  {
    part: "rings and flame graph",
    keys: [
      ["arrow keys", "walk through the slices or frames"],
      ["Enter", "zoom in"],
      ["Esc", "zoom out"],
    ],
  },
];

interface Pressed {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

/** What a key means; null where it means nothing, or belongs to the browser. */
export function commandFor({ key, ctrlKey, metaKey, altKey }: Pressed): Command | null {
  if (ctrlKey || metaKey || altKey) return null;
  return KEYS.find(({ keys }) => keys.includes(key))?.command ?? null;
}
