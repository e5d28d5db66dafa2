import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { CallerRow } from "../../model/snapshot.ts";
import { exactBytes, humanBytes } from "../format/bytes.ts";
import { formatCount, formatShare } from "../format/count.ts";
import { Icon } from "../parts/icon.tsx";
import { Quantity } from "../parts/quantity.tsx";

interface ToolbarProps {
  readonly viewChoice: ComponentChildren;
  readonly rows: readonly CallerRow[];
  readonly all: number;
  readonly netBytes: number;
  readonly filter: string;
  readonly onFilter: (filter: string) => void;
  readonly held: boolean;
  /** A row has the focus: the order stays held when the pointer has gone. */
  readonly byFocus: boolean;
}

export function CallersToolbar({ viewChoice, rows, all, netBytes, filter, onFilter, held, byFocus }: ToolbarProps) {
  const input = useRef<HTMLInputElement>(null);
  useSlashKey(input);
  const filtered = filter.trim() !== "";
  return (
    <div class="section-head">
      <h2>Callers</h2>
      {viewChoice}
      <label class="filter">
        <span class="visually-hidden">Filter callers</span>
        <input
          ref={input}
          type="search"
          placeholder="filter: ext4 inode"
          autocomplete="off"
          spellcheck={false}
          value={filter}
          data-testid="filter"
          onInput={(event) => onFilter(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape") onFilter("");
          }}
        />
        <kbd aria-hidden="true">/</kbd>
      </label>
      <p class="callers-count" data-testid="callers-count">
        {filtered ? `${formatCount(rows.length)} of ${formatCount(all)}` : formatCount(all)} call sites
        {filtered && <SumOfRows rows={rows} netBytes={netBytes} />}
      </p>
      <p class="held" data-testid="held" data-held={String(held)} role="status">
        {held && (
          <>
            <Icon name="pause" />
            order held while you read{byFocus && " · Esc releases"}
          </>
        )}
      </p>
    </div>
  );
}

/** What the filtered callers hold together: often the very question behind the filter. */
function SumOfRows({ rows, netBytes }: { readonly rows: readonly CallerRow[]; readonly netBytes: number }) {
  const sum = useMemo(() => rows.reduce((bytes, row) => bytes + row.netBytes, 0), [rows]);
  return (
    <>
      {" hold "}
      <Quantity text={humanBytes(sum)} full={exactBytes(sum)} />
      {netBytes > 0 && ` (${formatShare(sum / netBytes)} of net)`}
    </>
  );
}

/** `/` goes to the filter, as in less and vim. */
function useSlashKey(input: { readonly current: HTMLInputElement | null }): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target instanceof HTMLInputElement) return;
      event.preventDefault();
      input.current?.focus();
      input.current?.select();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}
