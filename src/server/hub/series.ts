/** The timeline's stack: net bytes of those callers and directories that hold, or held, the most. */
import type { CallerRow } from "../../model/snapshot.ts";
import type { Series } from "../../model/wire.ts";
import { type Moment, type Moments, netOf } from "./moments.ts";
import { directoryOf } from "./place.ts";

/** Callers, and directories, that have a line of their own. */
const LINES = 24;
/** A line gives way to one that weighs so much more: who is about equal must not change places all the time. */
const CLEARLY_MORE = 1.25;

export class SeriesBoard {
  readonly #moments: Moments;
  /** By caller's number: what it was last known of it, and its directory. */
  readonly #placed: { readonly source: CallerRow["source"]; readonly directory: number }[] = [];
  readonly #directories = new Map<string, number>();
  #callers: number[] = [];
  #shown: number[] = [];
  #series: Series = { times: [], callers: [], directories: [] };

  constructor(moments: Moments) {
    this.#moments = moments;
  }

  get series(): Series {
    return this.#series;
  }

  /**
   * Follows the moments.
   *
   * @returns the newest moment's point; undefined where all of {@link series} is new
   */
  follow(thinned: boolean, rows: readonly CallerRow[]): number[] | undefined {
    const moved = this.#place(rows);
    const callers = topOf(this.#callerWeights(), this.#callers);
    const shown = topOf(this.#directoryWeights(), this.#shown);
    if (thinned || moved || callers !== this.#callers || shown !== this.#shown) {
      this.#callers = callers;
      this.#shown = shown;
      this.#series = this.#compose();
      return undefined;
    }
    const point = this.#pointOf(this.#moments.all[this.#moments.all.length - 1]);
    const { times, callers: lines, directories } = this.#series;
    times.push(point[0]);
    [...lines, ...directories].forEach(({ net }, i) => net.push(point[i + 1]));
    return point;
  }

  /** Whether a caller that was placed before belongs elsewhere now. */
  #place(rows: readonly CallerRow[]): boolean {
    const byName = new Map(rows.map((row) => [row.callSite, row]));
    let moved = false;
    this.#moments.callSites.forEach((callSite, caller) => {
      const row = byName.get(callSite);
      const known = this.#placed.at(caller);
      if (known !== undefined && (row === undefined || known.source === row.source)) return;
      const directory = this.#directoryId(directoryOf(row ?? { callSite }));
      moved ||= known !== undefined && known.directory !== directory;
      this.#placed[caller] = { source: row?.source, directory };
    });
    return moved;
  }

  #directoryId(name: string): number {
    const known = this.#directories.get(name);
    if (known !== undefined) return known;
    this.#directories.set(name, this.#directories.size);
    return this.#directories.size - 1;
  }

  #callerWeights(): number[] {
    return this.#moments.callSites.map((_, caller) => this.#moments.weightOf(caller));
  }

  #directoryWeights(): number[] {
    const weights = new Array<number>(this.#directories.size).fill(0);
    this.#placed.forEach(({ directory }, caller) => (weights[directory] += this.#moments.weightOf(caller)));
    return weights;
  }

  #compose(): Series {
    const points = this.#moments.all.map((moment) => this.#pointOf(moment));
    const line = (name: string, column: number) => ({ name, net: points.map((point) => point[column]) });
    const names = [...this.#directories.keys()];
    return {
      times: points.map(([time]) => time),
      callers: this.#callers.map((caller, i) => line(this.#moments.callSites[caller], 1 + i)),
      directories: this.#shown.map((directory, i) => line(names[directory], 1 + this.#callers.length + i)),
    };
  }

  #pointOf(moment: Moment): number[] {
    const sums = new Array<number>(this.#directories.size).fill(0);
    this.#placed.forEach(({ directory }, caller) => (sums[directory] += netOf(moment, caller)));
    return [
      moment.time,
      ...this.#callers.map((caller) => netOf(moment, caller)),
      ...this.#shown.map((directory) => sums[directory]),
    ];
  }
}

/** The heaviest, heaviest first; `before` itself where none of the others is clearly heavier than one of it. */
function topOf(weights: readonly number[], before: number[]): number[] {
  const order = weights.map((_, i) => i).filter((i) => weights[i] > 0);
  order.sort((a, b) => weights[b] - weights[a]);
  const top = order.slice(0, LINES);
  const has = new Set(before);
  const best = order.find((i) => !has.has(i));
  if (best === undefined) return before;
  const isFull = before.length >= LINES;
  const least = Math.min(...before.map((i) => weights[i]));
  return isFull && weights[best] <= least * CLEARLY_MORE ? before : top;
}
