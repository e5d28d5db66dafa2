/**
 * Call sites by their text, each with the ending that its last line had: most print the same again and again, sizes and all. Open
 * addressing.
 */
import { equalBytes } from "./equal-bytes";
import { allocate } from "../memory";

const INITIAL_SLOTS: u32 = 512;
const SLOT_BITS: usize = 8;
const SLOT_BYTES: usize = 256;
/** Of a slot: id + 1 (0: free), hash and length of the text; length of the ending (0: none), its event; sizes; both texts. */
const HASH: usize = 4;
const LENGTH: usize = 8;
const ENDING_LENGTH: usize = 12;
const ENDING_KIND: usize = 16;
const BYTES_REQ: usize = 24;
const BYTES_ALLOC: usize = 32;
const TEXT: usize = 40;
const ENDING: usize = 128;
/** Shorter ones, and longer ones, are not known here. */
const MIN_SITE: u32 = 8;
export const MAX_SITE: u32 = 88;
const MAX_ENDING: u32 = 128;

let capacity: u32 = INITIAL_SLOTS;
let slots: usize = memory.data(512 << 8, 64);
let size: u32 = 0;

/** The slot of the text at `at`, 0 where it is not known. */
@inline
export function knownSite(at: usize, length: u32): usize {
  if (length < MIN_SITE || length > MAX_SITE) return 0;
  const slot = slotOf(at, length, hashOf(at, length));
  return load<u32>(slot) != 0 ? slot : 0;
}

export function idOf(slot: usize): u32 {
  return load<u32>(slot) - 1;
}

/** The length of the ending at `at`, 0 where the last line of the call site had another. */
@inline
export function lastEnding(slot: usize, kind: u32, at: usize): u32 {
  const length = load<u32>(slot, ENDING_LENGTH);
  return length != 0 && load<u32>(slot, ENDING_KIND) == kind && equalBytes(at, slot + ENDING, length) ? length : 0;
}

/** Sizes that the last ending tells. */
export function bytesReqOf(slot: usize): f64 {
  return load<f64>(slot, BYTES_REQ);
}

export function bytesAllocOf(slot: usize): f64 {
  return load<f64>(slot, BYTES_ALLOC);
}

export function rememberEnding(slot: usize, kind: u32, at: usize, length: u32, bytesReq: f64, bytesAlloc: f64): void {
  store<u32>(slot, length > MAX_ENDING ? 0 : length, ENDING_LENGTH);
  store<u32>(slot, kind, ENDING_KIND);
  store<f64>(slot, bytesReq, BYTES_REQ);
  store<f64>(slot, bytesAlloc, BYTES_ALLOC);
  for (let i: usize = 0; i < MAX_ENDING; i += 16) v128.store(slot + ENDING + i, v128.load(at + i));
}

export function learnSite(at: usize, length: u32, id: u32): void {
  if (length < MIN_SITE || length > MAX_SITE || knownSite(at, length) != 0) return;
  if (size * 2 >= capacity) grow();
  const hash = hashOf(at, length);
  const slot = slotOf(at, length, hash);
  store<u32>(slot, id + 1);
  store<u32>(slot, hash, HASH);
  store<u32>(slot, length, LENGTH);
  memory.copy(slot + TEXT, at, MAX_SITE);
  size += 1;
}

/** From both ends and the middle: of names that only count on, one of them differs. The slot's text is compared whole. */
@inline
function hashOf(at: usize, length: u32): u32 {
  const ends = (load<u64>(at) ^ rotl<u64>(load<u64>(at + length - 8), 23)) * 0x9e3779b97f4a7c15;
  const mixed = (ends ^ (ends >> 32) ^ load<u64>(at + (length >> 1) - 4)) * 0xc2b2ae3d27d4eb4f;
  return <u32>(mixed >> 32) ^ length;
}

/** The slot of the text, or the free one that it belongs in. */
@inline
function slotOf(at: usize, length: u32, hash: u32): usize {
  const mask = capacity - 1;
  let index = hash & mask;
  while (true) {
    const slot = slots + ((<usize>index) << SLOT_BITS);
    if (load<u32>(slot) == 0) return slot;
    if (load<u32>(slot, HASH) == hash && load<u32>(slot, LENGTH) == length && equalBytes(at, slot + TEXT, length)) return slot;
    index = (index + 1) & mask;
  }
}

function grow(): void {
  const before = slots;
  const end = before + ((<usize>capacity) << SLOT_BITS);
  capacity *= 2;
  slots = allocate((<usize>capacity) << SLOT_BITS, 64);
  const mask = capacity - 1;
  for (let from = before; from < end; from += SLOT_BYTES) {
    if (load<u32>(from) == 0) continue;
    let index = load<u32>(from, HASH) & mask;
    while (load<u32>(slots + ((<usize>index) << SLOT_BITS)) != 0) index = (index + 1) & mask;
    memory.copy(slots + ((<usize>index) << SLOT_BITS), from, SLOT_BYTES);
  }
}
