/** Events kept beyond the batch they came in, with all that the batch said besides. */
import { EventColumns } from "../ftrace/event-columns.ts";
import type { EventBatch } from "../model/event-batch.ts";

export class EventStore extends EventColumns {
  /** Adds all of a batch. */
  append(batch: EventBatch): void {
    const before = this.length;
    for (let i = 0; i < batch.length; i++) this.copy(batch, i);
    this.losses.push(...batch.losses);
    for (const mark of batch.marks) this.marks.push({ ...mark, at: before + mark.at });
    this.tally.add(batch.tally);
  }
}
