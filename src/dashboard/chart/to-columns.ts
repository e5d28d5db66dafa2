import type { HistoryPoint } from "../../model/wire.ts";
import type { Span } from "../view/view.ts";
import { thinHistory } from "../state/thin-history.ts";

/** x in seconds, net, net requested, live objects: as uPlot takes them. */
export type Columns = [number[], number[], number[], number[]];

/**
 * The history as columns to draw, no more points than `limit`.
 *
 * @param zoom only this span, and the points next to it so that the line reaches the edge; null for all
 */
export function toColumns(history: readonly HistoryPoint[], limit: number, zoom: Span | null): Columns {
  const columns: Columns = [[], [], [], []];
  let latest = Number.NEGATIVE_INFINITY;
  for (const [seconds, net, requested, live] of thinHistory(zoom === null ? history : within(history, zoom), limit)) {
    // uPlot searches x by halves: it must not go back, which clocks of several CPUs may do by microseconds.
    latest = Math.max(latest, seconds);
    columns[0].push(latest);
    columns[1].push(net);
    columns[2].push(requested);
    columns[3].push(live);
  }
  return columns;
}

function within(history: readonly HistoryPoint[], { min, max }: Span): readonly HistoryPoint[] {
  const from = history.findIndex(([seconds]) => seconds >= min);
  const past = history.findIndex(([seconds]) => seconds > max);
  return history.slice(Math.max(0, (from === -1 ? history.length : from) - 1), past === -1 ? history.length : past + 1);
}
