/** What changed between two moments, by caller, for a terminal: the account file's columns, without what a window does not know. */
import type { Window } from "../model/api.ts";
import { printable } from "../model/printable.ts";
import { column, formatRow } from "./account-file.ts";

export function formatWindow({ from, to, totals, callers }: Window): string {
  const lines = [
    `${from.used.toFixed(3)} s to ${to.used.toFixed(3)} s of the trace clock, the moments that are kept nearest`,
    "",
    `change of bytes allocated: ${column(totals.netBytes, 10)}`,
    `bytes allocated in it:     ${column(totals.totalBytes, 10)}`,
    `number of allocs:          ${column(totals.allocs, 10)}`,
    `number of frees:           ${column(totals.frees, 10)}`,
    `number of callers:         ${column(callers.length, 10)}`,
    "",
    "   total      net alloc/free  caller",
    "-".repeat(36),
    ...callers.map((row) =>
      formatRow([row.totalBytes, row.netBytes], row.allocs, row.frees, printable(row.caller.replaceAll("\n", "?"))),
    ),
  ];
  return `${lines.join("\n")}\n`;
}
