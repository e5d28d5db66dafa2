/** A span for people: `0.4 s`, `12.3 s`, `2 m 13 s`, `3 h 04 m`, `2 d 5 h`. Tenths only below a minute. */
export function formatSpan(seconds: number): string {
  const span = Math.max(0, seconds);
  if (span < 59.95) return `${span.toFixed(1)} s`;
  const whole = Math.round(span);
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${pad(whole % 60)} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} m`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`;
}

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

function pad(part: number): string {
  return String(part).padStart(2, "0");
}
