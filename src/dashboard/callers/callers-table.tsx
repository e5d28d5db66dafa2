/** Who holds memory: thousands of rows at ten updates a second, of which only those in sight are drawn. */
import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { CallerRow } from "../../model/snapshot.ts";
import { changeView, toggleRow, view } from "../view/view-store.ts";
import type { Scope } from "../window/scope.ts";
import { ages, useAges } from "./ages.ts";
import { WholeContext } from "./caller-row.tsx";
import { CallersToolbar } from "./callers-toolbar.tsx";
import { columnsOf } from "./columns.ts";
import { isFiltering } from "./filter-callers.ts";
import { Gap } from "./gap.tsx";
import { nextSort, sortAmong } from "./order-callers.ts";
import { RowDetails } from "./row-details.tsx";
import { rowForKey } from "./row-keys.ts";
import { TableHead } from "./table-head.tsx";
import { useOrderedRows } from "./use-ordered-rows.ts";
import { useRowElements } from "./use-row-elements.tsx";
import { useReading } from "./use-reading.ts";
import { HEAD_HEIGHT, ROW_HEIGHT, useVirtualRows } from "./use-virtual-rows.ts";

/** As in styles/details.css. */
const DETAIL_HEIGHT = matchMedia("(max-width: 819px)").matches ? 336 : 266;

interface CallersTableProps {
  readonly scope: Scope;
  readonly viewChoice: ComponentChildren;
}

export function CallersTable({ scope, viewChoice }: CallersTableProps) {
  const { filter, sort: chosen, open } = view.value;
  useAges();
  const columns = columnsOf(scope.kind, ages.value !== undefined);
  const sort = sortAmong(columns, chosen);
  const { reading, focus, onScroll, handlers } = useReading();
  const rows = useOrderedRows(scope.callers, scope.key, filter, sort, reading);

  const [focused, setFocused] = useState<string | null>(null);
  const focusedIndex = focused === null ? -1 : rows.findIndex(({ callSite }) => callSite === focused);
  const taller = useMemo(
    () => (open.length === 0 ? [] : rows.flatMap(({ callSite }, index) => (open.includes(callSite) ? [index] : []))),
    [rows, open],
  );
  const { scroller, virtualizer } = useVirtualRows({
    count: rows.length,
    pinned: focusedIndex,
    taller,
    tallerBy: DETAIL_HEIGHT,
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
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      toggleRow(event.target.dataset["callSite"]);
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

  const greatestNet = useMemo(() => greatest(scope.callers.values()), [scope.callers]);
  const { netBytes } = scope.totals;
  const whole = useMemo(() => ({ netBytes, greatestNet }), [netBytes, greatestNet]);
  const elements = useRowElements();
  const tabbable = Math.max(0, focusedIndex);
  return (
    <section class="callers" aria-label="Callers">
      <CallersToolbar
        viewChoice={viewChoice}
        rows={rows}
        all={scope.callers.size}
        netBytes={netBytes}
        isWindow={scope.kind === "window"}
        filtered={isFiltering(filter)}
        held={reading}
        byFocus={focus}
      />
      <div class="callers-scroll" ref={scroller} onScroll={onScroll}>
        <table data-testid="callers" aria-rowcount={rows.length + 1} aria-label="Callers">
          <colgroup>
            {columns.map(({ id }) => (
              <col key={id} class={`col-${id}`} />
            ))}
          </colgroup>
          <TableHead columns={columns} sort={sort} onSort={(column) => changeView({ sort: nextSort(sort, column) })} />
          <tbody
            {...handlers}
            onKeyDown={onKeyDown}
            onFocusCapture={(event) => setFocused((event.target as HTMLElement).dataset["callSite"] ?? null)}
          >
            <WholeContext.Provider value={whole}>{drawnRows()}</WholeContext.Provider>
          </tbody>
        </table>
        {rows.length === 0 && (
          <p class="callers-empty">{isFiltering(filter) ? "No call site matches the filter" : scope.nothing}</p>
        )}
      </div>
    </section>
  );

  /** The rows that exist, and empty ones as tall as those that do not. */
  function drawnRows(): JSX.Element[] {
    const drawn: JSX.Element[] = [];
    const element = elements();
    let end = HEAD_HEIGHT;
    for (const item of virtualizer.getVirtualItems()) {
      const row = rows.at(item.index);
      if (row === undefined) continue;
      if (item.start > end)
        drawn.push(
          <Gap
            key={`gap-${drawn.length === 0 ? "top" : "middle"}`}
            columns={columns.length}
            height={item.start - end}
          />,
        );
      drawn.push(
        element({
          ...{ columns, row, index: item.index },
          isOpen: open.includes(row.callSite),
          tabbable: item.index === tabbable,
        }),
      );
      if (open.includes(row.callSite))
        drawn.push(
          <tr key={`about ${row.callSite}`} class="detail-row">
            <td colSpan={columns.length}>
              <RowDetails row={row} scope={scope} onClose={() => toggleRow(row.callSite)} />
            </td>
          </tr>,
        );
      end = item.end;
    }
    const rest = HEAD_HEIGHT + virtualizer.getTotalSize() - end;
    if (rest > 0) drawn.push(<Gap key="gap-bottom" columns={columns.length} height={rest} />);
    return drawn;
  }
}

function greatest(callers: Iterable<CallerRow>): number {
  let net = 0;
  for (const row of callers) net = Math.max(net, Math.abs(row.netBytes));
  return net;
}
