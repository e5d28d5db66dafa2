import { setTimeout as sleep } from "node:timers/promises";

/** Holds a recording back to the speed of its own clock. */
export class Pacer {
  readonly #speed: number;
  readonly #over: AbortSignal | undefined;
  #startMs = 0;
  #startNs: number | undefined;

  /** @param over fires when nothing is to be waited for any more */
  constructor(speed: number, over?: AbortSignal) {
    this.#speed = speed;
    this.#over = over;
  }

  /** Waits until the trace's `timeNs` is due; the first one seen is due at once. */
  async hold(timeNs: number | null): Promise<void> {
    if (timeNs === null) return;
    if (this.#startNs === undefined) {
      this.#startNs = timeNs;
      this.#startMs = Date.now();
    }
    const dueMs = this.#startMs + (timeNs - this.#startNs) / 1e6 / this.#speed;
    const waitMs = dueMs - Date.now();
    // Not a reason to stay alive: Ctrl-C may come in the middle of a long pause of the trace.
    if (waitMs <= 0) return;
    await sleep(waitMs, undefined, { ref: false, ...(this.#over && { signal: this.#over }) }).catch(() => undefined);
  }
}
