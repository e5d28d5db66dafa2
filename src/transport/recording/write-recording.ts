/** Writes a recording behind a capture's back: the capture is never held up, and what the disk did not take is counted in it. */
import { type FileHandle, open, rm } from "node:fs/promises";
import { promisify } from "node:util";
import { constants, deflate } from "node:zlib";
import { KmemtapError, messageOf } from "../../model/errors.ts";
import {
  BlockFlag,
  blockHeader,
  FILE_MAGIC,
  type Frame,
  frameHeader,
  FrameKind,
  type StreamPosition,
} from "./frames.ts";

/** A crash loses one block, and a second, at most. */
const BLOCK_BYTES = 1 << 20;
const FLUSH_MS = 1000;
/** What may wait for the disk. */
const MAX_WAITING_BYTES = 64 << 20;
/** With so much waiting it is the packing that does not follow. */
const PACK_UP_TO_BYTES = 16 << 20;

const pack = promisify(deflate);

export interface RecordingWriter {
  /** Bytes of the stream that the disk did not take. */
  readonly droppedBytes: number;
  /** Why nothing is written any more; undefined while all is well. */
  readonly failure: string | undefined;
  /**
   * Takes a copy of the bytes.
   *
   * @param position where the stream is behind them, as far as it has changed
   * @param needed later frames cannot be read without this one
   */
  add(kind: FrameKind, bytes: Uint8Array, position?: Partial<StreamPosition>, needed?: boolean): void;
  /** Writes what is left, and that this is the end. */
  close(): Promise<void>;
}

/**
 * Opens `path` for a recording.
 *
 * @throws {KmemtapError} `output/unwritable` where it cannot be written, or is there already
 */
export async function writeRecording(path: string): Promise<RecordingWriter> {
  try {
    // What was recorded is never written over.
    const file = await open(path, "wx");
    await file.write(FILE_MAGIC);
    return new Writer(file, path);
  } catch (thrown) {
    const exists = (thrown as NodeJS.ErrnoException).code === "EEXIST";
    throw new KmemtapError(
      "output/unwritable",
      `cannot record to ${path}: ${exists ? "it exists" : messageOf(thrown)}`,
      {
        nextStep: exists
          ? "give another name; a recording is never written over"
          : "check the path and its permissions",
        cause: thrown,
      },
    );
  }
}

class Writer implements RecordingWriter {
  droppedBytes = 0;
  failure: string | undefined;
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #timer: NodeJS.Timeout;
  #frames: Buffer[] = [];
  #frameBytes = 0;
  #firstMs = 0;
  #lastMs = 0;
  #flags = 0;
  #position: StreamPosition = { run: 0, clockNs: -1, statsNs: -1 };
  /** Not yet said in the recording. */
  #dropped = 0;
  #waitingBytes = 0;
  #isEmpty = true;
  #writing: Promise<void> = Promise.resolve();

  constructor(file: FileHandle, path: string) {
    this.#file = file;
    this.#path = path;
    this.#timer = setInterval(() => this.#flush(), FLUSH_MS);
    this.#timer.unref();
  }

  add(kind: FrameKind, bytes: Uint8Array, position?: Partial<StreamPosition>, needed = false): void {
    if (this.failure !== undefined || this.#waitingBytes + this.#frameBytes + bytes.length > MAX_WAITING_BYTES) {
      if (kind === FrameKind.chunk) {
        this.droppedBytes += bytes.length;
        this.#dropped += bytes.length;
      }
      return;
    }
    if (kind !== FrameKind.end) this.#isEmpty = false;
    if (this.#dropped > 0) {
      const count = Buffer.alloc(8);
      count.writeBigUInt64LE(BigInt(this.#dropped));
      this.#dropped = 0;
      this.#put({ kind: FrameKind.dropped, atMs: Date.now(), bytes: count });
    }
    this.#put({ kind, atMs: Date.now(), bytes });
    this.#position = { ...this.#position, ...position };
    if (needed) this.#flags |= BlockFlag.needed;
    if (kind === FrameKind.phase) this.#flags |= BlockFlag.phase;
    if (this.#frameBytes >= BLOCK_BYTES) this.#flush();
  }

  #put(frame: Frame): void {
    if (this.#frames.length === 0) this.#firstMs = frame.atMs;
    this.#lastMs = frame.atMs;
    const header = frameHeader(frame);
    this.#frames.push(header, Buffer.from(frame.bytes));
    this.#frameBytes += header.length + frame.bytes.length;
  }

  #flush(): void {
    if (this.#frames.length === 0) return;
    const [frames, bytes] = [this.#frames, this.#frameBytes];
    const about = { firstMs: this.#firstMs, lastMs: this.#lastMs, ...this.#position, flags: this.#flags };
    this.#frames = [];
    this.#frameBytes = this.#flags = 0;
    this.#waitingBytes += bytes;
    this.#writing = this.#writing.then(async () => {
      try {
        if (this.failure !== undefined) throw new Error(this.failure);
        const unpacked = Buffer.concat(frames, bytes);
        const level = this.#waitingBytes > PACK_UP_TO_BYTES ? constants.Z_NO_COMPRESSION : constants.Z_BEST_SPEED;
        const packed = await pack(unpacked, { level });
        const header = blockHeader(packed, { ...about, unpackedBytes: bytes });
        const { bytesWritten } = await this.#file.writev([header, packed]);
        // The last that fits on a disk is written in part, without an error (write(2)).
        if (bytesWritten < header.length + packed.length) throw new Error("no room for a whole block");
      } catch (thrown) {
        this.failure = messageOf(thrown);
        this.droppedBytes += bytes;
      } finally {
        this.#waitingBytes -= bytes;
      }
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.add(FrameKind.end, Buffer.alloc(0));
    this.#flush();
    await this.#writing;
    await this.#file.close();
    // Of a capture that did not begin.
    if (this.#isEmpty) await rm(this.#path, { force: true });
  }
}
