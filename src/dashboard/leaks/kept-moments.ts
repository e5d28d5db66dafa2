/** Of which moments of a window, or of the whole run, the server is asked what was held: those that this page did not see. Pure. */
import type { Mark } from "../../model/wire.ts";
import type { WorkloadProgress } from "../../model/workload-view.ts";
import { phasesOf } from "../chart/phases.ts";
import type { Span } from "../view/view.ts";
import { LEAST_SAMPLES } from "./suspects.ts";

/** Each is an account of all callers: enough for a trend, no more. */
const MOST_ASKED = 9;

export interface Watched {
  /** When this page began to watch, trace clock, seconds; null before. */
  readonly openedS: number | null;
  /** Samples that it has of the window. */
  readonly samples: number;
  /** Trace clock of the account's last event, seconds. */
  readonly nowS: number;
}

/** Whether the page's own samples do not tell of the window: it was opened later, or has too few left of a time that is over. */
export function isUnseen(window: Span, { openedS, samples, nowS }: Watched): boolean {
  return openedS === null || openedS > window.min || (samples < LEAST_SAMPLES && window.max < nowS);
}

/**
 * While the workload that ran last did, its end open until it is over: what its rounds leave grows then, and neither before nor after. Null
 * where none ran, or the mark of its beginning is no longer kept.
 */
export function whileItRan(marks: readonly Mark[], progress: WorkloadProgress | undefined): Span | null {
  if (progress === undefined || progress.phases === 0) return null;
  const phases = phasesOf(marks).slice(-progress.phases);
  if (phases.length < progress.phases) return null;
  return { min: phases[0].fromS, max: progress.over ? (phases.at(-1)?.toS ?? Infinity) : Infinity };
}

/** From the run's first moment that is kept on; null where none is, or the page watched from there. */
export function runBefore(times: readonly number[], openedS: number | null): Span | null {
  const first = times.at(0);
  if (first === undefined || (openedS !== null && first >= openedS)) return null;
  return { min: first, max: openedS ?? Infinity };
}

/**
 * Evenly over the part of the window that lies before the page was opened, or over all of it.
 *
 * @param times of the server's moments, trace clock, seconds
 */
export function askedOf(times: readonly number[], { min, max }: Span, openedS: number | null): readonly number[] {
  const until = openedS !== null && openedS > min ? openedS : Infinity;
  const inside = times.filter((time) => time >= min && time <= max && time < until);
  if (inside.length <= MOST_ASKED) return inside;
  const step = (inside.length - 1) / (MOST_ASKED - 1);
  return Array.from({ length: MOST_ASKED }, (_, i) => inside[Math.round(i * step)]);
}
