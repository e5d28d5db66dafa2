/**
 * Layouts of kmem events as numbers, for the loop that reads the usual record: little-endian, every field on a word of its
 * own. Events that are not so are left to the way that reads any.
 */
import { endianness } from "node:os";
import type { RecordLayout } from "./record-layouts.ts";

/** Words of a layout in the table. */
export const LAYOUT_WORDS = 8;

/** What stands in it: {@link LayoutWord.kind} is one more than the event's, and 0 where the event is not one of these. Offsets are in words. */
export const LayoutWord = {
  kind: 0,
  callSite: 1,
  ptr: 2,
  bytesReq: 3,
  bytesAlloc: 4,
  pid: 5,
  words: 6,
  wide: 7,
} as const;

/** `common_flags` stands in the third byte of the first word (linux/trace_events.h, struct trace_entry). */
const FLAGS_AT = 2;

/** Empty where this machine does not read little-endian words as they are. */
export function usualLayouts(layouts: readonly (RecordLayout | undefined)[]): Int32Array {
  const table = new Int32Array(endianness() === "LE" ? layouts.length * LAYOUT_WORDS : 0);
  for (const [id, layout] of layouts.entries()) {
    if (layout?.type !== "kmem" || layout.flags !== FLAGS_AT || table.length === 0) continue;
    const { callSite, ptr, bytesReq, bytesAlloc, pid, size, longSize } = layout;
    const isFree = bytesReq < 0;
    const offsets = [callSite, ptr, pid, ...(isFree ? [] : [bytesReq, bytesAlloc])];
    if (offsets.some((offset) => offset % 4 !== 0)) continue;
    const at = id * LAYOUT_WORDS;
    table[at + LayoutWord.kind] = layout.kind + 1;
    table[at + LayoutWord.callSite] = callSite / 4;
    table[at + LayoutWord.ptr] = ptr / 4;
    table[at + LayoutWord.bytesReq] = isFree ? 0 : bytesReq / 4;
    table[at + LayoutWord.bytesAlloc] = isFree ? 0 : bytesAlloc / 4;
    table[at + LayoutWord.pid] = pid / 4;
    table[at + LayoutWord.words] = Math.ceil(size / 4);
    table[at + LayoutWord.wide] = longSize === 8 ? 1 : 0;
  }
  return table;
}
