/** The part that tasks have in the callers, as rows. Pure, without schemas. */
import type { CallerRow } from "./snapshot.ts";
import type { TaskRow } from "./tasks.ts";

const SUMS = [
  "allocs",
  "frees",
  "impliedFrees",
  "totalBytes",
  "requestedBytes",
  "netBytes",
  "netRequestedBytes",
  "wasteBytes",
  "liveObjects",
] as const;

/**
 * The callers of tasks as rows, with these tasks' amounts alone. Of several tasks together a peak is not known: 0.
 *
 * @param live rows of the whole account, which know their source
 */
export function callersOf(
  tasks: readonly TaskRow[],
  live: ReadonlyMap<string, CallerRow>,
): ReadonlyMap<string, CallerRow> {
  const rows = new Map<string, CallerRow>();
  for (const row of tasks.flatMap(({ callers }) => callers ?? [])) {
    const before = rows.get(row.callSite);
    const known = live.get(row.callSite);
    const sums = before && Object.fromEntries(SUMS.map((name) => [name, before[name] + row[name]]));
    rows.set(row.callSite, {
      ...row,
      ...(sums && { ...sums, peakNetBytes: 0 }),
      ...(known?.source && { source: known.source }),
      ...(known?.wrapper && { wrapper: known.wrapper }),
    });
  }
  return rows;
}

/** What is left of the callers without such a part of them; those of which nothing is left are not in it. Peaks are not known: 0. */
export function withoutPart(
  callers: readonly CallerRow[],
  part: readonly Pick<CallerRow, "callSite" | (typeof SUMS)[number]>[],
): CallerRow[] {
  const parts = new Map(part.map((row) => [row.callSite, row]));
  return callers.flatMap((row) => {
    const own = parts.get(row.callSite);
    if (own === undefined) return [row];
    if (own.allocs === row.allocs) return [];
    const rest = Object.fromEntries(SUMS.map((name) => [name, row[name] - own[name]]));
    return [{ ...row, ...rest, peakNetBytes: 0 }];
  });
}
