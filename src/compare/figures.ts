/** What is compared of a caller, a function, a directory, an account. */
import type { DiffFigures } from "../model/diff.ts";
import type { CallerRow } from "../model/snapshot.ts";

export const NO_FIGURES: DiffFigures = {
  netBytes: 0,
  liveObjects: 0,
  totalBytes: 0,
  wasteBytes: 0,
  allocs: 0,
  frees: 0,
};
const NAMES = Object.keys(NO_FIGURES) as (keyof DiffFigures)[];

export function sumOf(rows: readonly (CallerRow | DiffFigures)[]): DiffFigures {
  const sum = { ...NO_FIGURES };
  for (const row of rows) for (const name of NAMES) sum[name] += row[name];
  return sum;
}

/** What `b` has more than `a`. */
export function difference(a: DiffFigures, b: DiffFigures): DiffFigures {
  const delta = { ...NO_FIGURES };
  for (const name of NAMES) delta[name] = b[name] - a[name];
  return delta;
}
