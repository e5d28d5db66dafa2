/** What one viewer may say: so many messages a second, and as many at once as it has saved up in two. */
export class MessageRate {
  readonly #perSecond: number;
  #left: number;
  #atMs = performance.now();

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#left = 2 * perSecond;
  }

  /** False where it is too much. */
  take(nowMs = performance.now()): boolean {
    const saved = this.#left + ((nowMs - this.#atMs) / 1000) * this.#perSecond;
    this.#left = Math.min(saved, 2 * this.#perSecond) - 1;
    this.#atMs = nowMs;
    return this.#left >= 0;
  }
}
