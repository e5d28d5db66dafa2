/**
 * trace_analyze's callers file: caller, net bytes, waste and source directory, `%-60s %-8d %-8d %-8s`. The directory stays
 * empty until call sites are attributed to source files.
 */
import type { Snapshot } from "../model/snapshot.ts";
import { type OrderBy, orderCallers } from "./order.ts";

export function formatCallersFile({ callers }: Snapshot, orderBy: OrderBy): string {
  const field = (value: number) => String(value).padEnd(8);
  return orderCallers(callers, orderBy)
    .map((row) => `${row.caller.padEnd(60)} ${field(row.netBytes)} ${field(row.wasteBytes)} ${" ".repeat(8)}\n`)
    .join("");
}
