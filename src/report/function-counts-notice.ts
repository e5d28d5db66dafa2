import type { FunctionCount } from "../model/function-counts.ts";
import type { Snapshot } from "../model/snapshot.ts";

/** Of functions. */
const SHOWN = 3;

/** What /proc/allocinfo says beside the events, one line; undefined where it was not read. */
export function functionCountsNotice({ functionCounts, branch }: Snapshot): string | undefined {
  // What the kernel counts is of no directory.
  if (functionCounts === undefined || branch !== undefined) return undefined;
  const { hiddenFrees, both, kernelOnly, eventsOnly, functions } = functionCounts;
  const hidden = functions.filter((row) => row.hiddenFrees > 0);
  hidden.sort((a, b) => b.hiddenFrees - a.hiddenFrees);
  const unseen = functions.filter(({ countedBy, kernelBytes }) => countedBy === "kernel" && kernelBytes > 0);
  const freed =
    hiddenFrees === 0
      ? "no hidden frees beyond what may be explained"
      : `at least ${String(hiddenFrees)} objects freed without an event: ${listOf(hidden, (row) => row.hiddenFrees)}`;
  return (
    `allocinfo: of ${String(both.functions)} functions the kernel counts ${signed(both.kernelBytes)} bytes, ` +
    `the events ${signed(both.eventBytes)}; ${freed}; no event names functions of ${signed(kernelOnly.kernelBytes)} bytes` +
    `${unseen.length > 0 ? ` (${listOf(unseen, (row) => row.kernelBytes)})` : ""}, ` +
    `the kernel none of ${signed(eventsOnly.eventBytes)}`
  );
}

function listOf(rows: readonly FunctionCount[], figure: (row: FunctionCount) => number): string {
  const more = rows.length - SHOWN;
  const shown = rows.slice(0, SHOWN).map((row) => `${row.name} ${String(figure(row))}`);
  return shown.join(", ") + (more > 0 ? ` and ${String(more)} more` : "");
}

function signed(bytes: number): string {
  return bytes > 0 ? `+${String(bytes)}` : String(bytes);
}
