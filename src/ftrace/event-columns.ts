import type { AgentMark, EventBatch, LossMark, StackMark, UnreadMark } from "../model/event-batch.ts";
import { isRejected, LineClass, LineTally } from "../model/line-tally.ts";
import { NO_TASK } from "../model/task-table.ts";

const INITIAL_EVENTS = 2048;
/** Fewer events are faster copied one by one. */
const FEW = 16;

type Columns = Pick<
  EventBatch,
  "kind" | "ptrLow" | "ptrHigh" | "callSite" | "bytesReq" | "bytesAlloc" | "cpu" | "timeNs" | "task"
>;

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
  readonly cpuEvents = new Map<number, number>();
  timeNs = new Float64Array(INITIAL_EVENTS);
  task: Uint32Array | undefined;
  losses: LossMark[] = [];
  unread: UnreadMark[] = [];
  marks: AgentMark[] = [];
  stacks: StackMark[] = [];
  readonly tally = new LineTally();

  /** @param withTasks there is a column for them; else it comes with the first batch that is copied and has one */
  constructor(withTasks = false) {
    if (withTasks) this.task = new Uint32Array(INITIAL_EVENTS);
  }

  reset(): void {
    this.length = 0;
    if (this.losses.length > 0) this.losses = [];
    if (this.unread.length > 0) this.unread = [];
    if (this.marks.length > 0) this.marks = [];
    if (this.stacks.length > 0) this.stacks = [];
    this.cpuEvents.clear();
    this.tally.clear();
  }

  /** So many of the events are of this CPU. */
  countOn(cpu: number, events: number): void {
    if (events > 0) this.cpuEvents.set(cpu, (this.cpuEvents.get(cpu) ?? 0) + events);
  }

  /** @param timeNs the trace clock there */
  countLine(lineClass: LineClass, bytes: number, timeNs: number): void {
    this.tally.count(lineClass, bytes);
    if (isRejected(lineClass) || lineClass === LineClass.unfinished) this.unread.push({ lineClass, bytes, timeNs });
  }

  /** Adds the first `events` of others. */
  copyFirst(from: Columns, events: number): void {
    if (events < FEW) {
      for (let i = 0; i < events; i++) this.copy(from, i);
      return;
    }
    this.reserve(events);
    const at = this.length;
    this.kind.set(firstOf(from.kind, events), at);
    this.ptrLow.set(firstOf(from.ptrLow, events), at);
    this.ptrHigh.set(firstOf(from.ptrHigh, events), at);
    this.callSite.set(firstOf(from.callSite, events), at);
    this.bytesReq.set(firstOf(from.bytesReq, events), at);
    this.bytesAlloc.set(firstOf(from.bytesAlloc, events), at);
    this.cpu.set(firstOf(from.cpu, events), at);
    this.timeNs.set(firstOf(from.timeNs, events), at);
    if (from.task !== undefined) this.tasks().set(firstOf(from.task, events), at);
    this.length += events;
  }

  /** Adds event `i` of others. */
  copy(from: Columns, i: number): void {
    this.reserve();
    const to = this.length++;
    this.kind[to] = from.kind[i];
    this.ptrLow[to] = from.ptrLow[i];
    this.ptrHigh[to] = from.ptrHigh[i];
    this.callSite[to] = from.callSite[i];
    this.bytesReq[to] = from.bytesReq[i];
    this.bytesAlloc[to] = from.bytesAlloc[i];
    this.cpu[to] = from.cpu[i];
    this.timeNs[to] = from.timeNs[i];
    if (from.task !== undefined || this.task !== undefined) this.tasks()[to] = from.task?.[i] ?? NO_TASK;
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
    if (this.task !== undefined) this.task = grown(this.task, new Uint32Array(capacity));
  }

  /** The column of tasks, which is there from now on: what came before is of none. */
  protected tasks(): Uint32Array {
    return (this.task ??= new Uint32Array(this.kind.length));
  }
}

type Column = Uint8Array | Uint16Array | Uint32Array | Float64Array;

/** A core's columns are as a rule full: no view of them is made then. */
function firstOf<T extends Column>(column: T, events: number): T {
  return events === column.length ? column : (column.subarray(0, events) as T);
}

function grown<T extends Column>(from: T, to: T): T {
  to.set(from);
  return to;
}
