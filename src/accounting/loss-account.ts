import type { EventBatch } from "../model/event-batch.ts";
import { NO_CPU } from "../model/no-value.ts";
import type { CpuLoss } from "../model/snapshot.ts";

/** What was lost, by CPU: the kernel keeps one ring buffer each. */
export class LossAccount {
  lostEvents = 0;
  lostUncounted = 0;
  readonly #cpus: CpuLoss[] = [];

  apply(batch: EventBatch): void {
    const { cpu, length } = batch;
    // Runs of one CPU are long in a merged trace, so the row is looked up once a run.
    for (let i = 0; i < length;) {
      const current = cpu[i];
      const from = i;
      while (i < length && cpu[i] === current) i++;
      // A console does not say which CPU an event came from.
      if (current !== NO_CPU) this.#row(current).events += i - from;
    }
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

  /** One row a CPU that was seen, in order. */
  perCpu(): CpuLoss[] {
    return Object.values(this.#cpus).map((row) => ({ ...row }));
  }

  #row(cpu: number): CpuLoss {
    return (this.#cpus[cpu] ??= { cpu, events: 0, lostEvents: 0, lostUncounted: 0, lastLossNs: null });
  }
}
