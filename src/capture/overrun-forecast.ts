/**
 * When a ring buffer will overrun, if it is going to. Pure.
 *
 * A reader that works in turns leaves something in the buffer at any one look, and two looks make a rate of it: a buffer that
 * is 1 % full then "overruns in 9 s" all day. So a time is stated only where the buffer held more at each of the last
 * {@link RISES} looks than at the one before, and where it is within {@link REACH_S} at the mean rate since the first of them. Three looks
 * at a buffer that is all but empty may well rise by chance: it is to hold {@link LEAST_FILL} of its size as well.
 */

/** Looks in a row at each of which it held more. */
export const RISES = 3;
/** Later than this nobody can tell, seconds. */
export const REACH_S = 120;
/** Share of its size below which a buffer is one that is read. */
export const LEAST_FILL = 0.1;

interface Look {
  readonly bytes: number;
  /** Trace clock, nanoseconds. */
  readonly nowNs: number;
}

export class OverrunForecast {
  /** From the lowest on, each higher than the one before; no more than are needed. */
  #rising: Look[] = [];

  /** Seconds to the overrun from this look on; null where none is in sight, or the size (0) is not known. */
  look({ bytes, nowNs }: Look, sizeBytes: number): number | null {
    const last = this.#rising.at(-1);
    const rises = last !== undefined && bytes > last.bytes && nowNs > last.nowNs;
    this.#rising = rises ? [...this.#rising.slice(-RISES), { bytes, nowNs }] : [{ bytes, nowNs }];
    if (sizeBytes === 0 || !rises) return null;
    if (bytes >= sizeBytes) return 0;
    if (this.#rising.length <= RISES || bytes < sizeBytes * LEAST_FILL) return null;
    const [first] = this.#rising;
    const bytesPerSecond = (bytes - first.bytes) / ((nowNs - first.nowNs) / 1e9);
    const seconds = (sizeBytes - bytes) / bytesPerSecond;
    return seconds <= REACH_S ? seconds : null;
  }
}
