/** What stands in the record that a stream has found. */
import type { Wide } from "../probed-frees.ts";
import type { CpuStream } from "./cpu-stream.ts";
import type { Word } from "./probe-layouts.ts";

/** A size in the record at hand; 0 where it has none. */
export function sizeAt(stream: CpuStream, offset: number, wide: boolean): number {
  if (offset < 0) return 0;
  const { low, high } = wordAt(stream, { offset, size: wide ? 8 : 4 });
  return high * 2 ** 32 + low;
}

/** As in text (kmem-event.ts): no allocator gives less than was asked for, nor more than can be counted exactly. */
export function areSizes(bytesReq: number, bytesAlloc: number): boolean {
  return bytesReq <= bytesAlloc && bytesAlloc <= Number.MAX_SAFE_INTEGER;
}

/** A word of the record at hand, or the `i`th of an array of them. */
export function wordAt({ view, recordAt, littleEndian }: CpuStream, { offset, size }: Word, i = 0): Wide {
  const at = recordAt + offset + i * size;
  if (size === 4) return { low: view.getUint32(at, littleEndian), high: 0 };
  const [first, second] = [view.getUint32(at, littleEndian), view.getUint32(at + 4, littleEndian)];
  return littleEndian ? { low: first, high: second } : { low: second, high: first };
}

/** The text that a `__data_loc` word of the record at hand says where it is; undefined where it is not within. */
export function textAt({ view, recordAt, recordEnd, littleEndian }: CpuStream, word: number): string | undefined {
  if (word < 0 || recordAt + word + 4 > recordEnd) return undefined;
  const where = view.getUint32(recordAt + word, littleEndian);
  const from = recordAt + (where & 0xffff);
  if (from > recordEnd) return undefined;
  return Buffer.from(
    view.buffer,
    view.byteOffset + from,
    Math.max(0, Math.min((where >>> 16) - 1, recordEnd - from)),
  ).toString("latin1");
}
