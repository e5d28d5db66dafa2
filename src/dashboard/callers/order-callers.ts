/** Which callers the table shows, and in what order. Pure: the table holds the order, this makes it. */
import type { CallerRow } from "../../model/snapshot.ts";
import { COLUMNS, type ColumnId } from "./columns.ts";
import { type CallerFilter, filterCallers } from "./filter-callers.ts";

export interface Sort {
  readonly column: ColumnId;
  readonly descending: boolean;
}

export const BY_NET = { column: "net", descending: true } as const;

/** What a table is sorted by that may not have the chosen column: of a window there are fewer than of the whole. */
export function sortAmong<S extends { readonly column: string }>(
  columns: readonly { readonly id: string }[],
  sort: S,
): S | typeof BY_NET {
  return columns.some(({ id }) => id === sort.column) ? sort : BY_NET;
}

/** A click on a header: the other way round when it sorts already; names begin at A, numbers at the greatest. */
export function nextSort(sort: Sort, column: ColumnId): Sort {
  if (sort.column === column) return { column, descending: !sort.descending };
  return { column, descending: column !== "caller" };
}

/** The callers that the filter lets through, sorted; ties by caller. */
export function orderCallers(callers: Iterable<CallerRow>, filter: CallerFilter, sort: Sort): CallerRow[] {
  return sortCallers(filterCallers(callers, filter), sort);
}

/** Sorts the rows themselves; ties by caller. */
export function sortCallers(rows: CallerRow[], sort: Sort): CallerRow[] {
  const sign = sort.descending ? -1 : 1;
  if (sort.column === "caller") return rows.sort((a, b) => sign * compareCallers(a, b));
  const value = COLUMNS.find(({ id }) => id === sort.column)?.value ?? (() => 0);
  return rows.sort((a, b) => sign * (value(a) - value(b)) || compareCallers(a, b));
}

/**
 * The same rows in the order they were shown in, with their present values; callers that are new come last, ordered
 * among themselves. For while somebody reads.
 */
export function keepOrder(
  shown: readonly CallerRow[],
  callers: ReadonlyMap<string, CallerRow>,
  filter: CallerFilter,
  sort: Sort,
): CallerRow[] {
  const rows = shown.flatMap(({ callSite }) => callers.get(callSite) ?? []);
  // All of them, mostly: nothing is new.
  if (rows.length === callers.size) return rows;
  const kept = new Set(rows.map(({ callSite }) => callSite));
  // A row never vanishes within a run, and the filter is the same: no more rows, no new ones to look for.
  const others: CallerRow[] = [];
  for (const [callSite, row] of callers) if (!kept.has(callSite)) others.push(row);
  return others.length === 0 ? rows : rows.concat(orderCallers(others, filter, sort));
}

/** By code unit, as the server orders ties: `localeCompare` of thousands of rows ten times a second is too slow. */
function compareCallers(a: CallerRow, b: CallerRow): number {
  return a.caller < b.caller ? -1 : a.caller > b.caller ? 1 : 0;
}
