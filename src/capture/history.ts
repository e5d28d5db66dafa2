import type { HistoryPoint } from "../model/wire.ts";

/** Points kept for viewers that come late: beyond that, every second one of the older half goes. */
const MAX_POINTS = 4000;

/** Net bytes over the trace's time, at the pace of the snapshots. */
export class History {
  #points: HistoryPoint[] = [];

  get points(): readonly HistoryPoint[] {
    return this.#points;
  }

  /** Adds a point unless nothing has changed since the last one; whether it was added. */
  add(point: HistoryPoint): boolean {
    const last = this.#points.at(-1);
    if (last?.every((value, i) => value === point[i]) === true) return false;
    this.#points.push(point);
    if (this.#points.length > MAX_POINTS) {
      const older = MAX_POINTS / 2;
      this.#points = this.#points.filter((_, i) => i >= older || i % 2 === 0);
    }
    return true;
  }
}
