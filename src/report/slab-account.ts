/**
 * The layout of the /proc/slab_account patch: cumulative, with each free charged to the call site that freed.
 *
 * The patch counts calls in the kernel and cannot know which allocation a free ends, so this file counts frees by the
 * freeing caller too, matched or not, and callers that only free have rows of their own.
 */
import { byCaller, callerOf } from "../model/caller.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { column, formatRow } from "./account-file.ts";
import type { OrderBy } from "./order.ts";

/** What every such file begins with. */
export const SLAB_ACCOUNT_BEGINNING = "total bytes allocated: ";

interface SlabRow {
  callSite: string;
  caller: string;
  totalBytes: number;
  requestedBytes: number;
  allocs: number;
  frees: number;
}

const slackOf = (row: SlabRow) => row.totalBytes - row.requestedBytes;

/** The patch knows no net: the orders by what is alive fall back to what they grew from. */
const VALUE: Readonly<Record<OrderBy, (row: SlabRow) => number>> = {
  current_dynamic: (row) => row.totalBytes,
  total_dynamic: (row) => row.totalBytes,
  alloc_count: (row) => row.allocs,
  free_count: (row) => row.frees,
  waste: slackOf,
};

export function formatSlabAccount(
  { callers }: Snapshot,
  freeingCallSites: ReadonlyMap<string, number>,
  orderBy: OrderBy,
): string {
  const rows = mergeRows(callers, freeingCallSites);
  const value = VALUE[orderBy];
  rows.sort((a, b) => value(b) - value(a) || byCaller(a, b));
  const sum = (of: (row: SlabRow) => number) =>
    column(
      rows.reduce((total, row) => total + of(row), 0),
      8,
    );
  const lines = [
    `${SLAB_ACCOUNT_BEGINNING}${sum((row) => row.totalBytes)}`,
    `total bytes requested: ${sum((row) => row.requestedBytes)}`,
    `slack bytes allocated: ${sum(slackOf)}`,
    `number of allocs:      ${sum((row) => row.allocs)}`,
    `number of frees:       ${sum((row) => row.frees)}`,
    `number of callers:     ${column(rows.length, 8)}`,
    "",
    "   total    slack      req alloc/free  caller",
    ...rows.map((row) =>
      formatRow([row.totalBytes, slackOf(row), row.requestedBytes], row.allocs, row.frees, row.caller),
    ),
  ];
  return lines.join("\n") + "\n";
}

function mergeRows(callers: Snapshot["callers"], freeingCallSites: ReadonlyMap<string, number>): SlabRow[] {
  const rows = callers.map(({ callSite, caller, totalBytes, requestedBytes, allocs }) => ({
    callSite,
    caller,
    totalBytes,
    requestedBytes,
    allocs,
    frees: freeingCallSites.get(callSite) ?? 0,
  }));
  const allocating = new Set(callers.map((row) => row.callSite));
  for (const [callSite, frees] of freeingCallSites) {
    if (allocating.has(callSite)) continue;
    rows.push({ callSite, caller: callerOf(callSite), totalBytes: 0, requestedBytes: 0, allocs: 0, frees });
  }
  return rows;
}
