/** Who holds memory: thousands of rows at ten updates a second, of which only those in sight are drawn. */
import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { CallerRow } from "../../model/snapshot.ts";
import type { Account } from "../state/page-state.ts";
import { CallerRowView } from "./caller-row.tsx";
import { CallersToolbar } from "./callers-toolbar.tsx";
import { COLUMNS } from "./columns.ts";
import { type Sort, nextSort } from "./order-callers.ts";
import { rowForKey } from "./row-keys.ts";
import { TableHead } from "./table-head.tsx";
import { useOrderedRows } from "./use-ordered-rows.ts";
import { useReading } from "./use-reading.ts";
import { useVirtualRows } from "./use-virtual-rows.ts";

/** As in styles/callers.css. Fingers need more room than a mouse. */
const ROW_HEIGHT = matchMedia("(pointer: coarse)").matches ? 36 : 26;
const HEAD_HEIGHT = 30;

interface CallersTableProps {
  readonly account: Account;
  readonly viewChoice: ComponentChildren;
}

export function CallersTable({ account, viewChoice }: CallersTableProps) {
  const [filter, setFilter] = useState("");
  const [sort, setSort] = useState<Sort>({ column: "net", descending: true });
  const { reading, focus, handlers } = useReading();
  const rows = useOrderedRows(account.callers, account.source.run, filter, sort, reading);

  const [focused, setFocused] = useState<string | null>(null);
  const focusedIndex = focused === null ? -1 : rows.findIndex(({ callSite }) => callSite === focused);
  const { scroller, virtualizer } = useVirtualRows({
    count: rows.length,
    rowHeight: ROW_HEIGHT,
    headHeight: HEAD_HEIGHT,
    pinned: focusedIndex,
  });

  // A row that was out of sight exists only after the next render: the focus follows it then.
  const focusNext = useRef<string | null>(null);
  useLayoutEffect(() => {
    if (focusNext.current === null) return;
    const row = scroller.current?.querySelector<HTMLElement>(`[data-call-site="${CSS.escape(focusNext.current)}"]`);
    if (!row) return;
    focusNext.current = null;
    row.focus({ preventScroll: true });
  });

  function onKeyDown(event: KeyboardEvent): void {
    if (!(event.target instanceof HTMLElement) || event.target.dataset["callSite"] === undefined) return;
    if (event.key === "Escape") {
      event.target.blur();
      return;
    }
    const page = Math.max(1, Math.floor(((scroller.current?.clientHeight ?? 0) - HEAD_HEIGHT) / ROW_HEIGHT) - 1);
    const to = rowForKey(event.key, Number(event.target.dataset["index"]), rows.length, page);
    if (to === null) return;
    event.preventDefault();
    focusNext.current = rows[to].callSite;
    setFocused(rows[to].callSite);
    virtualizer.scrollToIndex(to, { align: "auto" });
  }

  const greatestNet = useMemo(() => greatest(account.callers.values()), [account.callers]);
  const tabbable = Math.max(0, focusedIndex);
  return (
    <section class="callers" aria-label="Callers">
      <CallersToolbar
        viewChoice={viewChoice}
        rows={rows}
        all={account.callers.size}
        netBytes={account.totals.netBytes}
        filter={filter}
        onFilter={setFilter}
        held={reading}
        byFocus={focus}
      />
      <div class="callers-scroll" ref={scroller}>
        <table data-testid="callers" aria-rowcount={rows.length + 1} aria-label="Callers">
          <colgroup>
            {COLUMNS.map(({ id }) => (
              <col key={id} class={`col-${id}`} />
            ))}
          </colgroup>
          <TableHead sort={sort} onSort={(column) => setSort(nextSort(sort, column))} />
          <tbody
            {...handlers}
            onKeyDown={onKeyDown}
            onFocusCapture={(event) => setFocused((event.target as HTMLElement).dataset["callSite"] ?? null)}
          >
            {drawnRows()}
          </tbody>
        </table>
        {rows.length === 0 && (
          <p class="callers-empty">{filter.trim() === "" ? "No allocation yet" : "No call site matches the filter"}</p>
        )}
      </div>
    </section>
  );

  /** The rows that exist, and empty ones as tall as those that do not. */
  function drawnRows(): JSX.Element[] {
    const drawn: JSX.Element[] = [];
    let end = HEAD_HEIGHT;
    for (const item of virtualizer.getVirtualItems()) {
      const row = rows.at(item.index);
      if (row === undefined) continue;
      if (item.start > end)
        drawn.push(<Gap key={`gap-${drawn.length === 0 ? "top" : "middle"}`} height={item.start - end} />);
      drawn.push(
        <CallerRowView
          key={row.callSite}
          row={row}
          index={item.index}
          netBytes={account.totals.netBytes}
          greatestNet={greatestNet}
          tabbable={item.index === tabbable}
        />,
      );
      end = item.end;
    }
    const rest = HEAD_HEIGHT + rows.length * ROW_HEIGHT - end;
    if (rest > 0) drawn.push(<Gap key="gap-bottom" height={rest} />);
    return drawn;
  }
}

function greatest(callers: Iterable<CallerRow>): number {
  let net = 0;
  for (const row of callers) net = Math.max(net, row.netBytes);
  return net;
}

function Gap({ height }: { readonly height: number }) {
  return (
    <tr class="gap" aria-hidden="true">
      <td colSpan={COLUMNS.length} style={{ height: `${height}px` }} />
    </tr>
  );
}
