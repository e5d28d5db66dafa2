/** What the server says of a window, as rows. Pure. */
import type { CallerRow } from "./snapshot.ts";

/** Of one caller, between two moments. */
export interface WindowCaller {
  readonly callSite: string;
  readonly caller: string;
  /** A change: negative where more was freed than allocated. */
  readonly netBytes: number;
  readonly totalBytes: number;
  readonly allocs: number;
  readonly frees: number;
  readonly liveObjects: number;
}

/**
 * Rows as the table has them. What is not known between two moments is nought, and shown nowhere of a window: what was requested, waste,
 * peaks. `impliedFrees` are the allocations that are neither freed nor alive: of a caller that has hidden or untracked ones these too.
 */
export function windowRows(
  callers: readonly WindowCaller[],
  live: ReadonlyMap<string, CallerRow>,
): ReadonlyMap<string, CallerRow> {
  const rows = new Map<string, CallerRow>();
  for (const { callSite, caller, netBytes, totalBytes, allocs, frees, liveObjects } of callers) {
    const known = live.get(callSite);
    rows.set(callSite, {
      callSite,
      caller,
      allocs,
      frees,
      impliedFrees: allocs - frees - liveObjects,
      totalBytes,
      requestedBytes: 0,
      netBytes,
      netRequestedBytes: 0,
      wasteBytes: 0,
      peakNetBytes: 0,
      liveObjects,
      ...(known?.source && { source: known.source }),
      ...(known?.wrapper && { wrapper: known.wrapper }),
    });
  }
  return rows;
}
