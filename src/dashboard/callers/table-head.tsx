import type { Column, ColumnId } from "./columns.ts";
import type { Sort } from "./order-callers.ts";

interface HeadProps {
  readonly columns: readonly Column[];
  readonly sort: Sort;
  readonly onSort: (column: ColumnId) => void;
}

export function TableHead({ columns, sort, onSort }: HeadProps) {
  return (
    <thead>
      <tr aria-rowindex={1}>
        {columns.map(({ id, label, hint }) => {
          const sorted = sort.column === id;
          const direction = sort.descending ? "descending" : "ascending";
          return (
            <th
              key={id}
              scope="col"
              class={id === "caller" ? "caller" : undefined}
              aria-sort={sorted ? direction : "none"}
              data-column={id}
            >
              <button type="button" class="sort" title={hint} onClick={() => onSort(id)}>
                {label}
                <span class="sort-sign" aria-hidden="true">
                  {sorted ? (sort.descending ? "▾" : "▴") : ""}
                </span>
              </button>
            </th>
          );
        })}
      </tr>
    </thead>
  );
}
