import type { Lives } from "../model/lives.ts";

/** Seconds that half of a caller's live objects are younger than, by call site; of none that holds nothing. */
export function agesOf(lives: Lives): ReadonlyMap<string, number>;
export function agesOf(lives: Lives | undefined): ReadonlyMap<string, number> | undefined;
export function agesOf(lives: Lives | undefined): ReadonlyMap<string, number> | undefined {
  if (lives === undefined) return undefined;
  const ages = new Map<string, number>();
  for (const { callSite, ages: of } of lives.callers) {
    // The last step has no end; nor is any object older than the oldest.
    const age = Math.min(of.medianS ?? Infinity, of.oldestS ?? Infinity);
    if (age < Infinity) ages.set(callSite, age);
  }
  return ages;
}
