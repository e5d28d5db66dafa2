/** A batch's columns in a module's memory, as src/model/event-batch.ts has them. src/wasm/columns.ts sees them from outside. */

/** Events that fit in. */
export const CAPACITY: u32 = 4096;
export const timeNs: usize = memory.data(CAPACITY * 8, 16);
export const bytesReq: usize = memory.data(CAPACITY * 8, 16);
export const bytesAlloc: usize = memory.data(CAPACITY * 8, 16);
export const ptrLow: usize = memory.data(CAPACITY * 4, 16);
export const ptrHigh: usize = memory.data(CAPACITY * 4, 16);
export const callSite: usize = memory.data(CAPACITY * 4, 16);
export const cpu: usize = memory.data(CAPACITY * 2, 16);
export const kind: usize = memory.data(CAPACITY, 16);
/** Whose an event is: of decoders alone. Ids of tasks in text.ts; pids in raw.ts, which the kernel's records have. */
export const task: usize = memory.data(CAPACITY * 4, 16);

/** Values of {@link kind}: src/model/event-batch.ts, EventKind. Below kfree are allocations. */
export const KMALLOC: u8 = 0;
export const CACHE_ALLOC: u8 = 1;
export const KFREE: u8 = 2;
export const CACHE_FREE: u8 = 3;
export const RCU_FREE: u8 = 4;
export const BULK_FREE: u8 = 5;

let length: u32 = 0;

export function isFull(): bool {
  return length == CAPACITY;
}

/** The place of one more event; there must be room for it. */
export function addEvent(): usize {
  return length++;
}

/** How many events were added so far. */
export function eventsNow(): u32 {
  return length;
}

/** How many events were added; they are the caller's, and the columns empty again. */
export function takeEvents(): u32 {
  const events = length;
  length = 0;
  return events;
}
