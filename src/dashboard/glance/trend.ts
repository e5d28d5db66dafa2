/** How net bytes go. Pure. */
import type { HistoryPoint } from "../../model/wire.ts";
import { humanBytes } from "../format/bytes.ts";

/** As far back as a trend looks, seconds of the trace clock. */
export const TREND_S = 60;
/** Slower than this is standing still, bytes a second. */
const STILL = 16;

/** Bytes a second over the last minute of the trace clock; null before there are two moments. */
export function trendOf(history: readonly HistoryPoint[]): number | null {
  const last = history.at(-1);
  if (last === undefined) return null;
  let from = history.length - 1;
  while (from > 0 && last[0] - history[from - 1][0] <= TREND_S) from--;
  const [seconds, net] = history[from];
  return last[0] > seconds ? (last[1] - net) / (last[0] - seconds) : null;
}

/** `▲ 1.2 KiB/s`, `▼ 3.0 KiB/s`, `steady` */
export function describeTrend(bytesPerSecond: number): string {
  if (Math.abs(bytesPerSecond) < STILL) return "steady";
  return `${bytesPerSecond > 0 ? "▲" : "▼"} ${humanBytes(Math.abs(bytesPerSecond))}/s`;
}
