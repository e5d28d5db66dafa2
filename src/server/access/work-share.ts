/**
 * A part of this process's time, for what viewers ask: the capture, which is read by the same thread, has the rest. Among those who ask
 * it goes to who has had the least of it, however many connections the others have.
 */

/** Of all time: two such shares leave a third to the capture. */
const PART = 1 / 3;
/** What may be saved up while nobody asks: a page that is opened waits for nothing. */
const SAVED_MS = 500;
/** Of whom it is remembered what they had. */
const MAX_KNOWN = 1000;

export class WorkShare {
  #leftMs = SAVED_MS;
  #atMs = performance.now();
  /** What each had of it, as if all had asked since the beginning: who comes late has no claim to what was before. */
  readonly #had = new Map<string, number>();
  /** The same of whose turn it was last. */
  #nowMs = 0;

  /** Whether some of it is left. */
  isFree(atMs = performance.now()): boolean {
    return this.#saved(atMs) > 0;
  }

  /** Whether nearly nobody asks: whoever does needs not wait for others. */
  isIdle(atMs = performance.now()): boolean {
    return this.#saved(atMs) > SAVED_MS / 2;
  }

  /** Of those who wait the one whose turn it is; undefined of nobody. */
  next(waiting: Iterable<string>): string | undefined {
    let next: string | undefined;
    for (const who of waiting) if (next === undefined || this.#hadBy(who) < this.#hadBy(next)) next = who;
    return next;
  }

  /** Does what waits, one after the other in turn, as long as some of it is left; of one who asks in order. */
  use<Item>(items: readonly Item[], whoOf: (item: Item) => string, work: (item: Item) => void): void {
    const waiting = new Map<string, Item[]>();
    for (const item of items) {
      const who = whoOf(item);
      const ofOne = waiting.get(who);
      if (ofOne === undefined) waiting.set(who, [item]);
      else ofOne.push(item);
    }
    for (let who = this.next(waiting.keys()); who !== undefined && this.isFree(); who = this.next(waiting.keys())) {
      const [item, ...rest] = waiting.get(who) ?? [];
      const beganMs = performance.now();
      work(item);
      this.spend(who, performance.now() - beganMs);
      if (rest.length > 0) waiting.set(who, rest);
      else waiting.delete(who);
    }
  }

  /** @param ms that were spent on what `who` asked */
  spend(who: string, ms: number, atMs = performance.now()): void {
    this.#leftMs = this.#saved(atMs) - ms;
    this.#nowMs = this.#hadBy(who);
    this.#had.set(who, this.#nowMs + ms);
    if (this.#had.size <= MAX_KNOWN) return;
    for (const [known, had] of this.#had) if (had <= this.#nowMs) this.#had.delete(known);
  }

  #hadBy(who: string): number {
    return Math.max(this.#had.get(who) ?? 0, this.#nowMs);
  }

  #saved(atMs: number): number {
    this.#leftMs = Math.min(SAVED_MS, this.#leftMs + Math.max(0, atMs - this.#atMs) * PART);
    this.#atMs = Math.max(atMs, this.#atMs);
    return this.#leftMs;
  }
}
