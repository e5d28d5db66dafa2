/**
 * Sizes of the objects that were there before the trace, when they are freed: to be set against what /proc/slabinfo counts. A free
 * does not say its size; as a rule a call site frees what it has freed before.
 */
import { allocate } from "./memory";
import { isFirst } from "./older-objects";

/** Objects of larger sizes than eight times this are none of a slab's. */
export const SIZES: u32 = 8192;
/** Unmatched frees by size / 8, u32: of call sites that have freed one size only, and behind them of the others, whose last one is taken. */
export const unmatchedBySize: usize = memory.data(SIZES * 8, 16);
/** On a size, where its call site has freed others as well. */
const MIXED: u32 = 0x80000000;

/** Of each call site 8 bytes: the size that it freed last, and its unmatched frees from before the first of a known size. */
let freeing: usize = 0;
let capacity: u32 = 0;
let hiddenAllocs: f64 = 0;

export function freeingAt(): usize {
  return freeing;
}

/** Unmatched frees of addresses that had been freed so before: allocated since, without an event. */
export function hiddenAllocsSeen(): f64 {
  return hiddenAllocs;
}

/** Makes room for every call site below `sites`. */
export function reserveFreeing(sites: u32): void {
  const to = allocate((<usize>sites) << 3, 64);
  memory.copy(to, freeing, (<usize>capacity) << 3);
  freeing = to;
  capacity = sites;
}

/** A call site has freed an object of that size. */
export function sizeFreed(site: u32, bytes: f64): void {
  const at = freeing + ((<usize>site) << 3);
  const size = (<u32>bytes) & ~MIXED;
  const last = load<u32>(at);
  if ((last & ~MIXED) == size) return;
  store<u32>(at, last == 0 ? size : size | MIXED);
}

/**
 * A call site has freed an object that was not known.
 *
 * @param isOlder false where it may as well have been allocated without an event: then it is one of those that are guessed
 */
export function noteUnmatched(site: u32, low: u32, high: u32, isOlder: bool): void {
  if (!isFirst(low, high)) {
    hiddenAllocs += 1;
    return;
  }
  const at = freeing + ((<usize>site) << 3);
  const last = load<u32>(at);
  const place = (last & ~MIXED) >> 3;
  if (last == 0) store<u32>(at, load<u32>(at, 4) + 1, 4);
  else if (place < SIZES) {
    const counter = unmatchedBySize + ((<usize>(last < MIXED && isOlder ? place : place + SIZES)) << 2);
    store<u32>(counter, load<u32>(counter) + 1);
  }
}
