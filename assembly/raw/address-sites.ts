/** Ids of call sites by their addresses: what is looked up at every record. Open addressing. */
import { allocate } from "../memory";

const INITIAL_SLOTS: u32 = 4096;
/** Of a slot: address low, address high, id + 1 (0: free), none. */
const SLOT_BITS: usize = 4;
const ID: usize = 8;

let capacity: u32 = INITIAL_SLOTS;
let slots: usize = allocate((<usize>INITIAL_SLOTS) << SLOT_BITS, 64);
let size: u32 = 0;

@inline
function hashOf(low: u32, high: u32): u32 {
  const mixed = (low ^ (high * 0x85ebca6b)) * 0x9e3779b1;
  return mixed ^ (mixed >> 15);
}

/** The address's slot, or the free one that it belongs in. */
@inline
function slotOf(low: u32, high: u32): usize {
  const mask = capacity - 1;
  let slot = hashOf(low, high) & mask;
  while (true) {
    const at = slots + ((<usize>slot) << SLOT_BITS);
    if (load<u32>(at, ID) == 0 || (load<u32>(at) == low && load<u32>(at, 4) == high)) return at;
    slot = (slot + 1) & mask;
  }
}

/** The id, or -1. */
@inline
export function siteAt(low: u32, high: u32): i32 {
  return load<u32>(slotOf(low, high), ID) - 1;
}

/** Remembers the id of an address that has none. */
export function addSite(low: u32, high: u32, id: u32): void {
  if (size * 2 >= capacity) grow();
  put(low, high, id + 1);
  size += 1;
}

export function clearSites(): void {
  memory.fill(slots, 0, (<usize>capacity) << SLOT_BITS);
  size = 0;
}

function put(low: u32, high: u32, value: u32): void {
  const at = slotOf(low, high);
  store<u32>(at, low);
  store<u32>(at, high, 4);
  store<u32>(at, value, ID);
}

function grow(): void {
  const before = slots;
  const end = before + ((<usize>capacity) << SLOT_BITS);
  capacity *= 2;
  slots = allocate((<usize>capacity) << SLOT_BITS, 64);
  for (let at = before; at < end; at += 1 << SLOT_BITS)
    if (load<u32>(at, ID) != 0) put(load<u32>(at), load<u32>(at, 4), load<u32>(at, ID));
}
