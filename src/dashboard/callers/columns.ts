/** The columns of the callers' table: what each shows and sorts by. */
import type { CallerRow } from "../../model/snapshot.ts";
import { peaksKnown } from "../format/peaks-known.ts";
import { recent } from "../watch/seen.ts";

export type ColumnId =
  "caller" | "net" | "share" | "waste" | "total" | "peak" | "live" | "allocs" | "frees" | "implied" | "idle";

export interface Column {
  readonly id: ColumnId;
  readonly label: string;
  readonly hint: string;
  readonly kind: "text" | "bytes" | "share" | "count" | "seconds";
  readonly value: (row: CallerRow) => number;
  /** False for a row of which the value is not known; absent where it always is. */
  readonly known?: (row: CallerRow) => boolean;
  /** A change: with its sign. */
  readonly signed?: boolean;
}

/** Of the whole trace, or of what happened between two moments of it. */
export type ScopeKind = "whole" | "window";

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
  allocs: { hint: "allocations in the window" },
  frees: { hint: "frees in the window" },
};
/** What is not known between two moments. */
const NOT_OF_WINDOW: ReadonlySet<ColumnId> = new Set(["waste", "peak", "live", "implied", "idle"]);

const WINDOW_COLUMNS: readonly Column[] = COLUMNS.filter(({ id }) => !NOT_OF_WINDOW.has(id)).map((column) => ({
  ...column,
  ...OF_WINDOW[column.id],
}));

export function columnsOf(kind: ScopeKind): readonly Column[] {
  return kind === "whole" ? COLUMNS : WINDOW_COLUMNS;
}
