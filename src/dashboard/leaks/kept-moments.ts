/** Of which moments of a window the server is asked what was held: those that this page did not see. Pure. */
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
