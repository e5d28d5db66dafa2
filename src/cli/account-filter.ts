import type { AccountFilter } from "../model/snapshot.ts";

/** `--malloc` and `--cache`; both together say what neither says: everything, as in trace_analyze. */
export function filterOf({ malloc, cache }: { malloc?: true; cache?: true }): AccountFilter {
  if (malloc === cache) return "all";
  return malloc === true ? "malloc" : "cache";
}
