interface HeadProps<Id extends string> {
  /** The first is that of the rows' names. */
  readonly columns: readonly { readonly id: Id; readonly label: string; readonly hint: string }[];
  readonly sort: { readonly column: Id; readonly descending: boolean };
  readonly onSort: (column: Id) => void;
}

export function TableHead<Id extends string>({ columns, sort, onSort }: HeadProps<Id>) {
  return (
    <thead>
      <tr aria-rowindex={1}>
        {columns.map(({ id, label, hint }, place) => {
          const sorted = sort.column === id;
          const direction = sort.descending ? "descending" : "ascending";
          return (
            <th
              key={id}
              scope="col"
              class={place === 0 ? "caller" : undefined}
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
