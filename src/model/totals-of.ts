import type { CallerRow, Totals } from "./snapshot.ts";

/** What all of them come to; they reached their peaks at different times: that of their sum nobody noted. */
export function totalsOf(rows: readonly CallerRow[]): Totals {
  return { ...sumsOf(rows), peakNetBytes: 0 };
}

/** The same of what has no peak. */
export function sumsOf(rows: readonly CallerRow[]): Omit<Totals, "peakNetBytes"> {
  const sums = {
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
  for (const row of rows) for (const figure of Object.keys(sums) as (keyof typeof sums)[]) sums[figure] += row[figure];
  return { ...sums, callSites: rows.length };
}
