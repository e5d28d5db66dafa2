/** How net bytes went of late. Pure. */
import type { HistoryPoint } from "../../model/wire.ts";
import { signedBytes } from "../format/bytes.ts";

/** As far back as a trend looks, seconds of the trace clock. */
export const TREND_S = 30;

/**
 * Net bytes now less those {@link TREND_S} ago; null where the trace does not reach as far back.
 *
 * @param idleS since the last point: none comes while nothing happens, but the trace clock goes on
 */
export function trendOf(history: readonly HistoryPoint[], idleS: number): number | null {
  const last = history.at(-1);
  if (last === undefined) return null;
  const since = last[0] + idleS - TREND_S;
  // As it was last noted before: nothing is noted while nothing happens.
  const before = history.findLast(([seconds]) => seconds <= since);
  return before === undefined ? null : last[1] - before[1];
}

/** `+1.2 MiB in 30 s`, `−3.0 KiB in 30 s`, `±0 in 30 s`; `–` while it is not known. */
export function describeTrend(grownBytes: number | null): string {
  const grown = grownBytes === null ? "–" : grownBytes === 0 ? "±0" : signedBytes(grownBytes);
  return `${grown} in ${TREND_S} s`;
}
