/**
 * What every byte of the input turned out to be.
 *
 * The sum over all classes is the input, to the byte: nothing is dropped without being counted under a name.
 */

/** Lines (or parts of a line, where something else was printed into it) by what they are. */
export const LineClass = {
  /** An allocation or a free with a pointer: part of the account. */
  event: 0,

  // Ignored on purpose.
  nullFree: 1,
  failedAllocation: 2,
  otherEvent: 3,
  comment: 4,
  blank: 5,
  lostMarker: 6,
  foreign: 7,
  /** An event that `tp_printk` sent to the kernel's log: the ring buffer holds it too, so it is not counted twice. */
  printkEvent: 8,
  /** `# tracer: nop` and the entries line: what makes a file a trace though it may hold no event. */
  traceHeader: 9,
  /** What kmemtap's own agent wrote into the stream: {@link AgentMark}. */
  agent: 10,
  /** Of raw sub-buffers: their headers, time extends, what they do not use; and the descriptions that come before them. */
  padding: 11,
  /** What the agent's own helpers did, told by their pids. */
  own: 12,
  /** Events that are not in the part of the trace that was asked for. */
  outside: 13,
  /** A kernel stack behind its event, or a line of one: see {@link StackMark}. */
  stack: 14,
  /** A trace line that the input ends in, without a newline, as it does where who wrote it was killed: its end, and no damage. */
  unfinished: 15,

  // Rejected: a trace line that could not be read. Any of these makes an account inexact.
  badHead: 16,
  badField: 17,
  truncated: 18,
  hiddenPointer: 19,
  tooLong: 20,
  /** A loss marker or the header's entries line, damaged: something was lost, and how much cannot be read. */
  badMarker: 21,
} as const;
export type LineClass = (typeof LineClass)[keyof typeof LineClass];

export const LINE_CLASSES = 22;
const FIRST_REJECTED = LineClass.badHead;

export const IGNORED_REASONS = [
  "nullFree",
  "failedAllocation",
  "otherEvent",
  "comment",
  "blank",
  "lostMarker",
  "foreign",
  "printkEvent",
  "traceHeader",
  "agent",
  "padding",
  "own",
  "outside",
  "stack",
  "unfinished",
] as const;
export const REJECTED_REASONS = ["badHead", "badField", "truncated", "hiddenPointer", "tooLong", "badMarker"] as const;

const TRACE_CLASSES = [
  LineClass.event,
  LineClass.nullFree,
  LineClass.failedAllocation,
  LineClass.otherEvent,
  LineClass.lostMarker,
  LineClass.traceHeader,
  LineClass.agent,
  LineClass.outside,
  LineClass.stack,
  LineClass.unfinished,
  LineClass.badHead,
  LineClass.badField,
  LineClass.truncated,
  LineClass.hiddenPointer,
  LineClass.badMarker,
];

/** Objects, by what freed them: kfree_rcu; bulk functions; these, in a bulk larger than a record. */
export interface ProbedFrees {
  rcuFrees: number;
  bulkFrees: number;
  notFollowed: number;
}

/** True for what makes an account inexact. */
export function isRejected(lineClass: LineClass): boolean {
  return lineClass >= FIRST_REJECTED;
}

/** Lines and bytes by {@link LineClass}. */
export class LineTally {
  readonly lines = new Float64Array(LINE_CLASSES);
  readonly bytes = new Float64Array(LINE_CLASSES);
  /** Frees that probes told of; they are among the events, but for those that no record had room for. */
  readonly probed: ProbedFrees = { rcuFrees: 0, bulkFrees: 0, notFollowed: 0 };

  count(lineClass: LineClass, bytes: number): void {
    this.lines[lineClass] += 1;
    this.bytes[lineClass] += bytes;
  }

  clear(): void {
    this.lines.fill(0);
    this.bytes.fill(0);
    this.probed.rcuFrees = this.probed.bulkFrees = this.probed.notFollowed = 0;
  }

  add(other: LineTally): void {
    for (let i = 0; i < LINE_CLASSES; i++) {
      this.lines[i] += other.lines[i];
      this.bytes[i] += other.bytes[i];
    }
    this.probed.rcuFrees += other.probed.rcuFrees;
    this.probed.bulkFrees += other.probed.bulkFrees;
    this.probed.notFollowed += other.probed.notFollowed;
  }

  /** Bytes of the whole input. */
  get totalBytes(): number {
    return this.bytes.reduce((sum, bytes) => sum + bytes, 0);
  }

  /** Lines that could not be read though they were trace lines. */
  get rejectedLines(): number {
    return this.lines.subarray(FIRST_REJECTED).reduce((sum, lines) => sum + lines, 0);
  }

  /** Lines that only a trace has, readable or not. Zero says: not a trace. */
  get traceLines(): number {
    return TRACE_CLASSES.reduce<number>((sum, lineClass) => sum + this.lines[lineClass], 0);
  }
}
