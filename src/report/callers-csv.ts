/** The callers as CSV (RFC 4180), with a header: one row each, by net bytes. */
import type { CallerRow, Snapshot } from "../model/snapshot.ts";

const COLUMNS: readonly (readonly [name: string, of: (row: CallerRow) => string | number])[] = [
  ["caller", (row) => row.caller],
  ["call_site", (row) => row.callSite],
  ["net_bytes", (row) => row.netBytes],
  ["net_requested_bytes", (row) => row.netRequestedBytes],
  ["waste_bytes", (row) => row.wasteBytes],
  ["live_objects", (row) => row.liveObjects],
  ["allocs", (row) => row.allocs],
  ["frees", (row) => row.frees],
  ["implied_frees", (row) => row.impliedFrees],
  ["total_bytes", (row) => row.totalBytes],
  ["requested_bytes", (row) => row.requestedBytes],
  ["peak_net_bytes", (row) => row.peakNetBytes],
  ["file", (row) => row.source?.file ?? ""],
  ["line", (row) => row.source?.line ?? ""],
];

/** Of what a caller changed by between two moments no more is known. */
const OF_WINDOW = [
  "caller",
  "call_site",
  "net_bytes",
  "live_objects",
  "allocs",
  "frees",
  "total_bytes",
  "file",
  "line",
];

/** @param isWindow the rows are what changed in a window */
export function formatCallersCsv({ callers }: Pick<Snapshot, "callers">, { isWindow = false } = {}): string {
  const columns = isWindow ? COLUMNS.filter(([name]) => OF_WINDOW.includes(name)) : COLUMNS;
  const lines = [columns.map(([name]) => name), ...callers.map((row) => columns.map(([, of]) => field(of(row))))];
  return lines.map((line) => `${line.join(",")}\r\n`).join("");
}

/** A text that a spreadsheet would take for a formula is one only in quotes and behind an apostrophe. */
function field(value: string | number): string {
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
