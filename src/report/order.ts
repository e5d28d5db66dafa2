import { byCaller } from "../model/caller.ts";
import type { AccountGroup, CallerRow } from "../model/snapshot.ts";

/** trace_analyze's names for what callers can be ordered by, largest first. */
export const ORDER_BY = ["current_dynamic", "total_dynamic", "alloc_count", "free_count", "waste"] as const;
export type OrderBy = (typeof ORDER_BY)[number];

/** What the command line calls them: as the tables' columns have it, or as trace_analyze has. */
export const ORDER_WORDS = {
  net: "current_dynamic",
  total: "total_dynamic",
  waste: "waste",
  allocs: "alloc_count",
  frees: "free_count",
  current_dynamic: "current_dynamic",
  total_dynamic: "total_dynamic",
  alloc_count: "alloc_count",
  free_count: "free_count",
} as const satisfies Readonly<Record<string, OrderBy>>;
type OrderWord = keyof typeof ORDER_WORDS;
export const ORDER_CHOICES = Object.keys(ORDER_WORDS) as readonly OrderWord[];

type Figures = Pick<CallerRow, "netBytes" | "totalBytes" | "allocs" | "frees" | "wasteBytes">;

const VALUE: Readonly<Record<OrderBy, (row: Figures) => number>> = {
  current_dynamic: (row) => row.netBytes,
  total_dynamic: (row) => row.totalBytes,
  alloc_count: (row) => row.allocs,
  free_count: (row) => row.frees,
  waste: (row) => row.wasteBytes,
};

/** What groups of callers are ordered by. */
export function groupsInOrder(groups: readonly AccountGroup[], orderBy: OrderBy): AccountGroup[] {
  const value = VALUE[orderBy];
  return [...groups].sort((a, b) => value(b) - value(a) || (a.name < b.name ? -1 : 1));
}

/** The rows in order; ties by caller, so that output is stable. */
export function orderCallers(callers: readonly CallerRow[], orderBy: OrderBy): CallerRow[] {
  const value = VALUE[orderBy];
  return [...callers].sort((a, b) => value(b) - value(a) || byCaller(a, b));
}
