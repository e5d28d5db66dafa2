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
