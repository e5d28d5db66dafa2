import { createContext, type JSX } from "preact";
import { useContext } from "preact/hooks";
import type { CallerRow } from "../../model/snapshot.ts";
import { exactBytes, humanBytes, signedBytes } from "../format/bytes.ts";
import { formatCount, formatShare, signedCount } from "../format/count.ts";
import { formatSmallSpan } from "../format/small-span.ts";
import { ClippedName } from "../parts/clipped-name.tsx";
import { Quantity, QuantityCell } from "../parts/quantity.tsx";
import { ClockContext, Moment } from "../time/moment.tsx";
import { toggleRow } from "../view/view-store.ts";
import { recent } from "../watch/seen.ts";
import type { Column } from "./columns.ts";
import { wrapperHint } from "./describe-caller.ts";

export interface RowProps {
  readonly columns: readonly Column[];
  readonly row: CallerRow;
  readonly index: number;
  readonly isOpen: boolean;
  readonly tabbable: boolean;
  /** Its counts are others than when it was drawn last. */
  readonly moved: boolean;
}

/** What shares are of. Not of the row: it changes with every update, and the row need not be drawn again for that. */
export interface Whole {
  readonly netBytes: number;
  /** Net of the caller that holds the most: the bars' full length. */
  readonly greatestNet: number;
}
export const WholeContext = createContext<Whole>({ netBytes: 0, greatestNet: 0 });

export function CallerRowView({ columns, row, index, isOpen, tabbable, moved }: RowProps) {
  return (
    <tr
      class="row"
      data-call-site={row.callSite}
      data-index={index}
      // The head is the table's first row, and counting begins at one.
      aria-rowindex={index + 2}
      tabIndex={tabbable ? 0 : -1}
      data-moved={moved ? "" : undefined}
      onClick={() => {
        // Whoever selects text to copy it opens nothing.
        if (getSelection()?.isCollapsed !== false) toggleRow(row.callSite);
      }}
    >
      {columns.map((column) =>
        column.kind === "text" ? <Name key={column.id} row={row} isOpen={isOpen} /> : cell(column, row),
      )}
    </tr>
  );
}

function Name({ row, isOpen }: { readonly row: CallerRow; readonly isOpen: boolean }) {
  return (
    <th scope="row" class="caller" title={row.callSite}>
      <div>
        <button
          type="button"
          class="row-toggle"
          tabIndex={-1}
          aria-expanded={isOpen}
          aria-label={`About ${row.caller}`}
        >
          {isOpen ? "▾" : "▸"}
        </button>
        <ClippedName name={row.caller} />
        {row.via !== undefined && (
          <span class="wrapper-mark" title={viaHint(row.via)}>
            via {row.via[0].function}
          </span>
        )}
        {row.wrapper === true && (
          <span class="wrapper-mark" title={wrapperHint(row)}>
            wrapper
          </span>
        )}
      </div>
    </th>
  );
}

function Doubt({ row: { doubtfulObjects = 0, liveObjects } }: { readonly row: CallerRow }) {
  const text = `up to ${formatCount(doubtfulObjects)} of ${formatCount(liveObjects)} live objects may be gone: frees that raised no event`;
  return (
    <abbr class="approx" title={text} aria-label={text}>
      ?
    </abbr>
  );
}

function viaHint(via: NonNullable<CallerRow["via"]>): string {
  return via.map((way) => `${formatCount(way.allocs)} allocations through ${way.function}`).join("; ");
}

function cell(column: Column, row: CallerRow): JSX.Element {
  const value = column.value(row);
  if (column.known?.(row) === false) {
    return (
      <td key={column.id} data-column={column.id} class="nought" title={column.unknown ?? "not known in this mode"}>
        –
      </td>
    );
  }
  switch (column.kind) {
    case "bytes":
      return (
        <QuantityCell
          key={column.id}
          column={column.id}
          value={value}
          text={column.signed === true ? signedBytes(value) : humanBytes(value)}
          full={exactBytes(value)}
        />
      );
    case "span":
      return (
        <td key={column.id} data-column={column.id} data-value={value}>
          {formatSmallSpan(value)}
        </td>
      );
    case "seconds":
      return <Idle key={column.id} row={row} />;
    case "share":
      return <Share key={column.id} bytes={value} />;
    case "text":
    case "count":
      return (
        <QuantityCell
          key={column.id}
          column={column.id}
          value={value}
          isNought={value === 0}
          text={column.signed === true ? signedCount(value) : formatCount(value)}
          full={formatCount(value)}
        >
          {column.id === "live" && row.doubtfulObjects !== undefined && <Doubt row={row} />}
        </QuantityCell>
      );
  }
}

function part(value: number, whole: number): number {
  return whole > 0 ? Math.min(1, Math.max(0, value / whole)) : 0;
}

/** A page that has watched for less can tell nothing, seconds. */
const LEAST_S = 1;

/** When it last moved; of what has not moved since the page came nothing more is known. */
function Idle({ row }: { readonly row: CallerRow }) {
  const { seconds, seen } = recent.activeAt(row.callSite);
  // "Before now" says nothing.
  const { nowS, kind } = useContext(ClockContext);
  const isNews = nowS - seconds < LEAST_S && !seen;
  return (
    <td
      data-column="idle"
      data-value={seconds}
      class={seen ? undefined : "nought"}
      title={seen ? undefined : "before this page began to watch"}
    >
      {isNews ? (
        "–"
      ) : (
        <>
          {!seen && (kind === "ago" ? "> " : "< ")}
          <Moment seconds={seconds} decimals={1} />
        </>
      )}
    </td>
  );
}

function Share({ bytes }: { readonly bytes: number }) {
  const { netBytes, greatestNet } = useContext(WholeContext);
  const share = part(bytes, netBytes);
  return (
    <td data-column="share" class="share">
      <span
        class="share-bar"
        aria-hidden="true"
        style={{ "background-size": `${(100 * part(bytes, greatestNet)).toFixed(1)}% 100%` }}
      />
      <Quantity text={formatShare(share)} full={formatShare(share, 4)} />
    </td>
  );
}
