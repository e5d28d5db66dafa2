import type { Snapshot } from "../model/snapshot.ts";

/** Why a snapshot is not exact, one line; undefined when it is. */
export function lossNotice({ exact, loss, input }: Snapshot): string | undefined {
  if (exact) return undefined;
  const parts: string[] = [];
  if (loss.lostEvents > 0) parts.push(`${String(loss.lostEvents)} events lost`);
  if (loss.lostUncounted > 0) parts.push(`${String(loss.lostUncounted)} losses without a number`);
  const reasons = Object.entries(input.rejected).filter(([, { lines }]) => lines > 0);
  if (reasons.length > 0) {
    const counts = reasons.map(([reason, { lines }]) => `${reason} ${String(lines)}`).join(", ");
    parts.push(`${String(loss.rejected)} trace lines unreadable (${counts})`);
  }
  parts.push(...loss.damagedInput);
  const cpus = loss.perCpu
    .filter((cpu) => cpu.lostEvents > 0 || cpu.lostUncounted > 0)
    .map((cpu) => `CPU ${String(cpu.cpu)}`);
  return `not exact: ${parts.join("; ")}${cpus.length > 0 ? ` (${cpus.join(", ")})` : ""}`;
}
