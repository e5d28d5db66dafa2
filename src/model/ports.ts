/**
 * The ports between the rooms. What is behind one is that room's business.
 */
import type { EventBatch } from "./event-batch.ts";
import type { LineClass } from "./line-tally.ts";
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

/** A finished file of which any part can be read at any time. */
export interface RandomAccess {
  /** Bytes. */
  readonly size: number;
  /**
   * The bytes from `offset` on: `length` of them, or what the file has. They are the caller's.
   *
   * @param into where they are put: new memory for every piece of a large file costs more than its reading
   * @throws {KmemtapError} `input/unreadable`
   */
  read(offset: number, length: number, into?: Uint8Array<ArrayBuffer>): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Both directions of a link, or both ends of a program that runs at its other side. */
export interface DuplexStream extends ByteStream {
  /** What the program there wrote to its standard error, where the link keeps it apart from {@link bytes}. */
  readonly errorBytes?: AsyncIterable<Uint8Array>;
  /**
   * Resolves when the system has taken the bytes, which may be late: the other side may take nothing.
   *
   * @throws {KmemtapError} `link/lost` when the link is gone
   */
  write(data: Uint8Array): Promise<void>;
}

/**
 * A program at the other side of a {@link Shell}. Its bytes end when it does. Where the shell is not concurrent, a terminal
 * reads what is written first: lines of text of at most 4,000 bytes.
 */
export interface RunningScript extends DuplexStream {
  /** Its exit status; undefined where the link went away before it was known. Never rejects. */
  readonly exited: Promise<number | undefined>;
}

export interface CommandResult {
  /** Standard output and standard error, as they came. */
  readonly output: string;
  /** 0 to 255, as the shell has it in `$?`. */
  readonly status: number;
}

/** How a link reaches its target: what a capture's mode is chosen by, and what a snapshot says of it. */
export interface LinkFacts {
  readonly kind: "local" | "ssh" | "serial" | "pty" | "unix" | "tcp" | "qemu" | "file" | "replay";
  /** What the operator called the target, fit to be shown. Holds no password. */
  readonly label: string;
  /** What the link can carry by its nature (a UART's baud rate); undefined where only measuring tells. */
  readonly bytesPerSecond?: number;
}

/** Asks the operator for something that is shown nowhere, a password; undefined where there is nobody to ask. */
export type AskSecret = (prompt: string) => Promise<string | undefined>;

/** A place where commands run: over SSH and on this machine many at once, on a serial console one after the other. */
export interface Shell {
  readonly link: LinkFacts;
  /** False where all that runs shares one channel: a command then waits until the one before it has ended. */
  readonly concurrent: boolean;
  /**
   * Runs one command line of POSIX sh to its end.
   *
   * @throws {KmemtapError} `link/lost` when the link went away, `link/timeout` when it took longer than `timeoutMs`
   */
  run(command: string, options?: { readonly timeoutMs?: number }): Promise<CommandResult>;
  /** Starts `script` (POSIX sh, any length) with `args` as `$1` and so on. Its standard input is the stream's `write`. */
  start(script: string, args: readonly string[]): Promise<RunningScript>;
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
  /** Where {@link speed} is given: fires when the source is closed, and bytes are held back no more. */
  readonly over?: AbortSignal;
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

/** A decoder of a stream that may lack a piece in its middle. */
export interface StreamDecoder extends Decoder {
  /** Bytes are missing behind what was pushed: the bytes that are torn by that are counted as `torn`. */
  cut(torn: LineClass): EventBatch;
}

/** Batches in, snapshot on demand. O(1) an event, O(call sites) a snapshot; no clock, no I/O. */
export interface Ledger {
  apply(batch: EventBatch): void;
  snapshot(context: SnapshotContext): Snapshot;
}
