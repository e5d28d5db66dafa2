/**
 * Pids of the processes that the agent's reader starts, and when they were those: a pid is another's afterwards.
 *
 * Each round's line names those of the round before, and the one that reads this round's stats. All of them began after the
 * stats of the round before, and are gone when the stats of the round to come are taken.
 */

/** Trace clock; its end is known later. */
export interface HelperSpan {
  readonly fromNs: number;
  toNs: number;
}

const MASK = 0xffff;

export class Helpers {
  readonly #spans = new Map<number, HelperSpan>();
  readonly #onHelper: ((pid: number, span: HelperSpan) => void) | undefined;
  /** By a pid's low bits: whether it is worth looking. */
  readonly seen = new Uint8Array(MASK + 1);
  /** Of {@link seen}, so far. */
  changes = 0;
  /** The rounds that events may still come from, oldest first. */
  readonly #rounds: (readonly number[])[] = [];

  /** @param onHelper told of each, before its end is known */
  constructor(onHelper?: (pid: number, span: HelperSpan) => void) {
    this.#onHelper = onHelper;
  }

  /** @param statsNs the trace clock at the stats of the round before */
  hear(pids: string, statsNs: number): void {
    // Those of two rounds ago were gone by then.
    for (const pid of this.#rounds.at(-2) ?? []) {
      const span = this.#spans.get(pid);
      if (span?.toNs === Infinity) span.toNs = statsNs;
    }
    const round = pids.split(",").map(Number).filter(Number.isSafeInteger);
    this.#rounds.push(round);
    this.changes += 1;
    for (const pid of round) {
      const span = { fromNs: statsNs, toNs: Infinity };
      this.#spans.set(pid, span);
      this.#onHelper?.(pid, span);
      this.seen[pid & MASK] = 1;
    }
  }

  /** No older event is still to come. */
  forgetBefore(timeNs: number): void {
    while (this.#rounds.length > 2 && this.#rounds[0].every((pid) => (this.#spans.get(pid)?.toNs ?? 0) < timeNs)) {
      for (const pid of this.#rounds.shift() ?? []) {
        if ((this.#spans.get(pid)?.toNs ?? Infinity) < timeNs) this.#forget(pid);
      }
    }
  }

  #forget(pid: number): void {
    this.#spans.delete(pid);
    const low = pid & MASK;
    let isOthers = false;
    for (const other of this.#spans.keys()) if ((other & MASK) === low) isOthers = true;
    if (!isOthers) this.seen[low] = 0;
    this.changes += 1;
  }

  /** True where what the process did then was the agent's. */
  has(pid: number, timeNs: number): boolean {
    if (this.seen[pid & MASK] === 0) return false;
    const span = this.#spans.get(pid);
    return span !== undefined && timeNs >= span.fromNs && timeNs <= span.toNs;
  }
}
