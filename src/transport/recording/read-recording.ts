/** Reads a recording, up to and past whatever damage it has; by the headers of its blocks any part of it. */
import { type FileHandle, open } from "node:fs/promises";
import { promisify } from "node:util";
import { crc32, inflate } from "node:zlib";
import { KmemtapError, messageOf } from "../../model/errors.ts";
import { unreadable } from "./frame-content.ts";
import {
  BLOCK_HEADER_BYTES,
  BLOCK_MAGIC,
  type BlockHeader,
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

/** A block that can be read, and where it is. */
export interface Block extends BlockHeader {
  readonly at: number;
}

/**
 * The frames of the file in order, and what is damaged between them.
 *
 * @throws {KmemtapError} `input/missing` where it cannot be read at all
 */
export async function* readRecording(path: string): AsyncGenerator<Frame | Damage> {
  const recording = await Recording.open(path);
  try {
    for await (const block of recording.blocks()) {
      if ("damage" in block) yield block;
      else yield* recording.framesOf(block);
    }
  } finally {
    await recording.close();
  }
}

export class Recording {
  readonly #file: FileHandle;
  readonly #size: number;

  private constructor(file: FileHandle, size: number) {
    this.#file = file;
    this.#size = size;
  }

  /** @throws {KmemtapError} `input/missing` where it cannot be read at all */
  static async open(path: string): Promise<Recording> {
    try {
      const file = await open(path);
      return new Recording(file, (await file.stat()).size);
    } catch (thrown) {
      throw new KmemtapError("input/missing", `cannot read ${path}: ${messageOf(thrown)}`, {
        nextStep: "check the path",
        cause: thrown,
      });
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** The blocks by their headers alone, and what is damaged between them. What a block holds is checked when it is read. */
  async *blocks(): AsyncGenerator<Block | Damage> {
    let at = FILE_MAGIC.length;
    let last: Block | undefined;
    while (at < this.#size) {
      const block = await this.#blockAt(at);
      if ("problem" in block) {
        const next = await this.#nextBlock(at + 1);
        yield damaged(at, block.problem, next);
        if (next === undefined) return;
        at = next;
        continue;
      }
      yield block;
      last = block;
      at = endOf(block);
    }
    if (last === undefined || !(await this.#holdsEnd(last)))
      yield { damage: "the recording was cut: what came last is not in it" };
  }

  /** The frames of the block, or how it is damaged. */
  async *framesOf(block: Block): AsyncGenerator<Frame | Damage> {
    const content = await this.#contentOf(block);
    if ("problem" in content) {
      yield damaged(block.at, content.problem, endOf(block));
      return;
    }
    for (const frame of framesIn(content.bytes)) {
      const what = unreadable(frame);
      if (what !== undefined) yield { damage: `block at byte ${block.at}: ${what} cannot be read` };
      else if (frame.kind !== FrameKind.end) yield frame;
    }
  }

  async #holdsEnd(block: Block): Promise<boolean> {
    const content = await this.#contentOf(block);
    return "bytes" in content && [...framesIn(content.bytes)].at(-1)?.kind === FrameKind.end;
  }

  async #blockAt(at: number): Promise<Block | Problem> {
    const head = await this.#read(at, BLOCK_HEADER_BYTES);
    const header = readBlockHeader(head, 0);
    if (header === undefined)
      return { problem: head.length < BLOCK_HEADER_BYTES ? "it is cut" : "it has no whole header" };
    const block = { at, ...header };
    return endOf(block) > this.#size ? { problem: "it is cut" } : block;
  }

  async #contentOf(block: Block): Promise<{ readonly bytes: Buffer } | Problem> {
    const all = await this.#read(block.at, BLOCK_HEADER_BYTES + block.packedBytes);
    const packed = all.subarray(BLOCK_HEADER_BYTES);
    if (crc32(packed) !== block.crc) return { problem: "its checksum is wrong" };
    try {
      const bytes = await unpack(packed, { maxOutputLength: MAX_BLOCK_BYTES });
      return bytes.length === block.unpackedBytes ? { bytes } : { problem: "its length is wrong" };
    } catch (thrown) {
      return { problem: messageOf(thrown) };
    }
  }

  /** Where the next block is. */
  async #nextBlock(from: number): Promise<number | undefined> {
    for (let at = from; at < this.#size; at += SEARCH_BYTES) {
      // A magic that lies across two pieces is found in the first.
      const piece = await this.#read(at, SEARCH_BYTES + BLOCK_MAGIC.length - 1);
      for (let found = piece.indexOf(BLOCK_MAGIC); found >= 0; found = piece.indexOf(BLOCK_MAGIC, found + 1)) {
        const block = await this.#blockAt(at + found);
        if (!("problem" in block) && "bytes" in (await this.#contentOf(block))) return at + found;
      }
    }
    return undefined;
  }

  async #read(at: number, length: number): Promise<Buffer> {
    const buffer = Buffer.alloc(Math.max(0, Math.min(length, this.#size - at)));
    const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, at);
    return buffer.subarray(0, bytesRead);
  }
}

interface Problem {
  readonly problem: string;
}

function endOf({ at, packedBytes }: Block): number {
  return at + BLOCK_HEADER_BYTES + packedBytes;
}

function damaged(at: number, problem: string, next: number | undefined): Damage {
  const until = next === undefined ? "the rest of the file is not read" : `${next - at} bytes are not read`;
  return { damage: `block at byte ${at}: ${problem}; ${until}` };
}
