/** One figure for how old a caller's live objects are. */

/** What is taken of kmemtap.lives/1. */
interface Lives {
  readonly callers: readonly {
    readonly callSite: string;
    readonly ages: { readonly medianS: number | null; readonly oldestS: number | null };
  }[];
}

/** Seconds that half of a caller's live objects are younger than, by call site; of none that holds nothing. */
export function agesOf({ callers }: Lives): ReadonlyMap<string, number> {
  const ages = new Map<string, number>();
  for (const { callSite, ages: of } of callers) {
    // The last step has no end; nor is any object older than the oldest.
    const age = Math.min(of.medianS ?? Infinity, of.oldestS ?? Infinity);
    if (age < Infinity) ages.set(callSite, age);
  }
  return ages;
}
