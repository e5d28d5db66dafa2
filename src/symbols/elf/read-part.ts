import { damaged } from "./elf-errors.ts";
import type { ElfBytes } from "./elf-file.ts";

/** Of a table that is taken into memory: the symbols of a kernel with all modules built in take 30 MB. */
const MAX_PART_BYTES = 256 << 20;

/**
 * Exactly `length` bytes from `offset` on.
 *
 * @param what names the part in a message
 * @throws {KmemtapError} `symbols/damaged` where the file has less, `input/unreadable`
 */
export async function readPart(
  bytes: ElfBytes,
  label: string,
  what: string,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  if (!(length >= 0 && length <= MAX_PART_BYTES)) throw damaged(label, `${what} cannot have ${String(length)} bytes`);
  if (!(offset >= 0 && offset + length <= bytes.size))
    throw damaged(label, `${what} ends behind the file's end at byte ${String(bytes.size)}`);
  const part = await bytes.read(offset, length);
  if (part.length < length) throw damaged(label, `it has become shorter while ${what} was read`);
  return part;
}

/** A part of a file as a file. */
export function sliceOf(bytes: ElfBytes, from: number, size: number): ElfBytes {
  return {
    size,
    read: (offset, length) => bytes.read(from + offset, Math.max(0, Math.min(length, size - offset))),
  };
}

export function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
