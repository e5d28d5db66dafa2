/** Events kept beyond the batch they came in, with all that the batch said besides. */
import { EventColumns } from "../ftrace/event-columns.ts";
import type { EventBatch } from "../model/event-batch.ts";

export class EventStore extends EventColumns {
  /** As a batch has it: of all events or of none. */
  stack: Uint32Array | undefined;

  /** Adds all of a batch. */
  append(batch: EventBatch): void {
    const before = this.length;
    for (let i = 0; i < batch.length; i++) this.copy(batch, i);
    this.losses.push(...batch.losses);
    this.unread.push(...batch.unread);
    for (const mark of batch.marks) this.marks.push({ ...mark, at: before + mark.at });
    this.tally.add(batch.tally);
  }

  /** Adds event `i` of a batch, with its stack where it has one. */
  override copy(batch: EventBatch, i: number): void {
    const to = this.length;
    super.copy(batch, i);
    const id = batch.stack?.[i] ?? 0;
    if (id === 0 && this.stack === undefined) return;
    if (this.stack === undefined || this.stack.length < this.kind.length) {
      const larger = new Uint32Array(this.kind.length);
      larger.set(this.stack ?? []);
      this.stack = larger;
    }
    this.stack[to] = id;
  }
}
