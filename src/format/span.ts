/** Spans from microseconds to days, and counts by steps of them. Pure. */
import { formatCount } from "./count.ts";

/** `12 µs`, `3.4 ms`, `12.3 s`, `2 m 13 s`. */
export function formatSmallSpan(seconds: number): string {
  if (seconds < 1e-3) return `${Math.round(seconds * 1e6)} µs`;
  return seconds < 1 ? `${short(seconds * 1e3)} ms` : formatSpan(seconds);
}

/**
 * `3 below 1 µs, 12 from 2.0 ms to 4.1 ms`; as in kmemtap.lives/1.
 *
 * @param only this step; all that have any where absent
 */
export function stepsInWords(steps: readonly number[], only?: number): string {
  return steps
    .map((count, step) => ({ count, step }))
    .filter(({ count, step }) => (only === undefined ? count > 0 : step === only))
    .map(({ count, step }) => `${formatCount(count)} ${rangeOf(step)}`)
    .join(", ");
}

const LAST_STEP = 32;

function rangeOf(step: number): string {
  const end = (at: number) => formatSmallSpan(2 ** at / 1e6);
  if (step === 0) return `below ${end(0)}`;
  return step === LAST_STEP ? `from ${end(step - 1)} on` : `from ${end(step - 1)} to ${end(step)}`;
}

function short(value: number): string {
  return value < 9.95 ? value.toFixed(1) : String(Math.round(value));
}

/** A span for people: `0.4 s`, `12.3 s`, `2 m 13 s`, `3 h 04 m`, `2 d 5 h`. Tenths only below a minute. */
export function formatSpan(seconds: number): string {
  const span = Math.max(0, seconds);
  if (span < 59.95) return `${span.toFixed(1)} s`;
  const whole = Math.round(span);
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${pad(whole % 60)} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} m`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`;
}

function pad(part: number): string {
  return String(part).padStart(2, "0");
}
