/** An account at a moment, as what works unattended sees it: files, metrics, sinks. */
import { hasDelivered, isOver } from "../../capture/update-state.ts";
import type { LiveUpdate } from "../../capture/live-update.ts";
import type { Lives } from "../../model/lives.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { Tasks } from "../../model/tasks.ts";

export interface Moment {
  /** Unix epoch, ms. */
  readonly atMs: number;
  readonly snapshot: Snapshot;
  readonly eventsPerSecond: number;
  /** Its run is over: no moment of it follows. */
  readonly isLast: boolean;
  /** Runs that ended before, the latest of them as they were at their ends; absent where nobody tells. */
  readonly previousRuns?: LiveUpdate["previousRuns"] | undefined;
  /** Events were lost since the moment before. */
  readonly isLosing: boolean;
  /** Frees by the call site that freed; undefined where nothing tells, as in mode hist. */
  readonly freeingCallSites?: (() => ReadonlyMap<string, number>) | undefined;
  /** Which task allocated what, where that is kept. */
  readonly tasks?: (() => Tasks | undefined) | undefined;
  /** How long objects live, and how old they are, where that is kept. */
  readonly lives?: (() => Lives | undefined) | undefined;
}

/** Undefined while a target is still being armed, and before anything has come of it: there is nothing to be written yet. */
export function momentOf(update: LiveUpdate, atMs: number): Moment | undefined {
  if (!hasDelivered(update)) return undefined;
  const { link, snapshot, newAlerts, freeingCallSites, tasks, lives, previousRuns } = update;
  const isLosing = newAlerts.some(({ level }) => level === "lost");
  const { eventsPerSecond } = link;
  const isLast = isOver(update);
  return { atMs, snapshot, eventsPerSecond, isLast, previousRuns, isLosing, freeingCallSites, tasks, lives };
}

/** Events of an account. In mode hist none travels: the kernel has added them up. */
export function eventsIn({ mode, input, totals }: Snapshot): number {
  return mode === "hist" ? totals.allocs + totals.frees : input.events.lines;
}
