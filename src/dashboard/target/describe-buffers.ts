/** The state of the target's ring buffers in words. */
import type { CpuStats, HistMap, Loss } from "../../model/snapshot.ts";
import { humanBytes } from "../format/bytes.ts";
import { formatCount, formatShare, plural } from "../format/count.ts";
import { formatAge, formatSpan } from "../format/time.ts";

/** Seconds before an overrun from which on the page says so in colour. */
const SOON_S = 15;

/** `steady`: no overrun is in sight; `soon`: it overruns within seconds, or has no room left. */
export type Urgency = "steady" | "filling" | "soon";

export function urgencyOf({ secondsToOverrun, fill }: CpuStats): Urgency {
  if (secondsToOverrun === null) return fill >= 1 ? "soon" : "steady";
  return secondsToOverrun <= SOON_S ? "soon" : "filling";
}

/** `12 s`, `4.2 s`, `now`; a dash while none is in sight. */
export function timeToOverrun({ secondsToOverrun }: CpuStats): string {
  if (secondsToOverrun === null) return "–";
  if (secondsToOverrun < 0.1) return "now";
  return secondsToOverrun < 10 ? formatSpan(secondsToOverrun) : formatAge(secondsToOverrun * 1000);
}

/** `overruns in 12 s`, `overruns now`; else that it is full, has nothing in it, or that no overrun is in sight. */
export function describeOverrun(cpu: CpuStats): string {
  if (cpu.secondsToOverrun !== null) {
    const time = timeToOverrun(cpu);
    return time === "now" ? "overruns now" : `overruns in ${time}`;
  }
  if (cpu.entries === 0) return "empty";
  return cpu.fill >= 1 ? "full" : "no overrun in sight";
}

/** Bytes a second by which it fills, as the time to overrun implies; null while there is none, or where its size is unknown. */
export function fillBytesPerSecond({ bytes, sizeBytes, secondsToOverrun }: CpuStats): number | null {
  if (secondsToOverrun === null || secondsToOverrun <= 0 || sizeBytes <= bytes) return null;
  return (sizeBytes - bytes) / secondsToOverrun;
}

/**
 * Events that a CPU's buffer has lost, as the account has them, which the banner tells too. The kernel's own counters are as old
 * as the last look, and begin anew with each link.
 */
export function lostOf({ perCpu }: Pick<Loss, "perCpu">, cpu: number): number {
  return perCpu.find((row) => row.cpu === cpu)?.lostEvents ?? 0;
}

/** What the styles tell a buffer's state by. */
export function gaugeClass(cpu: CpuStats, lost: number): string {
  return `gauge-${urgencyOf(cpu)}${lost > 0 ? " gauge-lossy" : ""}`;
}

/** `38 %`; to a tenth where it is nearly empty but not quite. A dash where its size is unknown. */
export function fillText({ fill, sizeBytes }: CpuStats): string {
  if (sizeBytes === 0) return "–";
  return formatShare(fill, fill > 0 && fill < 0.01 ? 1 : 0);
}

/** `3.2 s`; a dash while there is no unread event. */
export function oldestText({ oldestEventAgeS }: CpuStats): string {
  return oldestEventAgeS === null ? "–" : formatSpan(oldestEventAgeS);
}

/** All of one CPU in one line: where there is no room for a row. */
export function describeCpuStats(cpu: CpuStats, lost: number): string {
  const full = cpu.sizeBytes === 0 ? humanBytes(cpu.bytes) : `${fillText(cpu)} of ${humanBytes(cpu.sizeBytes)} full`;
  return [
    `CPU ${cpu.cpu}: ${full}`,
    plural(cpu.entries, "unread event"),
    ...(cpu.oldestEventAgeS === null ? [] : [`the oldest ${formatSpan(cpu.oldestEventAgeS)} old`]),
    describeOverrun(cpu),
    `${formatCount(lost)} lost`,
    `overrun ${formatCount(cpu.overrun)}`,
    `commit overrun ${formatCount(cpu.commitOverrun)}`,
    `dropped ${formatCount(cpu.droppedEvents)}`,
  ].join(", ");
}

/** What is most urgent of a CPU, in a word: its losses, when it overruns, or how full it is. */
export function briefly(cpu: CpuStats, lost: number): string {
  if (lost > 0) return `${compactCount(lost)} lost`;
  if (urgencyOf(cpu) !== "soon") return fillText(cpu);
  return cpu.secondsToOverrun === null ? "full" : timeToOverrun(cpu);
}

/** The sums above the rows: `16 CPUs · 1.4 MiB each · 84,210 unread events`. */
export function describeBuffers(cpus: readonly CpuStats[]): string {
  const sizes = new Set(cpus.map(({ sizeBytes }) => sizeBytes));
  const each = [...sizes][0];
  const whole = cpus.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const size =
    whole === 0
      ? []
      : [sizes.size > 1 ? `${humanBytes(whole)} in all` : `${humanBytes(each)}${cpus.length > 1 ? " each" : ""}`];
  const entries = cpus.reduce((sum, cpu) => sum + cpu.entries, 0);
  return [plural(cpus.length, "CPU"), ...size, plural(entries, "unread event")].join(" · ");
}

/** The CPU that overruns first, or where none is in sight the fullest; null where all are empty. */
export function mostUrgent(cpus: readonly CpuStats[]): CpuStats | null {
  const filling = cpus.filter(({ secondsToOverrun }) => secondsToOverrun !== null);
  if (filling.length > 0)
    return filling.reduce((a, b) => ((b.secondsToOverrun ?? Infinity) < (a.secondsToOverrun ?? Infinity) ? b : a));
  const held = cpus.filter(({ entries }) => entries > 0);
  return held.length === 0 ? null : held.reduce((a, b) => (b.fill > a.fill ? b : a));
}

/** `CPU 1 overruns in 12 s`, `fullest: CPU 1, 45 %` */
export function describeMostUrgent(cpu: CpuStats): string {
  return cpu.secondsToOverrun === null
    ? `fullest: CPU ${cpu.cpu}, ${fillText(cpu)}`
    : `CPU ${cpu.cpu} ${describeOverrun(cpu)}`;
}

/** A map's part that is taken, 0 to 1. */
export function mapFill({ entries, size }: HistMap): number {
  return size > 0 ? Math.min(1, entries / size) : 0;
}

/** From here on a map is said to be nearly full: it refuses new keys for ever once it is. */
const MAP_NEARLY_FULL = 0.9;

export function mapGaugeClass(map: HistMap): string {
  return `gauge-${mapFill(map) >= MAP_NEARLY_FULL ? "soon" : "steady"}${map.dropped > 0 ? " gauge-lossy" : ""}`;
}

const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });

function compactCount(count: number): string {
  return count < 10_000 ? formatCount(count) : compact.format(count);
}
