/**
 * Live objects whose high words have no number, because all were given (high-words.ts): those of a machine with more than 8 TiB, or of
 * an input in which pointers are none. Open addressing, half full at most; slower and larger than a line of objects, and as exact.
 */
import { allocate } from "../memory";

/** Of a slot: low half, high half, value + 1 (0: free), none. */
const SLOT_BITS: usize = 4;
const HIGH: usize = 4;
const VALUE: usize = 8;
const INITIAL_SLOTS: u32 = 1024;

let slots: usize = 0;
let capacity: u32 = 0;
let size: u32 = 0;

export function strangers(): u32 {
  return size;
}

export function strangerBytes(): u32 {
  return capacity << (<u32>SLOT_BITS);
}

@inline
function slotAt(slot: u32): usize {
  return slots + ((<usize>slot) << SLOT_BITS);
}

function homeOf(low: u32, high: u32): u32 {
  let hash = ((low >> 3) ^ (high * 0x85ebca6b)) * 0x9e3779b1;
  hash ^= hash >> 15;
  return (hash * 0xc2b2ae35) & (capacity - 1);
}

/** The slot of a pointer, or the free one that it belongs in. */
function slotOf(low: u32, high: u32): u32 {
  let slot = homeOf(low, high);
  while (true) {
    const at = slotAt(slot);
    if (load<u32>(at, VALUE) == 0 || (load<u32>(at) == low && load<u32>(at, HIGH) == high)) return slot;
    slot = (slot + 1) & (capacity - 1);
  }
}

/** Remembers `value`; the value that it replaces, or -1. */
export function setStranger(low: u32, high: u32, value: u32): i32 {
  if (size * 2 >= capacity) grow();
  const at = slotAt(slotOf(low, high));
  const replaced = load<u32>(at, VALUE);
  store<u32>(at, low);
  store<u32>(at, high, HIGH);
  store<u32>(at, value + 1, VALUE);
  if (replaced == 0) size += 1;
  return replaced - 1;
}

/** Forgets the pointer; the value it had, or -1. */
export function takeStranger(low: u32, high: u32): i32 {
  if (size == 0) return -1;
  let free = slotOf(low, high);
  const value = load<u32>(slotAt(free), VALUE);
  if (value == 0) return -1;
  size -= 1;
  // What stands behind it and would no longer be found moves up.
  for (let slot = (free + 1) & (capacity - 1); ; slot = (slot + 1) & (capacity - 1)) {
    const at = slotAt(slot);
    if (load<u32>(at, VALUE) == 0) break;
    const home = homeOf(load<u32>(at), load<u32>(at, HIGH));
    if (((slot - home) & (capacity - 1)) < ((slot - free) & (capacity - 1))) continue;
    memory.copy(slotAt(free), at, 1 << SLOT_BITS);
    free = slot;
  }
  store<u32>(slotAt(free), 0, VALUE);
  return value - 1;
}

function grow(): void {
  const before = slots;
  const end = before + ((<usize>capacity) << SLOT_BITS);
  capacity = max(INITIAL_SLOTS, capacity * 2);
  slots = allocate((<usize>capacity) << SLOT_BITS, 64);
  for (let from = before; from < end; from += 1 << SLOT_BITS)
    if (load<u32>(from, VALUE) != 0)
      memory.copy(slotAt(slotOf(load<u32>(from), load<u32>(from, HIGH))), from, 1 << SLOT_BITS);
}

/** The next strangers from a slot on, at most `most`, into three columns; where to go on, or the number of slots at the end. */
export function listStrangers(slot: u32, lows: usize, highs: usize, values: usize, most: u32): u32 {
  listed = 0;
  while (slot < capacity && listed < most) {
    const at = slotAt(slot++);
    const value = load<u32>(at, VALUE);
    if (value == 0) continue;
    const to = (<usize>listed) << 2;
    store<u32>(lows + to, load<u32>(at));
    store<u32>(highs + to, load<u32>(at, HIGH));
    store<u32>(values + to, value - 1);
    listed += 1;
  }
  return slot;
}

/** How many {@link listStrangers} has just listed. */
export let listed: u32 = 0;
