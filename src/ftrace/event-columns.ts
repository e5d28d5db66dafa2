import type { AgentMark, EventBatch, LossMark, StackMark } from "../model/event-batch.ts";
import { LineTally } from "../model/line-tally.ts";

const INITIAL_EVENTS = 2048;

/** A decoder's one batch, filled again for every chunk; columns double when a chunk holds more events than any before. */
export class EventColumns implements EventBatch {
  length = 0;
  kind = new Uint8Array(INITIAL_EVENTS);
  ptrLow = new Uint32Array(INITIAL_EVENTS);
  ptrHigh = new Uint32Array(INITIAL_EVENTS);
  callSite = new Uint32Array(INITIAL_EVENTS);
  bytesReq = new Float64Array(INITIAL_EVENTS);
  bytesAlloc = new Float64Array(INITIAL_EVENTS);
  cpu = new Uint16Array(INITIAL_EVENTS);
  timeNs = new Float64Array(INITIAL_EVENTS);
  losses: LossMark[] = [];
  marks: AgentMark[] = [];
  stacks: StackMark[] = [];
  readonly tally = new LineTally();

  reset(): void {
    this.length = 0;
    if (this.losses.length > 0) this.losses = [];
    if (this.marks.length > 0) this.marks = [];
    if (this.stacks.length > 0) this.stacks = [];
    this.tally.clear();
  }

  /** Makes room for so many more events. */
  reserve(more = 1): void {
    if (this.length + more <= this.kind.length) return;
    const capacity = Math.max(this.kind.length * 2, this.length + more);
    this.kind = grown(this.kind, new Uint8Array(capacity));
    this.ptrLow = grown(this.ptrLow, new Uint32Array(capacity));
    this.ptrHigh = grown(this.ptrHigh, new Uint32Array(capacity));
    this.callSite = grown(this.callSite, new Uint32Array(capacity));
    this.bytesReq = grown(this.bytesReq, new Float64Array(capacity));
    this.bytesAlloc = grown(this.bytesAlloc, new Float64Array(capacity));
    this.cpu = grown(this.cpu, new Uint16Array(capacity));
    this.timeNs = grown(this.timeNs, new Float64Array(capacity));
  }
}

function grown<T extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
