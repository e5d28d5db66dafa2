import type { EventBatch } from "../model/event-batch.ts";
import { NO_CPU } from "../model/no-value.ts";
import type { CpuLoss } from "../model/loss.ts";

/** What was lost, by CPU: the kernel keeps one ring buffer each. */
export class LossAccount {
  lostEvents = 0;
  lostUncounted = 0;
  readonly #cpus: CpuLoss[] = [];
  /** Events of a batch by CPU. */
  readonly #counts = new Uint32Array(NO_CPU + 1);

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
    const counts = this.#counts;
    const seen: number[] = [];
    for (let i = 0; i < length; i++) if (counts[cpu[i]]++ === 0) seen.push(cpu[i]);
    for (const one of seen) {
      // A console does not say which CPU an event came from.
      if (one !== NO_CPU) this.#row(one).events += counts[one];
      counts[one] = 0;
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
