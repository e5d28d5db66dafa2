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

/** Events of the sums that come once in some seconds, such as a shell's, are spread over so much. */
const SUMS_WINDOW_MS = 5000;

/** Events a second of sums that come as readings, about a second apart: over those of the last five seconds, until another comes. */
export class ReadingRate {
  #readings: { readonly atMs: number; readonly events: number }[] = [];
  #count = 0;
  #rate = 0;

  /** @param readings how many have come, or what else tells one from the one before; `events` is their sum */
  sample(atMs: number, readings: number, events: number): number {
    if (readings === this.#count) return this.#rate;
    this.#count = readings;
    const last = this.#readings.at(-1);
    // Sums that fell, or a clock that was set back: it begins anew.
    if (last !== undefined && (events < last.events || atMs <= last.atMs)) this.#readings = [];
    this.#readings.push({ atMs, events });
    while (this.#readings.length > 2 && this.#readings[1].atMs <= atMs - SUMS_WINDOW_MS) this.#readings.shift();
    const [first] = this.#readings;
    const seconds = (atMs - first.atMs) / 1000;
    this.#rate = seconds > 0 ? (events - first.events) / seconds : 0;
    return this.#rate;
  }

  reset(): void {
    this.#readings = [];
    this.#count = this.#rate = 0;
  }
}
