/** The part of an account that one directory of the source holds, as trace_analyze's --start-branch had it. */
import type { CallerRow, Snapshot, Totals } from "../model/snapshot.ts";
import { UNATTRIBUTED } from "../model/source-tree.ts";

/**
 * Callers of a directory or file, and their totals.
 *
 * @param branch from the kernel tree's root: `fs/ext4`, `mm/slub.c`, `(unattributed)`
 */
export function branchOf(snapshot: Snapshot, branch: string): Snapshot {
  const path = branch.replace(/^(?:\.?\/)+/, "").replace(/\/+$/, "");
  const callers = snapshot.callers.filter((row) => isIn(row, path));
  return { ...snapshot, branch: path, callers, totals: totalsOf(callers) };
}

function isIn({ source }: CallerRow, path: string): boolean {
  const file = source?.file ?? UNATTRIBUTED;
  return path === "" || path === "." || file === path || file.startsWith(`${path}/`);
}

function totalsOf(callers: readonly CallerRow[]): Totals {
  const totals = {
    allocs: 0,
    frees: 0,
    impliedFrees: 0,
    totalBytes: 0,
    requestedBytes: 0,
    netBytes: 0,
    netRequestedBytes: 0,
    wasteBytes: 0,
    liveObjects: 0,
  };
  for (const row of callers)
    for (const figure of Object.keys(totals) as (keyof typeof totals)[]) totals[figure] += row[figure];
  // Callers reach their peaks at different times: that of their sum nobody noted.
  return { ...totals, peakNetBytes: 0, callSites: callers.length };
}
