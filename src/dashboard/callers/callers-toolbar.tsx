import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import type { CallerRow } from "../../model/snapshot.ts";
import { exactBytes, humanBytes, signedBytes } from "../format/bytes.ts";
import { formatCount, formatShare } from "../format/count.ts";
import { Icon } from "../parts/icon.tsx";
import { Quantity } from "../parts/quantity.tsx";

const HELD = "the order is held while you read or scroll; Esc, or the pointer elsewhere, releases it";

interface ToolbarProps {
  readonly viewChoice: ComponentChildren;
  readonly rows: readonly CallerRow[];
  readonly all: number;
  readonly netBytes: number;
  /** The rows are what changed in a window. */
  readonly isWindow: boolean;
  readonly filtered: boolean;
  readonly held: boolean;
  /** A row has the focus: the order stays held when the pointer has gone. */
  readonly byFocus: boolean;
}

export function CallersToolbar({ viewChoice, rows, all, netBytes, isWindow, filtered, held, byFocus }: ToolbarProps) {
  return (
    <div class="section-head">
      <h2>Callers</h2>
      {viewChoice}
      <p class="callers-count" data-testid="callers-count">
        {filtered ? `${formatCount(rows.length)} of ${formatCount(all)}` : formatCount(all)} call sites
        {filtered && <SumOfRows {...{ rows, netBytes, isWindow }} />}
      </p>
      {/* Its room is kept: a line that comes and goes would move the rows from under the pointer. */}
      <p class="held held-room" data-testid="held" data-held={String(held)} role="status" title={HELD}>
        {held && (
          <>
            <Icon name="pause" />
            {byFocus ? "held · Esc" : "order held"}
          </>
        )}
      </p>
    </div>
  );
}

/** What the filtered callers hold together, or changed by: often the very question behind the filter. */
function SumOfRows({ rows, netBytes, isWindow }: Pick<ToolbarProps, "rows" | "netBytes" | "isWindow">) {
  const sum = useMemo(() => rows.reduce((bytes, row) => bytes + row.netBytes, 0), [rows]);
  return (
    <>
      {isWindow ? " changed by " : " hold "}
      <Quantity text={isWindow ? signedBytes(sum) : humanBytes(sum)} full={exactBytes(sum)} />
      {netBytes > 0 && ` (${formatShare(sum / netBytes)} of ${isWindow ? "net change" : "net"})`}
    </>
  );
}
