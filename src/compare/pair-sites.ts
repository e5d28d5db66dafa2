/** The call sites of one function in two builds of it. */
import type { DiffSite } from "../model/diff.ts";
import { functionOf } from "../model/function-name.ts";
import type { CallerRow } from "../model/snapshot.ts";

/**
 * Sites whose text is equal are the same; then those whose offset is. Of what is left nobody can tell which is which, unless
 * both have as many: a build moves the calls of a function, and seldom changes their order.
 */
export function pairSites(a: readonly CallerRow[], b: readonly CallerRow[]): DiffSite[] {
  const pairs: (readonly [CallerRow | undefined, CallerRow | undefined])[] = [];
  let [left, right] = [[...a], [...b]];
  for (const key of ["callSite", "caller"] as const) {
    const byKey = new Map(right.map((row) => [row[key], row]));
    const unpaired: CallerRow[] = [];
    for (const row of left) {
      const same = byKey.get(row[key]);
      if (same === undefined) unpaired.push(row);
      else {
        pairs.push([row, same]);
        byKey.delete(row[key]);
        right = right.filter((other) => other !== same);
      }
    }
    left = unpaired;
  }
  left.sort(byOffset);
  right.sort(byOffset);
  if (left.length === right.length) for (const [i, row] of left.entries()) pairs.push([row, right[i]]);
  else pairs.push(...left.map((row) => [row, undefined] as const), ...right.map((row) => [undefined, row] as const));
  return pairs.map(([one, other]) => ({
    a: one?.caller ?? null,
    b: other?.caller ?? null,
    netBytes: (other?.netBytes ?? 0) - (one?.netBytes ?? 0),
    liveObjects: (other?.liveObjects ?? 0) - (one?.liveObjects ?? 0),
  }));
}

function byOffset(a: CallerRow, b: CallerRow): number {
  return (functionOf(a.callSite).offset ?? 0) - (functionOf(b.callSite).offset ?? 0);
}
