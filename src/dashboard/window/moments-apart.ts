/**
 * How exact a window is. The server keeps every caller's sums at some hundred moments of a run, and thins them as it goes on: a
 * window is between the two that are nearest to its ends, and those may be others tomorrow. Pure.
 */
import type { Span } from "../view/view.ts";

/** Seconds between two moments that are kept in and around the span: the middle one of all; null where fewer than two are. */
export function momentsApart(times: readonly number[], { min, max }: Span): number | null {
  const apart: number[] = [];
  for (let i = 1; i < times.length; i++) if (times[i] > min && times[i - 1] < max) apart.push(times[i] - times[i - 1]);
  // Where nothing happened nothing was kept, and nothing is missed: the middle one, not the largest.
  apart.sort((a, b) => a - b);
  return apart.length === 0 ? null : apart[apart.length >> 1];
}

/** Thinning leaves every second one. */
const CLEARLY_MORE = 1.5;

/** Whether moments have gone since the window was chosen. @param chosen as they lay then; null where that is not known */
export function hasLostMoments(now: number | null, chosen: number | null): boolean {
  return now !== null && chosen !== null && now > chosen * CLEARLY_MORE;
}
