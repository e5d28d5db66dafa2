/** One figure for how old a caller's live objects are. */

/** What is taken of kmemtap.lives/1. */
interface Lives {
  readonly callers: readonly {
    readonly callSite: string;
    readonly ages: { readonly medianS: number | null };
  }[];
}

/** Seconds that about half of a caller's live objects are younger than, by call site; of none that holds nothing. */
export function agesOf({ callers }: Lives): ReadonlyMap<string, number> {
  const ages = new Map<string, number>();
  for (const { callSite, ages: of } of callers) {
    if (of.medianS !== null) ages.set(callSite, of.medianS);
  }
  return ages;
}
