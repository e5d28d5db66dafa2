/** The part of an account that one directory of the source holds, as trace_analyze's --start-branch had it. */
import type { CallerRow, Snapshot } from "../model/snapshot.ts";
import { UNATTRIBUTED } from "../model/source-tree.ts";
import { totalsOf } from "../model/totals-of.ts";

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
