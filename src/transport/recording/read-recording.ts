/** Reads a recording, up to and past whatever damage it has. */
import { type FileHandle, open } from "node:fs/promises";
import { promisify } from "node:util";
import { inflate } from "node:zlib";
import { KmemtapError, messageOf } from "../../model/errors.ts";
import {
  BLOCK_HEADER_BYTES,
  BLOCK_MAGIC,
  crcOf,
  FILE_MAGIC,
  type Frame,
  FrameKind,
  framesIn,
  readBlockHeader,
} from "./frames.ts";

/** More than any writer makes of a block; a length beyond it is damage. */
const MAX_BLOCK_BYTES = 256 << 20;
const SEARCH_BYTES = 1 << 20;

const unpack = promisify(inflate);

/** Something that cannot be read, in words: `block at byte 81920: its checksum is wrong`. */
export interface Damage {
  readonly damage: string;
}

/** True where the bytes are the beginning of a recording. */
export function isRecording(head: Uint8Array): boolean {
  return head.length >= FILE_MAGIC.length && FILE_MAGIC.equals(head.subarray(0, FILE_MAGIC.length));
}

/**
 * The frames of the file in order, and what is damaged between them.
 *
 * @throws {KmemtapError} `input/missing` where it cannot be read at all
 */
export async function* readRecording(path: string): AsyncGenerator<Frame | Damage> {
  const file = await open(path).catch((thrown: unknown) => {
    throw new KmemtapError("input/missing", `cannot read ${path}: ${messageOf(thrown)}`, {
      nextStep: "check the path",
      cause: thrown,
    });
  });
  try {
    const { size } = await file.stat();
    let ended = false;
    let at = FILE_MAGIC.length;
    while (at < size) {
      const block = await readBlock(file, at, size);
      if ("problem" in block) {
        const next = await nextBlock(file, at + 1, size);
        const until = next === undefined ? "the rest of the file is not read" : `${next - at} bytes are not read`;
        yield { damage: `block at byte ${at}: ${block.problem}; ${until}` };
        if (next === undefined) return;
        at = next;
        continue;
      }
      for (const frame of framesIn(block.bytes)) {
        if (frame.kind === FrameKind.end) ended = true;
        else yield frame;
      }
      at = block.end;
    }
    if (!ended) yield { damage: "the recording was cut: what came last is not in it" };
  } finally {
    await file.close();
  }
}

async function readBlock(
  file: FileHandle,
  at: number,
  size: number,
): Promise<{ readonly bytes: Buffer; readonly end: number } | { readonly problem: string }> {
  const head = await readAt(file, at, BLOCK_HEADER_BYTES);
  const header = readBlockHeader(head, 0);
  if (header === undefined) return { problem: head.length < BLOCK_HEADER_BYTES ? "it is cut" : "it has no header" };
  const end = at + BLOCK_HEADER_BYTES + header.packedBytes;
  if (end > size) return { problem: "it is cut" };
  const packed = await readAt(file, at + BLOCK_HEADER_BYTES, header.packedBytes);
  if (crcOf(head, packed) !== header.crc) return { problem: "its checksum is wrong" };
  try {
    const bytes = await unpack(packed, { maxOutputLength: MAX_BLOCK_BYTES });
    return bytes.length === header.unpackedBytes ? { bytes, end } : { problem: "its length is wrong" };
  } catch (thrown) {
    return { problem: messageOf(thrown) };
  }
}

/** Where the next block may begin. */
async function nextBlock(file: FileHandle, from: number, size: number): Promise<number | undefined> {
  for (let at = from; at < size; at += SEARCH_BYTES) {
    // A header that lies across two pieces is found in the first.
    const piece = await readAt(file, at, SEARCH_BYTES + BLOCK_MAGIC.length - 1);
    for (let found = piece.indexOf(BLOCK_MAGIC); found >= 0; found = piece.indexOf(BLOCK_MAGIC, found + 1)) {
      if (!("problem" in (await readBlock(file, at + found, size)))) return at + found;
    }
  }
  return undefined;
}

async function readAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, at);
  return buffer.subarray(0, bytesRead);
}
