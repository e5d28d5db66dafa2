import { formatSpan } from "../../format/span.ts";

export { formatSpan };

/** The same in whole seconds: for ages that are told every second, and for estimates. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return seconds < 60 ? `${seconds} s` : formatSpan(seconds);
}

/** A moment on the trace clock: `12.345678 s`, to the microsecond, as trace lines print it. */
export function formatTraceTime(ns: number): string {
  return `${(ns / 1e9).toFixed(6)} s`;
}

/** Wall clock, 24 hours, in the viewer's zone. */
export function formatWallClock(ms: number): string {
  return new Date(ms).toLocaleTimeString("en-GB");
}
