/** What rows of wrappers hide, and what helps. */
import type { CallerRow, Snapshot } from "../model/snapshot.ts";

const NAMED = 3;

/** What was captured has no stacks any more, and report no such option. */
const RECORDED_HELP = "a capture with --stacks names them (snapshot, run, live; trace-cmd record -T)";

/** One line; undefined where no row is a wrapper's. */
export function wrapperNotice({
  callers,
  totals,
  stacks,
  source,
}: Pick<Snapshot, "callers" | "totals" | "stacks" | "source">) {
  const rows = callers.filter((row) => row.wrapper === true).sort((a, b) => b.totalBytes - a.totalBytes);
  if (rows.length === 0) return undefined;
  const sum = (value: (row: CallerRow) => number) => rows.reduce((all, row) => all + value(row), 0);
  const net = sum((row) => row.netBytes);
  const share = totals.netBytes === 0 ? 0 : Math.round((100 * net) / totals.netBytes);
  const named = rows.slice(0, NAMED).map((row) => `${row.caller}${sizesOf(row)}`);
  const rest = rows.length > NAMED ? ", …" : "";
  return (
    `${rows.length === 1 ? "1 caller allocates" : `${rows.length} callers allocate`} for others: ${named.join(", ")}${rest}; ` +
    `${net} bytes net (${share} %) are of owners that are not known; ` +
    (stacks === undefined
      ? `${source.recording ? RECORDED_HELP : "--stacks names them"}, as does kmalloc_track_caller in such a function's source (docs/stacks.md)`
      : "they came without a stack, or with one that names nobody else (docs/stacks.md)")
  );
}

/** ` (14 sizes)`: the fewest callers that it is likely to hide; empty where that tells nothing. */
function sizesOf({ sizes = 0 }: CallerRow): string {
  return sizes > 1 ? ` (${sizes} sizes)` : "";
}
