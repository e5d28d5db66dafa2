import type { EventBatch } from "../model/event-batch.ts";
import { NO_CPU } from "../model/no-value.ts";
import type { CpuLoss } from "../model/loss.ts";

/** Of CPUs beyond so many events are counted, too, not as fast. */
const CPUS = 1024;
const LANES = 4;

/** What was lost, by CPU: the kernel keeps one ring buffer each. */
export class LossAccount {
  lostEvents = 0;
  lostUncounted = 0;
  /**
   * Events by CPU, in {@link LANES} parts each: of neighbours each counts in a part of its own, since a counter that was just written is
   * slow to read again, and this is done to every event.
   */
  readonly #events = new Float64Array(CPUS * LANES);
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

  #count({ cpu, cpuEvents, length }: EventBatch): void {
    const counted = [...(cpuEvents ?? [])];
    if (counted.reduce((sum, [, events]) => sum + events, 0) === length) {
      for (const [of, events] of counted) this.#countOn(of, events);
      return;
    }
    const counts = this.#events;
    let i = 0;
    for (; i + LANES <= length; i += LANES) {
      const a = cpu[i];
      const b = cpu[i + 1];
      const c = cpu[i + 2];
      const d = cpu[i + 3];
      if ((a | b | c | d) >= CPUS) {
        for (let k = i; k < i + LANES; k++) this.#countOn(cpu[k], 1);
        continue;
      }
      counts[a * LANES] += 1;
      counts[b * LANES + 1] += 1;
      counts[c * LANES + 2] += 1;
      counts[d * LANES + 3] += 1;
    }
    for (; i < length; i++) this.#countOn(cpu[i], 1);
  }

  #countOn(cpu: number, events: number): void {
    // A console does not say which CPU an event came from.
    if (cpu === NO_CPU) return;
    if (cpu < CPUS) this.#events[cpu * LANES] += events;
    else this.#row(cpu).events += events;
  }

  /** One row a CPU that was seen, in order. */
  perCpu(): CpuLoss[] {
    for (let cpu = 0; cpu < CPUS; cpu++) {
      const at = cpu * LANES;
      const events = this.#events[at] + this.#events[at + 1] + this.#events[at + 2] + this.#events[at + 3];
      if (events > 0) this.#row(cpu).events = events;
    }
    return Object.values(this.#cpus).map((row) => ({ ...row }));
  }

  #row(cpu: number): CpuLoss {
    return (this.#cpus[cpu] ??= { cpu, events: 0, lostEvents: 0, lostUncounted: 0, lastLossNs: null });
  }
}
