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
