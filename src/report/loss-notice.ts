import type { Snapshot } from "../model/snapshot.ts";

/** Why a snapshot is not exact, one line; undefined when it is. */
export function lossNotice({ exact, loss, input }: Snapshot): string | undefined {
  if (exact) return undefined;
  const parts: string[] = [];
  if (loss.lostEvents > 0) parts.push(`${count(loss.lostEvents, "event")} lost`);
  if (loss.lostUncounted > 0) parts.push(`${count(loss.lostUncounted, "time")} events lost without a number`);
  if (loss.histDropped > 0) parts.push(`${count(loss.histDropped, "event")} found no room in the kernel's hist maps`);
  if (loss.hiddenPointers !== undefined) {
    parts.push(`${count(loss.hiddenPointers.allocs, "allocation")} with a hidden pointer could not be followed`);
  }
  if (loss.untracked !== undefined) {
    parts.push(`${count(loss.untracked.allocs, "allocation")} beyond --memory-mb could not be followed`);
  }
  const reasons = Object.entries(input.rejected).filter(([, { lines }]) => lines > 0);
  if (reasons.length > 0) {
    const counts = reasons.map(([reason, { lines }]) => `${reason} ${String(lines)}`).join(", ");
    parts.push(`${count(loss.rejected, "trace line")} unreadable (${counts})`);
  }
  parts.push(...loss.damagedInput);
  const cpus = loss.perCpu
    .filter((cpu) => cpu.lostEvents > 0 || cpu.lostUncounted > 0)
    .map((cpu) => `CPU ${String(cpu.cpu)}`);
  return `not exact: ${parts.join("; ")}${cpus.length > 0 ? ` (${cpus.join(", ")})` : ""}`;
}

/** What the account file has no column for, one line; undefined when there is nothing of the kind. */
export function hiddenFreesNotice({ totals, loss, branch }: Snapshot): string | undefined {
  const parts: string[] = [];
  if (totals.impliedFrees > 0)
    parts.push(`${count(totals.impliedFrees, "implied free")}, in net but not in alloc/free`);
  // Whose they are nobody knows.
  if (loss.unmatchedFrees > 0 && branch === undefined) parts.push(count(loss.unmatchedFrees, "unmatched free"));
  return parts.length === 0 ? undefined : `besides: ${parts.join("; ")}`;
}

/** That the input ends within a line, as where QEMU was killed; undefined where it does not. */
export function unfinishedNotice({ input }: Snapshot): string | undefined {
  const { unfinished } = input.ignored as Partial<Snapshot["input"]["ignored"]>;
  if (unfinished === undefined || unfinished.lines === 0) return undefined;
  return `the input ends within a trace line (${count(unfinished.bytes, "byte")} of it), which is not accounted`;
}

function count(number: number, noun: string): string {
  return `${String(number)} ${noun}${number === 1 ? "" : "s"}`;
}
