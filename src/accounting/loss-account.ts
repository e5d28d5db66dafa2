import type { EventBatch } from "../model/event-batch.ts";
import { NO_CPU } from "../model/no-value.ts";
import type { CpuLoss } from "../model/loss.ts";

/** What was lost, by CPU: the kernel keeps one ring buffer each. */
export class LossAccount {
  lostEvents = 0;
  lostUncounted = 0;
  readonly #cpus: CpuLoss[] = [];

  apply(batch: EventBatch): void {
    this.#count(batch);
    for (const loss of batch.losses) {
      this.lostEvents += loss.events ?? 0;
      this.lostUncounted += loss.events === undefined ? 1 : 0;
      if (loss.cpu === undefined) continue;
      const row = this.#row(loss.cpu);
      row.lostEvents += loss.events ?? 0;
      row.lostUncounted += loss.events === undefined ? 1 : 0;
      row.lastLossNs = loss.timeNs;
    }
  }

  #count({ cpu, length }: EventBatch): void {
    // Run by run, as the merge by time takes them: to count event by event would be a fiftieth of all that is done to one.
    for (let from = 0; from < length;) {
      const one = cpu[from];
      let to = from + 1;
      while (to < length && cpu[to] === one) to += 1;
      // A console does not say which CPU an event came from.
      if (one !== NO_CPU) this.#row(one).events += to - from;
      from = to;
    }
  }

  /** One row a CPU that was seen, in order. */
  perCpu(): CpuLoss[] {
    return Object.values(this.#cpus).map((row) => ({ ...row }));
  }

  #row(cpu: number): CpuLoss {
    return (this.#cpus[cpu] ??= { cpu, events: 0, lostEvents: 0, lostUncounted: 0, lastLossNs: null });
  }
}
