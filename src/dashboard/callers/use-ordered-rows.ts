import { useMemo, useRef } from "preact/hooks";
import type { CallerRow } from "../../model/snapshot.ts";
import type { CallerFilter } from "./filter-callers.ts";
import { type Sort, keepOrder, orderCallers } from "./order-callers.ts";

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
    const keep = held && shown.current.question === question;
    const rows = keep
      ? keepOrder(shown.current.rows, callers, filter, sort)
      : orderCallers(callers.values(), filter, sort);
    shown.current = { rows, question };
    return rows;
  }, [callers, key, filter, sort, held]);
}
