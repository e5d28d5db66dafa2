/**
 * The ports between the rooms. What is behind one is that room's business.
 */
import type { EventBatch } from "./event-batch.ts";
import type { Snapshot, SnapshotContext } from "./snapshot.ts";

/**
 * One direction or two of bytes. Reading is pull-based: nothing is read ahead of the consumer beyond one chunk, so that
 * a slow consumer slows the read and the kernel's ring buffer is the only place where loss can happen.
 *
 * A chunk is valid until the next one is asked for.
 */
export interface ByteStream {
  readonly bytes: AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/**
 * A target as bytes, one stream a boot: a backing file that is replaced or truncated ends one run and begins the next.
 */
export interface ByteSource {
  /** What the operator called it, fit to be shown. */
  readonly label: string;
  /** True where the bytes were recorded earlier and are played back. */
  readonly recording: boolean;
  /** Where given, the capture holds bytes back so that the trace clock passes this many times as fast as the wall clock. */
  readonly speed?: number;
  readonly runs: AsyncIterable<ByteStream>;
  close(): Promise<void>;
}

/** What a target says of its own side of the link, beside the trace. */
export interface TargetReport {
  /** The trace clock on the target, nanoseconds. */
  readonly nowNs?: number;
  /** Events in its ring buffers that nobody has read yet. */
  readonly waitingEvents?: number;
  /** Events its ring buffers have overwritten, all CPUs. */
  readonly overrun?: number;
  /** Something it has done, for people. */
  readonly milestone?: string;
}

/**
 * Bytes in, batches out. Total: bad input is counted in the batch, never thrown; however the input is cut into chunks,
 * the batches add up to the same.
 */
export interface Decoder {
  /** The batch is valid until the next call. */
  push(chunk: Uint8Array): EventBatch;
  /** Decodes what is left of a last line without an end. The decoder is spent. */
  end(): EventBatch;
}

/** Batches in, snapshot on demand. O(1) an event, O(call sites) a snapshot; no clock, no I/O. */
export interface Ledger {
  apply(batch: EventBatch): void;
  snapshot(context: SnapshotContext): Snapshot;
}
