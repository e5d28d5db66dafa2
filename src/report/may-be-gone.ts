/** What a table of an account says of objects that look alive, but may be gone by frees that raised no event. */
import type { CallerRow, Snapshot } from "../model/snapshot.ts";

type Doubted = Pick<CallerRow, "doubtfulObjects" | "liveObjects">;

/** `up to 659 of 659` of a row's live objects. */
export function upTo({ doubtfulObjects = 0, liveObjects }: Doubted): string {
  return `up to ${String(doubtfulObjects)} of ${String(liveObjects)}`;
}

/** Behind a row's name; "" where nothing is in doubt, or nobody can tell. */
export function goneMark(row: Doubted): string {
  return (row.doubtfulObjects ?? 0) === 0 ? "" : `  (${upTo(row)} gone)`;
}

/**
 * Bytes of what these rows hold that may be gone, at most. Callers of one size share what the slabs lack of it, and each
 * is marked with all: their sum is bounded by what /proc/slabinfo lacks, where it was read.
 */
export function bytesMaybeGone({ callers, reconciliation }: Pick<Snapshot, "callers" | "reconciliation">): number {
  const marked = callers.reduce((sum, { doubtfulBytes = 0 }) => sum + doubtfulBytes, 0);
  return Math.min(marked, reconciliation?.hiddenBytes ?? marked);
}
