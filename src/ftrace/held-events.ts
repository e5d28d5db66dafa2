/** Events kept beyond the batch that they came in, with a column for their stacks. */
import type { EventBatch } from "../model/event-batch.ts";
import { EventColumns } from "./event-columns.ts";

const COLUMNS = ["kind", "ptrLow", "ptrHigh", "callSite", "bytesReq", "bytesAlloc", "cpu", "timeNs"] as const;

export class HeldEvents extends EventColumns {
  /** Id in the table of stacks, 0 where there is none. */
  stack = new Uint32Array(this.kind.length);

  /** Takes over the events `[from, to)` of a batch, behind those that are here. */
  addRange(batch: EventBatch, from: number, to: number): void {
    this.reserve(to - from);
    if (this.kind.length > this.stack.length) {
      const larger = new Uint32Array(this.kind.length);
      larger.set(this.stack);
      this.stack = larger;
    }
    for (const name of COLUMNS) this[name].set(batch[name].subarray(from, to), this.length);
    if (batch.task !== undefined) this.tasks().set(batch.task.subarray(from, to), this.length);
    this.stack.fill(0, this.length, this.length + to - from);
    this.length += to - from;
  }

  /** Forgets the first `count` events. */
  drop(count: number): void {
    for (const name of COLUMNS) this[name].copyWithin(0, count, this.length);
    this.task?.copyWithin(0, count, this.length);
    this.stack.copyWithin(0, count, this.length);
    this.length -= count;
  }
}
