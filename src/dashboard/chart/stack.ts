/** The timeline's stack: of whom the net bytes are, from the ground up. Pure. */
import type { Series } from "../../model/wire.ts";

export const STACKINGS = ["net", "directories", "callers"] as const;
/** One line, or its parts by directory (by module where no source is known), or by caller. */
export type Stacking = (typeof STACKINGS)[number];

/** More layers than this are told apart by nobody. */
export const MOST_LAYERS = 8;

export interface Layer {
  readonly name: string;
  /** Net bytes at each of the times. */
  readonly net: readonly number[];
}

/** The layers that are drawn: those that held the most at any time, in the order of the series. */
export function layersOf(series: Series, stacking: Stacking): readonly Layer[] {
  if (stacking === "net") return [];
  const layers = series[stacking];
  if (layers.length <= MOST_LAYERS) return layers;
  const most = layers.map(({ net }) => net.reduce((high, value) => Math.max(high, value), 0));
  const least = [...most].sort((a, b) => b - a)[MOST_LAYERS - 1];
  return layers.filter((_, i) => most[i] >= least).slice(0, MOST_LAYERS);
}

/**
 * The upper edge of each layer at the times of the history, whose points lie denser: between two moments of the series a
 * straight line. What is above the last layer, up to the net bytes, is everybody else's.
 *
 * @returns a column a layer, each on top of those before it
 */
export function stackedColumns(times: readonly number[], layers: readonly Layer[], at: readonly number[]): number[][] {
  const columns = layers.map(() => new Array<number>(at.length).fill(0));
  let right = 0;
  at.forEach((time, i) => {
    while (right < times.length && times[right] < time) right++;
    const left = Math.max(0, right - 1);
    const within = Math.min(right, times.length - 1);
    const span = times[within] - times[left];
    const part = span > 0 ? Math.min(1, Math.max(0, (time - times[left]) / span)) : 1;
    let sum = 0;
    layers.forEach(({ net }, layer) => {
      // Before the first moment nothing is known; behind the last it is as it was.
      const value = time < times[0] ? 0 : net[left] + (net[within] - net[left]) * part;
      sum += Math.max(0, value || 0);
      columns[layer][i] = sum;
    });
  });
  return columns;
}

/** `[seconds, net]` of one caller as the series has it; undefined where it has no line. */
export function lineOf(series: Series, callSite: string): readonly (readonly [number, number])[] | undefined {
  const line = series.callers.find(({ name }) => name === callSite);
  return line && series.times.map((time, i) => [time, line.net[i]] as const);
}
