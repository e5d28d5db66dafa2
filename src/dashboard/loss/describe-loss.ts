/** The loss block in words. */
import type { InputAccount } from "../../model/snapshot.ts";
import type { CpuLoss, Loss } from "../../model/loss.ts";
import { formatCount, plural } from "../format/count.ts";

/** One sentence: `12,345 events lost, and 2 more losses of unknown size; 12 lines could not be read`. */
export function lossHeadline(loss: Loss): string {
  const parts: string[] = [];
  if (loss.lostEvents > 0) parts.push(`${plural(loss.lostEvents, "event")} lost`);
  if (loss.lostUncounted > 0) {
    const more = loss.lostEvents > 0 ? " more" : "";
    parts.push(
      `${formatCount(loss.lostUncounted)}${more} ${loss.lostUncounted === 1 ? "loss" : "losses"} of unknown size`,
    );
  }
  if (loss.histDropped > 0) parts.push(`${plural(loss.histDropped, "event")} found no room in a hist map`);
  const hidden = loss.hiddenPointers?.allocs ?? 0;
  if (hidden > 0) parts.push(`${plural(hidden, "allocation")} cannot be followed: the kernel hid the pointer`);
  const untracked = loss.untracked?.allocs ?? 0;
  if (untracked > 0) parts.push(`${plural(untracked, "allocation")} not followed: more live objects than memory`);
  if (loss.rejected > 0) parts.push(`${plural(loss.rejected, "line")} could not be read`);
  if (loss.damagedInput.length > 0) parts.push(`${plural(loss.damagedInput.length, "input")} damaged`);
  return parts.length === 0 ? "the account is not complete" : parts.join(", ");
}

/** CPUs that lost something, the greatest loss first. */
export function losingCpus(loss: Loss): CpuLoss[] {
  return loss.perCpu
    .filter((cpu) => cpu.lostEvents > 0 || cpu.lostUncounted > 0)
    .sort((a, b) => b.lostEvents - a.lostEvents || b.lostUncounted - a.lostUncounted || a.cpu - b.cpu);
}

/** `12,000 lost of 90,000 (13.3 %)`: lost against all that this CPU recorded. */
export function describeCpu(cpu: CpuLoss): string {
  const all = cpu.events + cpu.lostEvents;
  const share = cpu.lostEvents > 0 && all > 0 ? ` (${((cpu.lostEvents / all) * 100).toFixed(1)} %)` : "";
  const uncounted = cpu.lostUncounted > 0 ? ` + ${formatCount(cpu.lostUncounted)} × unknown` : "";
  return cpu.lostEvents > 0
    ? `${formatCount(cpu.lostEvents)}${share}${uncounted}`
    : `${formatCount(cpu.lostUncounted)} × unknown`;
}

/** Reasons for which lines were rejected, the most frequent first. */
export function rejectedReasons(input: InputAccount): { reason: string; lines: number; bytes: number }[] {
  return Object.entries(input.rejected)
    .map(([reason, { lines, bytes }]) => ({ reason, lines, bytes }))
    .filter(({ lines, bytes }) => lines > 0 || bytes > 0)
    .sort((a, b) => b.lines - a.lines || a.reason.localeCompare(b.reason));
}
