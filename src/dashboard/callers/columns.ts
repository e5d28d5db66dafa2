/** The columns of the callers' table: what each shows and sorts by. */
import type { CallerRow } from "../../model/snapshot.ts";
import { impliedInWindow } from "../window/implied-in-window.ts";
import { impliedKnown } from "../format/implied-known.ts";
import { peaksKnown } from "../format/peaks-known.ts";
import { account } from "../watch/watch.ts";
import { recent } from "../watch/seen.ts";
import { ages } from "./ages.ts";

export type ColumnId =
  "caller" | "net" | "share" | "waste" | "total" | "peak" | "live" | "allocs" | "frees" | "implied" | "age" | "idle";

export interface Column {
  readonly id: ColumnId;
  readonly label: string;
  readonly hint: string;
  readonly kind: "text" | "bytes" | "share" | "count" | "span" | "seconds";
  readonly value: (row: CallerRow) => number;
  /** False for a row of which the value is not known; absent where it always is. */
  readonly known?: (row: CallerRow) => boolean;
  /** Why it is not known; absent where the mode is why. */
  readonly unknown?: string;
  /** A change: with its sign. */
  readonly signed?: boolean;
}

/** Of the whole trace, of what happened between two moments of it, or of one task's part. */
export type ScopeKind = "whole" | "window" | "task";

export const COLUMNS: readonly Column[] = [
  { id: "caller", label: "caller", hint: "the call site that allocated", kind: "text", value: () => 0 },
  { id: "net", label: "net", hint: "bytes allocated now", kind: "bytes", value: (row) => row.netBytes },
  { id: "share", label: "% of net", hint: "its part of all net bytes", kind: "share", value: (row) => row.netBytes },
  {
    id: "waste",
    label: "waste",
    hint: "allocated now less requested",
    kind: "bytes",
    value: (row) => row.wasteBytes,
  },
  { id: "total", label: "total", hint: "bytes allocated ever", kind: "bytes", value: (row) => row.totalBytes },
  {
    id: "peak",
    label: "peak net",
    hint: "the most it held at once",
    kind: "bytes",
    value: (row) => row.peakNetBytes,
    known: peaksKnown,
  },
  {
    id: "live",
    label: "live",
    hint: "objects allocated and not freed",
    kind: "count",
    value: (row) => row.liveObjects,
  },
  { id: "allocs", label: "allocs", hint: "allocations", kind: "count", value: (row) => row.allocs },
  {
    id: "frees",
    label: "frees",
    hint: "frees of its allocations, whoever freed them",
    kind: "count",
    value: (row) => row.frees,
  },
  {
    id: "implied",
    label: "implied",
    hint: "implied frees: addresses allocated again without a free being seen",
    kind: "count",
    value: (row) => row.impliedFrees,
    known: (row) => impliedKnown(account.value?.target.mode, row),
  },
  {
    id: "age",
    label: "age",
    hint: "about half of its live objects are younger than this, an estimate: its memory is old, or comes and goes",
    kind: "span",
    value: ({ callSite }) => ages.value?.get(callSite) ?? -1,
    known: ({ callSite }) => ages.value?.has(callSite) === true,
    unknown: "nothing of it is alive, or followed",
  },
  {
    id: "idle",
    label: "idle since",
    hint: "its last allocation or free, as this page saw it: what holds memory and has not moved for long",
    kind: "seconds",
    value: (row) => recent.activeAt(row.callSite).seconds,
  },
];

const OF_WINDOW: Partial<Record<ColumnId, Partial<Column>>> = {
  net: { label: "net change", hint: "bytes allocated less bytes freed in the window", signed: true },
  share: { label: "of change", hint: "its part of the net change" },
  total: { hint: "bytes allocated in the window" },
  live: { label: "live change", hint: "live objects at the window's end less those at its beginning", signed: true },
  allocs: { hint: "allocations in the window" },
  frees: { hint: "frees in the window" },
  implied: {
    hint: "implied frees in the window: addresses allocated again without a free being seen",
    known: (row) => impliedInWindow(account.value, row),
    unknown: "not known: allocations of it were not followed, or the mode does not tell",
  },
};
/** What is not known between two moments. */
const NOT_OF_WINDOW: ReadonlySet<ColumnId> = new Set(["waste", "peak", "age", "idle"]);

const WINDOW_COLUMNS: readonly Column[] = COLUMNS.filter(({ id }) => !NOT_OF_WINDOW.has(id)).map((column) => ({
  ...column,
  ...OF_WINDOW[column.id],
}));

/** What is known of a caller alone, not of one task's part of it. */
const NOT_OF_TASK: ReadonlySet<ColumnId> = new Set(["age", "idle"]);
const TASK_COLUMNS: readonly Column[] = COLUMNS.filter(({ id }) => !NOT_OF_TASK.has(id)).map((column) =>
  column.id === "share" ? { ...column, label: "% of task", hint: "its part of the task's net bytes" } : column,
);
const AGELESS_COLUMNS: readonly Column[] = COLUMNS.filter(({ id }) => id !== "age");

/** @param hasAges lifetimes are kept */
export function columnsOf(kind: ScopeKind, hasAges: boolean): readonly Column[] {
  if (kind === "window") return WINDOW_COLUMNS;
  if (kind === "task") return TASK_COLUMNS;
  return hasAges ? COLUMNS : AGELESS_COLUMNS;
}
