/**
 * A recording: what came from a target, as it came, in blocks that can each be read by themselves.
 *
 *     file:  "KMEMTAP\1"  block …
 *     block: "KMTB" | packed u32 | unpacked u32 | crc32 u32 | first frame f64 | last frame f64 | clock f64 | stats clock f64
 *            | run u32 | flags u32 | crc32 of the header u32 | zlib (packed bytes)
 *     frame: kind u8 | 3 zero bytes | length u32 | arrival f64 | bytes
 *
 * Little-endian; times of frames are milliseconds since 1970, of this side, the clocks nanoseconds of the trace. The first CRC is that of the
 * packed bytes, the second that of the header before it: a flipped bit anywhere is noticed, and none leads astray. A file that was cut ends with its last whole block. The headers
 * are the index: from one to the next it is a step over the packed bytes.
 */
import { crc32 } from "node:zlib";

export const FILE_MAGIC = Buffer.from("KMEMTAP\x01", "latin1");

/** True where the bytes are the beginning of a recording. */
export function isRecording(head: Uint8Array): boolean {
  return head.length >= FILE_MAGIC.length && FILE_MAGIC.equals(head.subarray(0, FILE_MAGIC.length));
}
export const BLOCK_MAGIC = Buffer.from("KMTB", "latin1");
export const BLOCK_HEADER_BYTES = 60;
export const FRAME_HEADER_BYTES = 16;

/** What a frame holds. */
export const FrameKind = {
  /** JSON: a run begins, and what is known of it ({@link RecordedRun}). */
  run: 0x72,
  /** A chunk of the stream. */
  chunk: 0x63,
  /** JSON: a line of the agent that came beside the stream. */
  side: 0x73,
  /** JSON: a phase of a workload begins or ends ({@link RecordedPhase}). */
  phase: 0x70,
  /** JSON: a workload is over ({@link RecordedOutcome}). */
  outcome: 0x77,
  /** What ended the capture before its time, in words. */
  failure: 0x66,
  /** u64: so many bytes of the stream were not written here, since the disk did not follow. */
  dropped: 0x64,
  /** The recording was ended, not cut. */
  end: 0x65,
} as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

export interface Frame {
  readonly kind: number;
  readonly atMs: number;
  readonly bytes: Uint8Array;
}

/** What a block's header says of the stream up to its end. */
export interface StreamPosition {
  /** The run that its last frame is of, from 1 on. */
  readonly run: number;
  /** Trace clock of the last event that was accounted; -1 before any. */
  readonly clockNs: number;
  /** Mode raw: trace clock of the last stats; what was read before them is not younger. -1 where there are none. */
  readonly statsNs: number;
}

export interface BlockHeader extends StreamPosition {
  readonly packedBytes: number;
  readonly unpackedBytes: number;
  readonly crc: number;
  readonly firstMs: number;
  readonly lastMs: number;
  /** {@link BlockFlag} */
  readonly flags: number;
}

export const BlockFlag = {
  /** It holds what later blocks cannot be read without: a run's beginning, formats, symbols, a lost link. */
  needed: 1,
  /** It holds the beginning or the end of a phase. */
  phase: 2,
} as const;

const HEADER_CRC_AT = 56;

/** The header of a block, its CRCs included. */
export function blockHeader(packed: Uint8Array, about: Omit<BlockHeader, "packedBytes" | "crc">): Buffer {
  const header = Buffer.alloc(BLOCK_HEADER_BYTES);
  BLOCK_MAGIC.copy(header);
  header.writeUInt32LE(packed.length, 4);
  header.writeUInt32LE(about.unpackedBytes, 8);
  header.writeDoubleLE(about.firstMs, 16);
  header.writeDoubleLE(about.lastMs, 24);
  header.writeDoubleLE(about.clockNs, 32);
  header.writeDoubleLE(about.statsNs, 40);
  header.writeUInt32LE(about.run, 48);
  header.writeUInt32LE(about.flags, 52);
  header.writeUInt32LE(crc32(packed), 12);
  header.writeUInt32LE(crc32(header.subarray(0, HEADER_CRC_AT)), HEADER_CRC_AT);
  return header;
}

/** The header at `at`, or undefined where no whole one is. */
export function readBlockHeader(bytes: Buffer, at: number): BlockHeader | undefined {
  if (bytes.length - at < BLOCK_HEADER_BYTES || bytes.compare(BLOCK_MAGIC, 0, 4, at, at + 4) !== 0) return undefined;
  if (crc32(bytes.subarray(at, at + HEADER_CRC_AT)) !== bytes.readUInt32LE(at + HEADER_CRC_AT)) return undefined;
  return {
    packedBytes: bytes.readUInt32LE(at + 4),
    unpackedBytes: bytes.readUInt32LE(at + 8),
    crc: bytes.readUInt32LE(at + 12),
    firstMs: bytes.readDoubleLE(at + 16),
    lastMs: bytes.readDoubleLE(at + 24),
    clockNs: bytes.readDoubleLE(at + 32),
    statsNs: bytes.readDoubleLE(at + 40),
    run: bytes.readUInt32LE(at + 48),
    flags: bytes.readUInt32LE(at + 52),
  };
}

export function frameHeader({ kind, atMs, bytes }: Frame): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header[0] = kind;
  header.writeUInt32LE(bytes.length, 4);
  header.writeDoubleLE(atMs, 8);
  return header;
}

/** The frames of an unpacked block. */
export function* framesIn(block: Buffer): Generator<Frame> {
  for (let at = 0; at + FRAME_HEADER_BYTES <= block.length;) {
    const length = block.readUInt32LE(at + 4);
    const from = at + FRAME_HEADER_BYTES;
    yield { kind: block[at], atMs: block.readDoubleLE(at + 8), bytes: block.subarray(from, from + length) };
    at = from + length;
  }
}
