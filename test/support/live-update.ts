/** Updates as a live session makes them, from what has happened so far. */
import type { LiveUpdate, PreviousRun } from "../../src/capture/live-update.ts";
import type { CpuStats, TargetFacts } from "../../src/model/target-facts.ts";
import type { Alert, HistoryPoint, Mark } from "../../src/model/wire.ts";
import { SOURCE } from "./account.ts";
import { ledgerOf, type TestEvent } from "./events.ts";

export interface UpdateOptions {
  readonly run?: number;
  readonly history?: readonly HistoryPoint[];
  readonly alerts?: readonly Alert[];
  readonly newAlerts?: readonly Alert[];
  readonly marks?: readonly Mark[];
  readonly newMarks?: readonly Mark[];
  readonly previousRuns?: readonly PreviousRun[];
  /** What an armed target adds. */
  readonly target?: Partial<TargetFacts>;
}

export function updateOf(events: readonly TestEvent[], options: UpdateOptions = {}): LiveUpdate {
  const {
    run = 1,
    history = [],
    alerts = [],
    newAlerts = [],
    marks = [],
    newMarks = [],
    previousRuns = [],
    target = {},
  } = options;
  return {
    link: {
      status: "streaming",
      sinceMs: 1,
      detail: "events are arriving",
      nowMs: 2,
      bytesPerSecond: 3,
      eventsPerSecond: 4,
      idleSeconds: 0,
      lag: null,
      milestone: null,
    },
    snapshot: { ...ledgerOf([events]).snapshot({ source: { ...SOURCE, recording: false, run } }), ...target },
    history,
    newPoints: history.slice(-1),
    alerts,
    newAlerts,
    marks,
    newMarks,
    previousRuns,
    began: true,
  };
}

/** An allocation of 64 bytes at call site `site`. */
export const allocation = (site: string, ptr: number): TestEvent => ({
  kind: "kmalloc",
  ptr: BigInt(ptr),
  site,
  req: 60,
  alloc: 64,
});

/** A loss on CPU 0. */
export const lostAlert = (events: number): Alert => ({
  level: "lost",
  atMs: 1,
  timeNs: 2,
  cpu: 0,
  events,
  text: `CPU 0 lost ${events} events`,
  help: "a larger buffer",
});

/** A ring buffer of 1 MiB, a quarter full, that does not fill. */
export function cpuStats(cpu: number, part: Partial<CpuStats> = {}): CpuStats {
  return {
    cpu,
    entries: 4000,
    overrun: 0,
    commitOverrun: 0,
    bytes: 262_144,
    droppedEvents: 0,
    readEvents: 90_000,
    oldestEventAgeS: 3.2,
    sizeBytes: 1_048_576,
    fill: 0.25,
    secondsToOverrun: null,
    ...part,
  };
}

export const TARGET: TargetFacts = {
  mode: "text",
  modeReason: "ssh carries the events",
  link: { kind: "ssh", label: "ssh://root@board", bytesPerSecond: null, bytesReceived: 1000, reconnects: 0 },
  cpus: [cpuStats(0), cpuStats(1)],
  histMaps: [],
  gaps: [],
  findings: ["pointers stay hashed"],
  release: "6.1.0-18-amd64",
  bootId: "6f1c33f2",
};
