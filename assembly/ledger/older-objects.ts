/**
 * Addresses of objects that were there before the trace and have been freed: each of them can go once. A free of such an address
 * that matches nothing is of an object that was allocated without an event.
 */
import { allocate } from "../memory";

const SLOT_BITS: usize = 3;
/** So many addresses take 128 MB; what comes beyond them counts as older, each time. */
const MOST: u32 = 1 << 23;

/** Open addressing, half full at most; 0 where free. */
let slots: usize = 0;
let capacity: u32 = 0;
let used: u32 = 0;

/** True the first time that an address comes. */
export function isFirst(low: u32, high: u32): bool {
  if (used * 2 >= capacity) {
    if (capacity >= MOST * 2) return true;
    grow();
  }
  const at = slotOf(low, high);
  if (load<u32>(at) != 0 || load<u32>(at, 4) != 0) return false;
  store<u32>(at, low);
  store<u32>(at, high, 4);
  used += 1;
  return true;
}

function slotOf(low: u32, high: u32): usize {
  const mask = capacity - 1;
  let hash = ((low >> 3) * 0x9e3779b1) ^ (high * 0x85ebca6b);
  hash ^= hash >> 15;
  let slot = hash & mask;
  while (true) {
    const at = slots + ((<usize>slot) << SLOT_BITS);
    const l = load<u32>(at);
    const h = load<u32>(at, 4);
    if ((l == low && h == high) || (l | h) == 0) return at;
    slot = (slot + 1) & mask;
  }
}

function grow(): void {
  const before = slots;
  const beforeCapacity = capacity;
  capacity = max<u32>(4096, capacity * 2);
  slots = allocate((<usize>capacity) << SLOT_BITS, 64);
  for (let slot: u32 = 0; slot < beforeCapacity; slot++) {
    const from = before + ((<usize>slot) << SLOT_BITS);
    const low = load<u32>(from);
    const high = load<u32>(from, 4);
    if ((low | high) == 0) continue;
    const at = slotOf(low, high);
    store<u32>(at, low);
    store<u32>(at, high, 4);
  }
}
