/**
 * A recording: what came from a target, as it came, in blocks that can each be read by themselves.
 *
 *     file:  "KMEMTAP\1"  block …
 *     block: "KMTB" | packed u32 | unpacked u32 | crc32 u32 | first frame f64 | last frame f64 | zlib (packed bytes)
 *     frame: kind u8 | 3 zero bytes | length u32 | arrival f64 | bytes
 *
 * Little-endian; times are milliseconds since 1970, of this side. The CRC is that of the block's other header bytes and of its packed bytes, so
 * that a flipped bit anywhere is noticed. A file that was cut ends with its last whole block.
 */
import { crc32 } from "node:zlib";

export const FILE_MAGIC = Buffer.from("KMEMTAP\x01", "latin1");
export const BLOCK_MAGIC = Buffer.from("KMTB", "latin1");
export const BLOCK_HEADER_BYTES = 32;
export const FRAME_HEADER_BYTES = 16;

/** What a frame holds. */
export const FrameKind = {
  /** JSON: a run begins, and what is known of it ({@link RecordedRun}). */
  run: 0x72,
  /** A chunk of the stream. */
  chunk: 0x63,
  /** JSON: a line of the agent that came beside the stream. */
  side: 0x73,
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

export interface BlockHeader {
  readonly packedBytes: number;
  readonly unpackedBytes: number;
  readonly crc: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** The header of a block, its CRC included. */
export function blockHeader(packed: Uint8Array, unpackedBytes: number, firstMs: number, lastMs: number): Buffer {
  const header = Buffer.alloc(BLOCK_HEADER_BYTES);
  BLOCK_MAGIC.copy(header);
  header.writeUInt32LE(packed.length, 4);
  header.writeUInt32LE(unpackedBytes, 8);
  header.writeDoubleLE(firstMs, 16);
  header.writeDoubleLE(lastMs, 24);
  header.writeUInt32LE(crcOf(header, packed), 12);
  return header;
}

/** The header at `at`, or undefined where none is. */
export function readBlockHeader(bytes: Buffer, at: number): BlockHeader | undefined {
  if (bytes.length - at < BLOCK_HEADER_BYTES || bytes.compare(BLOCK_MAGIC, 0, 4, at, at + 4) !== 0) return undefined;
  return {
    packedBytes: bytes.readUInt32LE(at + 4),
    unpackedBytes: bytes.readUInt32LE(at + 8),
    crc: bytes.readUInt32LE(at + 12),
    firstMs: bytes.readDoubleLE(at + 16),
    lastMs: bytes.readDoubleLE(at + 24),
  };
}

/** Of all the header but the CRC itself, and of the packed bytes. */
export function crcOf(header: Uint8Array, packed: Uint8Array): number {
  return crc32(packed, crc32(header.subarray(16, BLOCK_HEADER_BYTES), crc32(header.subarray(0, 12))));
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
