/**
 * The unit that travels from a decoder to the ledger: one chunk of input, decoded, in columns.
 *
 * One batch is one `next` of the pipeline, never one event: an RxJS operator costs more than all else that is done to
 * an event (PERFORMANCE.md), and columns in typed arrays make no garbage.
 */
import type { LineClass, LineTally } from "./line-tally.ts";

/** What happened to a pointer, by the allocator's interface it came through. */
export const EventKind = {
  /** `kmalloc`, `kmalloc_node` */
  kmalloc: 0,
  /** `kmem_cache_alloc`, `kmem_cache_alloc_node` */
  cacheAlloc: 1,
  kfree: 2,
  cacheFree: 3,
  /** `kfree_rcu`, by a probe: what the kernel does with the pointer later, up to its next allocation, is no free of its own. */
  rcuFree: 4,
  /** `kmem_cache_free_bulk`, by a probe: each of its objects. */
  bulkFree: 5,
} as const;
export type EventKind = (typeof EventKind)[keyof typeof EventKind];

/** Events that the kernel says it lost. */
export interface LossMark {
  /** The CPU whose ring buffer overran; undefined where only the whole trace's loss is known (a `trace` file's header). */
  readonly cpu: number | undefined;
  /** How many; undefined where the kernel only says that some were lost. */
  readonly events: number | undefined;
  /** The trace clock at the last event read before the mark. */
  readonly timeNs: number;
}

/** A line, or a piece of one, that was rejected, or that the input ends in: a piece of the tally, with its time. */
export interface UnreadMark {
  readonly lineClass: LineClass;
  readonly bytes: number;
  /** The trace clock of the line as far as it was read, else of the last one before it. */
  readonly timeNs: number;
}

/** A line that kmemtap's agent wrote into the stream, through trace_marker or beside it: `@kmemtap …`. */
export interface AgentMark {
  /** The line from its `@kmemtap ` on, without its end. Whether it arrived whole is for its reader to tell. */
  readonly text: string;
  /** How many of the batch's events come before it. */
  readonly at: number;
  /** The trace clock: of the mark itself where it came through trace_marker, else of the last event before it. */
  readonly timeNs: number;
}

/** The kernel stack of an event just before it on the same CPU (ftrace's `kernel_stack` entry). */
export interface StackMark {
  readonly cpu: number;
  /** How many of the batch's events come before it. */
  readonly at: number;
  /** Return addresses, the innermost first, as ids in the session's {@link CallSiteTable}. */
  readonly frames: readonly number[];
}

/**
 * Events in the order of the input. Only the first {@link length} entries of a column are valid, and only until the
 * decoder's next `push`: a decoder reuses its columns.
 */
export interface EventBatch {
  readonly length: number;
  /** {@link EventKind} */
  readonly kind: Uint8Array;
  /** The pointer's low and high 32 bits: a double cannot hold 64. May be a hash (`%p`); it is a key, not an address. */
  readonly ptrLow: Uint32Array;
  readonly ptrHigh: Uint32Array;
  /** Id in the session's {@link CallSiteTable}: the allocating site of an allocation, the freeing site of a free. */
  readonly callSite: Uint32Array;
  /** Bytes asked for and bytes taken; 0 for frees. */
  readonly bytesReq: Float64Array;
  readonly bytesAlloc: Float64Array;
  readonly cpu: Uint16Array;
  /** Events by CPU, of a decoder that has each CPU's apart; where they are not {@link length} together, not all were counted so. */
  readonly cpuEvents?: ReadonlyMap<number, number> | undefined;
  /** The trace clock, nanoseconds (clock ticks where the trace's clock counts something else). */
  readonly timeNs: Float64Array;
  /** Id in the session's `TaskTable` of the task that an allocation is of; absent where nobody asks. Of frees it says nothing. */
  readonly task?: Uint32Array | undefined;
  readonly losses: readonly LossMark[];
  /** What of the text could not be read; of the tally. */
  readonly unread: readonly UnreadMark[];
  readonly marks: readonly AgentMark[];
  /** Stacks as they were read; absent where nobody reads them. */
  readonly stacks?: readonly StackMark[];
  /** Id in the session's `StackTable` of each event's stack, 0 where it has none; absent where no event has one. */
  readonly stack?: Uint32Array | undefined;
  /** What this batch's bytes were. */
  readonly tally: LineTally;
}
