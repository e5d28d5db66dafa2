/** Updates as a live session makes them, from what has happened so far. */
import type { LiveUpdate, PreviousRun } from "../../src/capture/live-session.ts";
import type { HistoryPoint, Alert } from "../../src/model/wire.ts";
import { SOURCE } from "./account.ts";
import { ledgerOf, type TestEvent } from "./events.ts";

export interface UpdateOptions {
  readonly run?: number;
  readonly history?: readonly HistoryPoint[];
  readonly alerts?: readonly Alert[];
  readonly newAlerts?: readonly Alert[];
  readonly previousRuns?: readonly PreviousRun[];
}

export function updateOf(events: readonly TestEvent[], options: UpdateOptions = {}): LiveUpdate {
  const { run = 1, history = [], alerts = [], newAlerts = [], previousRuns = [] } = options;
  return {
    link: {
      status: "streaming",
      sinceMs: 1,
      detail: "events are arriving",
      nowMs: 2,
      bytesPerSecond: 3,
      eventsPerSecond: 4,
      lag: null,
      milestone: null,
    },
    snapshot: ledgerOf([events]).snapshot({ source: { ...SOURCE, recording: false, run } }),
    history,
    newPoints: history.slice(-1),
    alerts,
    newAlerts,
    previousRuns,
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
