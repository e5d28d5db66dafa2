/**
 * What every caller's sums were at moments of a run: for the timeline, and for the account between two of them.
 *
 * Bounded in moments and in bytes, however long the run and however many its callers: when it is full every second moment
 * goes, and from then on they are taken half as often. So they are spread evenly over the run.
 */
import type { CallerRow } from "../../model/snapshot.ts";

/** Columns of a caller's sums. */
export const FIGURES = ["netBytes", "totalBytes", "allocs", "frees", "liveObjects"] as const;
export type Figure = (typeof FIGURES)[number];

const WIDTH = FIGURES.length;
const NET = FIGURES.indexOf("netBytes");

/** Whose sums are taken down, by name. */
export type MomentRow = Pick<CallerRow, "callSite" | Figure>;

export interface Moment {
  /** Trace clock, seconds. */
  readonly time: number;
  /** {@link FIGURES} of each caller, in the order in which callers came; those that came later are not in it. */
  readonly sums: Float64Array;
}

export interface MomentLimits {
  readonly moments: number;
  readonly bytes: number;
}

const LIMITS: MomentLimits = { moments: 300, bytes: 16 * 1024 * 1024 };
/** A run that is read from a file passes in no time: its moments are as dense as its updates. */
const FIRST_GAP_S = 0.1;

export class Moments {
  readonly #limits: MomentLimits;
  readonly #ids = new Map<string, number>();
  readonly #names: string[] = [];
  #moments: Moment[] = [];
  #bytes = 0;
  #gap = FIRST_GAP_S;
  /** Net bytes by time of each caller, up to the last moment: who has held the most. */
  readonly #held: number[] = [];

  constructor(limits: MomentLimits = LIMITS) {
    this.#limits = limits;
  }

  get all(): readonly Moment[] {
    return this.#moments;
  }

  /** Call sites in the order in which they came. */
  get callSites(): readonly string[] {
    return this.#names;
  }

  get bytes(): number {
    return this.#bytes;
  }

  isDue(time: number): boolean {
    const last = this.#moments.at(-1);
    return last === undefined || time - last.time >= this.#gap;
  }

  /** Takes down the rows as they are at `time`, if it {@link isDue is due}. */
  take(time: number, rows: readonly MomentRow[]): "none" | "added" | "thinned" {
    if (!this.isDue(time)) return "none";
    const last = this.#moments.at(-1);
    const moment = this.#momentOf(time, rows);
    if (last !== undefined) this.#hold(last, time - last.time);
    this.#moments.push(moment);
    this.#bytes += moment.sums.byteLength;
    let outcome: "added" | "thinned" = "added";
    // Few moments of very many callers: the two ends stay, whatever they take.
    for (; this.#isFull() && this.#moments.length > 2; outcome = "thinned") this.#thin();
    return outcome;
  }

  /** Sums of the rows as they are now, which is a moment as well as any. */
  now(time: number, rows: readonly MomentRow[]): Moment {
    return this.#momentOf(time, rows);
  }

  /** The moment before anything was allocated. */
  beginning(time: number): Moment {
    return { time, sums: new Float64Array(0) };
  }

  /** Net bytes of a caller over the whole run, as a mean and as they are now. */
  weightOf(caller: number): number {
    const last = this.#moments.at(-1);
    if (last === undefined) return 0;
    const seconds = last.time - this.#moments[0].time;
    return netOf(last, caller) + (seconds > 0 ? (this.#held[caller] ?? 0) / seconds : 0);
  }

  #momentOf(time: number, rows: readonly MomentRow[]): Moment {
    for (const { callSite } of rows) {
      if (this.#ids.has(callSite)) continue;
      this.#ids.set(callSite, this.#names.length);
      this.#names.push(callSite);
    }
    const sums = new Float64Array(this.#names.length * WIDTH);
    for (const row of rows) {
      const at = (this.#ids.get(row.callSite) ?? 0) * WIDTH;
      for (let column = 0; column < WIDTH; column++) sums[at + column] = row[FIGURES[column]];
    }
    return { time, sums };
  }

  #hold(moment: Moment, seconds: number): void {
    for (let caller = 0, at = NET; at < moment.sums.length; caller++, at += WIDTH)
      this.#held[caller] = (this.#held[caller] ?? 0) + moment.sums[at] * seconds;
  }

  #isFull(): boolean {
    return this.#moments.length > this.#limits.moments || this.#bytes > this.#limits.bytes;
  }

  /** The first and the last moment stay. */
  #thin(): void {
    const end = this.#moments.length - 1;
    this.#moments = this.#moments.filter((_, i) => i % 2 === 0 || i === end);
    this.#bytes = this.#moments.reduce((sum, { sums }) => sum + sums.byteLength, 0);
    const seconds = (this.#moments.at(-1)?.time ?? 0) - this.#moments[0].time;
    this.#gap = Math.max(this.#gap, seconds / this.#moments.length);
  }
}

/** A caller's figure at a moment; 0 where it had not come yet. */
export function figureAt({ sums }: Moment, caller: number, figure: Figure): number {
  return sums[caller * WIDTH + FIGURES.indexOf(figure)] ?? 0;
}

export function netOf({ sums }: Moment, caller: number): number {
  return sums[caller * WIDTH + NET] ?? 0;
}
