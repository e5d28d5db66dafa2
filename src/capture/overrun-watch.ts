/**
 * The ring buffers of a target, from the stats that its agent reports: how full, how fast, how long until they overrun, and
 * what was lost. Pure: time is an argument.
 */
import type { CpuStats } from "../model/target-facts.ts";
import type { Alert } from "../model/wire.ts";
import { OVERRUN_HELP } from "./lost-alert.ts";
import { OverrunForecast } from "./overrun-forecast.ts";

/** One CPU's `per_cpu/cpuN/stats`, cumulative since the instance was made. */
export interface StatsSample {
  readonly cpu: number;
  readonly entries: number;
  readonly overrun: number;
  readonly commitOverrun: number;
  readonly bytes: number;
  /** Trace clock, nanoseconds. */
  readonly oldestNs: number;
  readonly nowNs: number;
  readonly droppedEvents: number;
  readonly readEvents: number;
  readonly sizeBytes: number;
}

export interface OverrunThresholds {
  /** Fill (0 to 1) from which a CPU's buffer is worth a word, and from which it is about to overrun. */
  readonly infoFill: number;
  readonly warningFill: number;
  /** Seconds to overrun from which it is about to. */
  readonly warningSeconds: number;
}

export const DEFAULT_THRESHOLDS: OverrunThresholds = { infoFill: 0.5, warningFill: 0.8, warningSeconds: 5 };

type Level = Alert["level"] | "calm";

interface Cpu {
  stats: CpuStats;
  sample: StatsSample;
  level: Level;
  forecast: OverrunForecast;
  /** What was lost before the counters began anew: the link broke, or somebody cleared the buffer. */
  lostBefore: number;
}

/** Below this share of the threshold a CPU is calm again, so that one that wavers does not alert each time. */
const CALM = 0.5;

export class OverrunWatch {
  readonly #cpus = new Map<number, Cpu>();
  readonly #thresholds: OverrunThresholds;
  #cleared = 0;

  /** What helps with this link and kernel, said with each alert; of a loss, with what the buffer would have had to hold, KiB. */
  help: (neededKb?: number) => string = () => OVERRUN_HELP;

  constructor(thresholds: OverrunThresholds = DEFAULT_THRESHOLDS) {
    this.#thresholds = thresholds;
  }

  /** One row a CPU, in order. */
  get cpus(): CpuStats[] {
    return [...this.#cpus.values()].map(({ stats }) => stats).sort((a, b) => a.cpu - b.cpu);
  }

  /** Events that a CPU's ring buffers have lost: overwritten, refused, or dropped between nested writers. */
  lostBy(cpu: number): number {
    const known = this.#cpus.get(cpu);
    return known === undefined ? 0 : Math.min(known.lostBefore + lostIn(known.sample), Number.MAX_SAFE_INTEGER);
  }

  /** Times that somebody on the target cleared a ring buffer: what was unread then is lost, and nobody knows how much. */
  get cleared(): number {
    return this.#cleared;
  }

  /** Events in all ring buffers that nobody has read. */
  get waiting(): number {
    let sum = 0;
    for (const { stats } of this.#cpus.values()) sum += stats.entries;
    return Math.min(sum, Number.MAX_SAFE_INTEGER);
  }

  /** The link was made again: a new instance counts from 0. */
  restart(): void {
    for (const cpu of this.#cpus.values()) {
      cpu.lostBefore += lostIn(cpu.sample);
      cpu.sample = begunAnew(cpu.sample);
      cpu.stats = statsOf(cpu.sample, null);
      cpu.forecast = new OverrunForecast();
      cpu.level = "calm";
    }
  }

  /** Takes one CPU's stats; the alerts they give cause to. */
  hear(sample: StatsSample, atMs: number): Alert[] {
    const known = this.#cpus.get(sample.cpu);
    if (known !== undefined && isOlder(sample, known.sample)) return [];
    const cleared = known !== undefined && wasCleared(sample, known.sample);
    const before = cleared ? begunAnew(known.sample) : known?.sample;
    const lostBefore = (known?.lostBefore ?? 0) + (cleared ? lostIn(known.sample) : 0);
    const levelBefore = known?.level ?? "calm";
    const lost = lostIn(sample) - (before === undefined ? 0 : lostIn(before));
    const forecast = known === undefined || cleared ? new OverrunForecast() : known.forecast;
    const seconds = forecast.look(sample, sample.sizeBytes);
    const stats = statsOf(sample, lost > 0 && before !== undefined && sample.sizeBytes > 0 ? 0 : seconds);
    const level = this.#levelOf(stats, secondsAtLastRate(sample, before), levelBefore);
    this.#cpus.set(sample.cpu, { stats, sample, level, forecast, lostBefore });
    const alerts: Alert[] = [];
    if (cleared) {
      this.#cleared += 1;
      alerts.push(clearedAlertOf(sample, atMs));
    }
    if (lost > 0) alerts.push(lostAlertOf(sample, lost, atMs, this.help(neededKbOf(sample, lost))));
    else if (RANK[level] > RANK[levelBefore]) alerts.push(fillAlertOf(stats, level, sample.nowNs, atMs, this.help()));
    return alerts;
  }

  /** Does not wait for a forecast: a buffer that is half full after a second overruns before there is one. */
  #levelOf({ fill }: CpuStats, seconds: number | null, before: Level): Level {
    const { infoFill, warningFill, warningSeconds } = this.#thresholds;
    // A buffer that is all but empty fills within seconds at any burst: that alone says nothing.
    const soon = seconds !== null && seconds < warningSeconds && fill > infoFill * CALM;
    if (fill >= warningFill || soon) return "warning";
    if (fill >= infoFill) return before === "warning" ? before : "info";
    return fill < infoFill * CALM ? "calm" : before;
  }
}

const RANK: Record<Level, number> = { calm: 0, info: 1, warning: 2, lost: 3 };

function lostIn(sample: StatsSample): number {
  return sample.overrun + sample.commitOverrun + sample.droppedEvents;
}

/** Counters only grow: a report that is behind in time and in count was overtaken on its way. */
function isOlder(sample: StatsSample, known: StatsSample): boolean {
  return sample.nowNs < known.nowNs && (sample.readEvents < known.readEvents || lostIn(sample) < lostIn(known));
}

/**
 * True where all counters went back: somebody wrote to the instance's `trace` file, or a module was removed whose events
 * had been enabled (tracing_reset_all_online_cpus in kernel/trace/trace.c). Counters of 32 bits that wrap are none.
 */
function wasCleared(sample: StatsSample, known: StatsSample): boolean {
  return sample.readEvents < known.readEvents && known.readEvents < HALF_OF_32_BITS && lostIn(sample) <= lostIn(known);
}

const HALF_OF_32_BITS = 2 ** 31;

function begunAnew({ cpu, sizeBytes }: StatsSample): StatsSample {
  const counts = { entries: 0, overrun: 0, commitOverrun: 0, bytes: 0, droppedEvents: 0, readEvents: 0 };
  return { cpu, sizeBytes, ...counts, oldestNs: 0, nowNs: 0 };
}

function statsOf(sample: StatsSample, secondsToOverrun: number | null): CpuStats {
  const { cpu, entries, overrun, commitOverrun, bytes, droppedEvents, readEvents, sizeBytes } = sample;
  const fill = sizeBytes > 0 ? Math.min(1, bytes / sizeBytes) : 0;
  return {
    cpu,
    entries,
    overrun,
    commitOverrun,
    bytes,
    droppedEvents,
    readEvents,
    oldestEventAgeS: entries > 0 ? Math.max(0, sample.nowNs - sample.oldestNs) / 1e9 : null,
    sizeBytes,
    fill,
    secondsToOverrun,
  };
}

/** To the overrun, at the rate since the last sample; null while the buffer does not fill, or its size is not known. */
function secondsAtLastRate(sample: StatsSample, before: StatsSample | undefined): number | null {
  if (before === undefined || before.nowNs === 0 || sample.sizeBytes === 0) return null;
  const seconds = (sample.nowNs - before.nowNs) / 1e9;
  const grown = sample.bytes - before.bytes;
  if (seconds <= 0) return null;
  if (lostIn(sample) > lostIn(before)) return 0;
  return grown <= 0 ? null : Math.max(0, sample.sizeBytes - sample.bytes) / (grown / seconds);
}

function lostAlertOf(sample: StatsSample, lost: number, atMs: number, help: string): Alert {
  const events = lost.toLocaleString("en");
  return {
    level: "lost",
    atMs,
    timeNs: sample.nowNs,
    cpu: sample.cpu,
    events: lost,
    text: `CPU ${sample.cpu} lost ${events} events: ${describeLoss(sample)}`,
    help,
  };
}

/** With what is in the buffer as the measure of an event; undefined where nothing is, or its size is not known. */
function neededKbOf({ bytes, entries, sizeBytes }: StatsSample, lost: number): number | undefined {
  return bytes > 0 && entries > 0 && sizeBytes > 0 ? (sizeBytes + (lost * bytes) / entries) / 1024 : undefined;
}

function clearedAlertOf({ cpu, nowNs }: StatsSample, atMs: number): Alert {
  return {
    level: "lost",
    atMs,
    timeNs: nowNs,
    cpu,
    events: null,
    text: `CPU ${cpu}'s ring buffer was cleared on the target: what was unread then is lost`,
    help: "nobody else may write to the instance's trace file; rmmod clears buffers once hist triggers have been used",
  };
}

function describeLoss({ overrun, commitOverrun, droppedEvents, sizeBytes }: StatsSample): string {
  if (droppedEvents > 0) return "its ring buffer was full and may not overwrite";
  if (commitOverrun > 0 && overrun === 0) return "nested writers filled its ring buffer";
  return `its ring buffer of ${kib(sizeBytes)} was overwritten before it was read`;
}

function fillAlertOf(stats: CpuStats, level: Level, timeNs: number, atMs: number, help: string): Alert {
  const percent = Math.round(stats.fill * 100);
  const soon =
    stats.secondsToOverrun === null ? "" : `, overruns in ${stats.secondsToOverrun.toFixed(1)} s at this rate`;
  return {
    level: level === "warning" ? "warning" : "info",
    atMs,
    timeNs,
    cpu: stats.cpu,
    events: null,
    text: `CPU ${stats.cpu}'s ring buffer is ${percent} % full${soon}`,
    help,
  };
}

function kib(bytes: number): string {
  return `${Math.round(bytes / 1024).toLocaleString("en")} KB`;
}
