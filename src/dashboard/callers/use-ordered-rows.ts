import { useMemo, useRef } from "preact/hooks";
import type { CallerRow } from "../../model/snapshot.ts";
import { type CallerFilter, filterCallers, isFiltering } from "./filter-callers.ts";
import { type Sort, keepOrder, sortCallers } from "./order-callers.ts";

/**
 * The table's rows. While `held`, rows keep their places and only their numbers change; another filter, sort order, run
 * or window orders them anew all the same, because that is what the viewer asked for.
 */
export function useOrderedRows(
  callers: ReadonlyMap<string, CallerRow>,
  key: string,
  filter: CallerFilter,
  sort: Sort,
  held: boolean,
): readonly CallerRow[] {
  const shown = useRef<{ rows: readonly CallerRow[]; question: string }>({ rows: [], question: "" });
  return useMemo(() => {
    const question = JSON.stringify([key, filter, sort]);
    const isSame = shown.current.question === question;
    // Whether a row is of a directory may turn out later: what is filtered is filtered anew.
    const kept =
      isSame && (held || !isFiltering(filter)) ? keepOrder(shown.current.rows, callers, filter, sort) : undefined;
    // Rows that are nearly in order already are sorted in a fraction of the time: few change places between two updates.
    const rows = held && kept !== undefined ? kept : sortCallers(kept ?? filterCallers(callers.values(), filter), sort);
    shown.current = { rows, question };
    return rows;
  }, [callers, key, filter, sort, held]);
}
