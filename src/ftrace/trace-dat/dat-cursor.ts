/** Numbers and strings of a trace.dat, one after the other, in the file's byte order. */
import type { RandomAccess } from "../../model/ports.ts";

/** Read ahead: most of what is asked for is a few bytes. */
const WINDOW_BYTES = 64 * 1024;
/** Names of systems, buffers, clocks, compressions. */
const MAX_STRING_BYTES = 4096;
/** The largest description is /proc/kallsyms: 15 MB with many modules. */
export const MAX_TEXT_BYTES = 128 << 20;

/** The file ends, or says what cannot be. Never leaves this folder: the reader names it and goes on with what there is. */
export class DatDamage extends Error {}

export class DatCursor {
  at: number;
  littleEndian: boolean;
  readonly #source: Pick<RandomAccess, "size" | "read">;
  #window: Uint8Array = new Uint8Array(0);
  #windowAt = 0;

  constructor(source: Pick<RandomAccess, "size" | "read">, at: number, littleEndian: boolean) {
    this.#source = source;
    this.at = at;
    this.littleEndian = littleEndian;
  }

  /** The next `length` bytes, a copy where they are more than a few. */
  async bytes(length: number): Promise<Uint8Array> {
    const { size } = this.#source;
    if (!(length >= 0 && length <= MAX_TEXT_BYTES))
      throw new DatDamage(`a length at byte ${String(this.at)} cannot be`);
    if (this.at + length > size) throw new DatDamage(`it ends at byte ${String(size)}, within a description`);
    if (length > WINDOW_BYTES) {
      const bytes = await this.#source.read(this.at, length);
      if (bytes.length < length) throw new DatDamage("it has become shorter");
      this.at += length;
      return bytes;
    }
    if (this.at < this.#windowAt || this.at + length > this.#windowAt + this.#window.length) {
      this.#window = await this.#source.read(this.at, WINDOW_BYTES);
      this.#windowAt = this.at;
      if (this.#window.length < length) throw new DatDamage("it has become shorter");
    }
    const from = this.at - this.#windowAt;
    this.at += length;
    return this.#window.subarray(from, from + length);
  }

  async u8(): Promise<number> {
    return (await this.bytes(1))[0];
  }

  async u16(): Promise<number> {
    return (await this.#view(2)).getUint16(0, this.littleEndian);
  }

  async u32(): Promise<number> {
    return (await this.#view(4)).getUint32(0, this.littleEndian);
  }

  /** Sizes and offsets; what a double cannot hold is larger than any file. */
  async u64(): Promise<number> {
    return Number((await this.#view(8)).getBigUint64(0, this.littleEndian));
  }

  /** Up to the next zero. */
  async string(): Promise<string> {
    const bytes: number[] = [];
    for (;;) {
      const byte = await this.u8();
      if (byte === 0) return Buffer.from(bytes).toString("utf8");
      if (bytes.length === MAX_STRING_BYTES) throw new DatDamage(`a name at byte ${String(this.at)} has no end`);
      bytes.push(byte);
    }
  }

  async text(length: number): Promise<string> {
    return Buffer.from(await this.bytes(length)).toString("latin1");
  }

  async #view(length: number): Promise<DataView> {
    const { buffer, byteOffset } = await this.bytes(length);
    return new DataView(buffer, byteOffset, length);
  }
}

/** Bytes in memory as a file. */
export function inMemory(bytes: Uint8Array): Pick<RandomAccess, "size" | "read"> {
  return {
    size: bytes.length,
    read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
  };
}
