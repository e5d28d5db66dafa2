/** Times of which nothing was recorded, as spans of the trace clock. Pure. */
import type { HistoryPoint, Mark } from "../../model/wire.ts";

export interface GapSpan {
  /** Trace clock of what arrived last before it. */
  readonly fromS: number;
  /** Of what arrived first after it; null while nothing has. */
  readonly toS: number | null;
  /** Why, in a line. */
  readonly text: string;
}

/** In their order. A gap's mark stands between what came before it and what came after. */
export function gapsOf(marks: readonly Mark[], history: readonly HistoryPoint[]): GapSpan[] {
  const gaps: GapSpan[] = [];
  for (const { kind, timeNs, text } of marks) {
    if (kind !== "gap") continue;
    const at = timeNs / 1e9;
    const after = firstAfter(history, at);
    const fromS = history.at(after - 1)?.[0] ?? at;
    gaps.push({ fromS: after === 0 ? at : fromS, toS: history.at(after)?.[0] ?? null, text });
  }
  return gaps;
}

/** Place of the first point that is later; the length where none is. */
function firstAfter(history: readonly HistoryPoint[], seconds: number): number {
  let [low, high] = [0, history.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (history[middle][0] > seconds) high = middle;
    else low = middle + 1;
  }
  return low;
}
