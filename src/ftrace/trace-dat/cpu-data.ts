/** One CPU's sub-buffers out of a trace.dat, piece by piece: a file may be larger than the memory. */
import type { RandomAccess } from "../../model/ports.ts";
import { DatCursor, DatDamage, MAX_TEXT_BYTES } from "./dat-cursor.ts";
import type { DatCpu, Unpack } from "./dat-file.ts";

/** A read has its price, and what is read waits in memory: of few CPUs much is read at once, of many less. Of all CPUs so much, if that can be. */
const MOST_WAITING_BYTES = 16 << 20;
const LARGEST_PIECE_BYTES = 2 << 20;
const SMALLEST_PIECE_BYTES = 256 << 10;
/** Far from what a recording has; where a damaged count is larger, the file's end comes first. */
const MAX_PACKED_PIECES = 2 ** 31;

/** How much is read at once of each of so many CPUs: a power of two, so that it holds whole sub-buffers. */
export function pieceBytesOf(cpus: number): number {
  let bytes = LARGEST_PIECE_BYTES;
  while (bytes > SMALLEST_PIECE_BYTES && 2 * bytes * cpus > MOST_WAITING_BYTES) bytes /= 2;
  return bytes;
}

/**
 * A piece is valid until the next one is asked for.
 *
 * @param pieceBytes that long is one, where the file's own are not taken: {@link pieceBytesOf}
 * @param onDamage hears of what is missing; what can be read is
 */
export function cpuPieces(
  source: RandomAccess,
  data: DatCpu,
  pieceBytes: number,
  unpack: Unpack | undefined,
  littleEndian: boolean,
  onDamage: (text: string) => void,
): AsyncGenerator<Uint8Array> {
  return unpack === undefined
    ? plainPieces(source, data, pieceBytes, onDamage)
    : packedPieces(source, data, unpack, littleEndian, onDamage);
}

async function* plainPieces(
  source: RandomAccess,
  { cpu, offset, size }: DatCpu,
  pieceBytes: number,
  onDamage: (text: string) => void,
): AsyncGenerator<Uint8Array> {
  const lengthAt = (done: number) => Math.min(pieceBytes, size - done);
  // One is decoded while the other is filled.
  const buffers = [new Uint8Array(lengthAt(0)), new Uint8Array(lengthAt(0))];
  let reads = 0;
  const readAt = (done: number): Promise<Uint8Array> =>
    offset + done < source.size
      ? source.read(offset + done, lengthAt(done), buffers[reads++ % 2])
      : Promise.resolve(new Uint8Array(0));
  let next = readAt(0);
  for (let done = 0; done < size;) {
    const length = lengthAt(done);
    const piece = await next;
    // The next one is on its way while this one is decoded; that it fails is heard when it is asked for.
    if (piece.length === length && done + length < size) (next = readAt(done + length)).catch(() => undefined);
    if (piece.length > 0) yield piece;
    done += piece.length;
    if (piece.length === length) continue;
    onDamage(`${String(size - done)} of ${String(size)} bytes of CPU ${String(cpu)} are missing`);
    return;
  }
}

/** `count`, then each piece's packed and unpacked length and its packed bytes; the CPU's size does not include the count. */
async function* packedPieces(
  source: RandomAccess,
  { cpu, offset, size }: DatCpu,
  unpack: Unpack,
  littleEndian: boolean,
  onDamage: (text: string) => void,
): AsyncGenerator<Uint8Array> {
  if (size === 0) return;
  const cursor = new DatCursor(source, offset, littleEndian);
  try {
    const count = Math.min(await cursor.u32(), MAX_PACKED_PIECES);
    for (let i = 0; i < count; i++) {
      const packedBytes = await cursor.u32();
      const bytes = await cursor.u32();
      if (bytes > MAX_TEXT_BYTES) throw new DatDamage(`piece ${String(i)} cannot have ${String(bytes)} bytes`);
      const piece = unpacked(unpack, await cursor.bytes(packedBytes), bytes);
      if (piece === undefined) onDamage(`piece ${String(i)} of CPU ${String(cpu)} does not unpack`);
      else yield piece;
    }
  } catch (thrown) {
    if (!(thrown instanceof DatDamage)) throw thrown;
    onDamage(`the events of CPU ${String(cpu)} cannot all be read: ${thrown.message}`);
  }
}

/** Undefined where it is damaged: the next piece is found all the same, and each holds whole sub-buffers. */
function unpacked(unpack: Unpack, packed: Uint8Array, bytes: number): Uint8Array | undefined {
  try {
    const piece = unpack(packed, bytes);
    return piece.length === bytes ? piece : undefined;
  } catch {
    return undefined;
  }
}
