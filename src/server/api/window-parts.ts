/** What each caller, pair of a task and a caller, or stack changed by between two of the moments that are kept. */
import type { WindowQuery } from "../../model/api.ts";
import { type Figure, FIGURES, figureAt, type Moment, type MomentRow, type Moments } from "../hub/moments.ts";

export type Sums = Record<Figure, number>;

/** Of a row of the moments, by its name. */
export interface Part extends Sums {
  readonly name: string;
}

/** The run now, and when it began: trace clock, seconds. */
export interface Times {
  readonly time: number;
  readonly began: number;
}

export interface Changed {
  /** The moments that were used: trace clock, seconds. */
  readonly from: number;
  readonly to: number;
  /** Those of which something changed. */
  readonly parts: readonly Part[];
}

/** @param rows as they are now */
export function changesIn(
  moments: Moments,
  { time, began }: Times,
  rows: readonly MomentRow[],
  { from = -Infinity, to = Infinity }: Pick<WindowQuery, "from" | "to">,
): Changed {
  const now = moments.now(time, rows);
  const all = [moments.beginning(began), ...moments.all, now];
  const first = nearest(all, from);
  const last = nearest(all, to);
  const parts = moments.callSites
    .map((name, number) => ({ name, ...between(first, last, number) }))
    .filter((part) => FIGURES.some((figure) => part[figure] !== 0));
  return { from: first.time, to: last.time, parts };
}

/** @param all of them in order, at least one; of those that are equally near the last, which has more in it */
function nearest(all: readonly Moment[], time: number): Moment {
  if (time === -Infinity) return all[0];
  if (time === Infinity) return all[all.length - 1];
  return all.reduce((best, moment) => (Math.abs(moment.time - time) <= Math.abs(best.time - time) ? moment : best));
}

function between(first: Moment, last: Moment, number: number): Sums {
  const change = (figure: Figure) => figureAt(last, number, figure) - figureAt(first, number, figure);
  return {
    netBytes: change("netBytes"),
    totalBytes: change("totalBytes"),
    allocs: change("allocs"),
    frees: change("frees"),
    liveObjects: change("liveObjects"),
  };
}

export function sumOf(parts: Iterable<Sums>): Sums {
  const sums: Sums = { netBytes: 0, totalBytes: 0, allocs: 0, frees: 0, liveObjects: 0 };
  for (const part of parts) for (const figure of FIGURES) sums[figure] += part[figure];
  return sums;
}
