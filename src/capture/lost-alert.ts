import type { LossMark } from "../model/event-batch.ts";
import type { Alert } from "../model/wire.ts";

/** What helps against overruns, where nothing is known of link and kernel. */
export const OVERRUN_HELP = "a larger buffer (--buffer-kb, --on-overrun grow), a faster link, or --mode hist";

/** The alert that events were lost: on `cpu`, or (null) somewhere in the trace; `events` is null where nobody knows how many. */
export function lostAlert(cpu: number | null, events: number | null, timeNs: number, atMs: number): Alert {
  const where = cpu === null ? "the trace" : `CPU ${cpu}`;
  const what = events === null ? "events (the kernel did not say how many)" : `${events.toLocaleString("en")} events`;
  return {
    level: "lost",
    atMs,
    timeNs,
    cpu,
    events,
    text: `${where} lost ${what}: the ring buffer was overwritten before it was read`,
    help: OVERRUN_HELP,
  };
}

/** What the trace says was lost since the last tick, one alert a CPU: a buffer that overruns does so thousands of times. */
export function lostAlerts(losses: readonly LossMark[], atMs: number): Alert[] {
  const byCpu = new Map<number | null, { events: number | null; timeNs: number }>();
  for (const { cpu = null, events = null, timeNs } of losses) {
    const known = byCpu.get(cpu);
    const sum = known === undefined ? events : known.events === null || events === null ? null : known.events + events;
    byCpu.set(cpu, { events: sum, timeNs });
  }
  return [...byCpu].map(([cpu, loss]) => lostAlert(cpu, loss.events, loss.timeNs, atMs));
}
