/** trace_analyze's account file, to the byte: scripts of twelve years read it. */
import type { CallerRow, Snapshot } from "../model/snapshot.ts";
import { UNATTRIBUTED } from "../model/source-tree.ts";
import { type OrderBy, orderCallers } from "./order.ts";

/** @param withLines adds to each caller where in the source it is, behind what trace_analyze prints */
export function formatAccountFile({ totals, callers }: Snapshot, orderBy: OrderBy, withLines = false): string {
  const lines = [
    `current bytes allocated: ${column(totals.netBytes, 10)}`,
    `current bytes requested: ${column(totals.netRequestedBytes, 10)}`,
    `current wasted bytes:    ${column(totals.wasteBytes, 10)}`,
    `number of allocs:        ${column(totals.allocs, 10)}`,
    `number of frees:         ${column(totals.frees, 10)}`,
    `number of callers:       ${column(totals.callSites, 10)}`,
    "",
    "   total    waste      net alloc/free  caller",
    "-".repeat(45),
    ...orderCallers(callers, orderBy).map((row) =>
      formatRow(
        [row.totalBytes, row.wasteBytes, row.netBytes],
        row.allocs,
        row.frees,
        row.caller + (withLines ? `  ${placeOf(row)}` : ""),
      ),
    ),
  ];
  return lines.join("\n") + "\n";
}

/** `fs/fat/inode.c:640`, as far as it is known. */
export function placeOf({ source }: Pick<CallerRow, "source">): string {
  if (source === undefined || source.file === null) return UNATTRIBUTED;
  return source.line === null ? source.file : `${source.file}:${String(source.line)}`;
}

/** A row of the account file and of slab_account: `%8d %8d %8d %5d/%-5d %s`. */
export function formatRow(bytes: readonly number[], allocs: number, frees: number, caller: string): string {
  return `${bytes.map((value) => column(value, 8)).join(" ")} ${column(allocs, 5)}/${String(frees).padEnd(5)} ${caller}`;
}

/** A number, right-aligned: `%8d`. */
export function column(value: number, width: number): string {
  return String(value).padStart(width);
}
