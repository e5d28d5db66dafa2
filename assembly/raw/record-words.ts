/** A record of a kmem event, as its layout says where its fields are (src/ftrace/raw/usual-layouts.ts). */

export const HEADER: usize = 4;
export const MAX_TYPE_LEN: u32 = 28;
/** src/ftrace/raw/usual-layouts.ts, LayoutWord, each four bytes. */
export const CALL_SITE: usize = 4;
export const PTR: usize = 8;
export const BYTES_REQ: usize = 12;
export const BYTES_ALLOC: usize = 16;
export const PID: usize = 20;
export const WORDS: usize = 24;
export const WIDE: usize = 28;
/** src/ftrace/raw/record-layouts.ts, IN_INTERRUPT, in a record's first word. */
export const IN_INTERRUPT: u32 = 0x18 << 16;
/** src/ftrace/raw/raw-tasks.ts, of what an interrupt does: no pid is so large. */
export const NO_PID: u32 = 0xffffffff;
/** One more than src/model/event-batch.ts, EventKind.kfree. */
export const KFREE: u32 = 3;
/** What a double counts exactly. */
const MAX_SAFE_INTEGER: i64 = 9007199254740991;

/** A field of a record; a layout counts in words. */
export function fieldAt(record: usize, layout: usize, field: usize): usize {
  return record + ((<usize>load<u32>(layout + field)) << 2);
}

/** src/ftrace/raw/record-fields.ts, areSizes: what the one stops at and the other passes would never be taken. One branch, since it is asked of every event. */
export function areNoSizes(req: i64, alloc: i64): bool {
  return (req | alloc | (alloc - req) | (MAX_SAFE_INTEGER - alloc)) < 0;
}

/** The bits of two words of a record that are a `long`: both, or the first. */
export function wordOf(isWide: u32): i64 {
  return -(<i64>isWide) | 0xffffffff;
}
