/** Bytes and events a second over the last moments, from running totals. */
export interface Rate {
  readonly bytesPerSecond: number;
  readonly eventsPerSecond: number;
}

const WINDOW_MS = 2000;

export class RateMeter {
  #samples: { atMs: number; bytes: number; events: number }[] = [];

  /** Call at a steady pace with the totals so far. */
  sample(atMs: number, bytes: number, events: number): Rate {
    this.#samples.push({ atMs, bytes, events });
    while (this.#samples.length > 2 && this.#samples[1].atMs <= atMs - WINDOW_MS) this.#samples.shift();
    const first = this.#samples[0];
    const seconds = (atMs - first.atMs) / 1000;
    if (seconds <= 0) return { bytesPerSecond: 0, eventsPerSecond: 0 };
    return { bytesPerSecond: (bytes - first.bytes) / seconds, eventsPerSecond: (events - first.events) / seconds };
  }

  reset(): void {
    this.#samples = [];
  }
}

/** Events a second of sums that come as readings, seconds apart: between the last two, until another comes. */
export class ReadingRate {
  #last: { readonly readings: number; readonly atMs: number; readonly events: number } | undefined;
  #rate = 0;

  /** @param readings how many have come, of which `events` is the sum */
  sample(atMs: number, readings: number, events: number): number {
    const last = this.#last;
    if (readings === 0 || last?.readings === readings) return this.#rate;
    const seconds = last === undefined ? 0 : (atMs - last.atMs) / 1000;
    this.#rate = last === undefined || seconds <= 0 ? 0 : Math.max(0, events - last.events) / seconds;
    this.#last = { readings, atMs, events };
    return this.#rate;
  }

  reset(): void {
    this.#last = undefined;
    this.#rate = 0;
  }
}
