/** What only two looks at an account tell: how fast events come, and what has grown. */
import { eventsIn, type Moment } from "../headless/moment.ts";
import type { TopData } from "./top-data.ts";
import { rowOfTask } from "./top-rows.ts";

/** Nearer to each other they tell nothing of a second. */
const LEAST_MS = 50;

/** Net bytes by call site, and by task where they are kept. */
export function netOf({ snapshot, tasks }: Moment): ReadonlyMap<string, number> {
  const rows = [...snapshot.callers, ...(tasks?.()?.tasks ?? []).map(rowOfTask)];
  return new Map(rows.map(({ callSite, netBytes }) => [callSite, netBytes]));
}

export type Change = Pick<TopData, "eventsPerSecond" | "baseline" | "history" | "stepMs">;

/**
 * From the first look to the last one.
 *
 * @param netBytes now
 * @returns no rate and no growth where there was one look alone, or another boot in between
 */
export function changeBetween(first: Moment | undefined, last: Moment | undefined, netBytes: number): Change {
  const ms = first === undefined || last === undefined ? 0 : last.atMs - first.atMs;
  if (
    first === undefined ||
    last === undefined ||
    ms < LEAST_MS ||
    first.snapshot.source.run !== last.snapshot.source.run
  )
    return { eventsPerSecond: undefined, baseline: undefined, history: [netBytes], stepMs: 1000 };
  const events = eventsIn(last.snapshot) - eventsIn(first.snapshot);
  return {
    eventsPerSecond: Math.max(0, events) / (ms / 1000),
    baseline: netOf(first),
    history: [first.snapshot.totals.netBytes, netBytes],
    stepMs: ms,
  };
}
