/**
 * Call sites that free: how often, and the sizes of objects that were there before the trace, to be set against what /proc/slabinfo
 * counts. A free does not say its size; as a rule a call site frees what it has freed before.
 */
import { moved } from "../memory";
import { isFirst } from "./older-objects";

/** Objects of larger sizes than eight times this are none of a slab's. */
export const SIZES: u32 = 8192;
/** Unmatched frees by size / 8, u32: of call sites that have freed one size only, and behind them of the others, whose last one is taken. */
export const unmatchedBySize: usize = memory.data(SIZES * 8, 16);
/** On a size, where its call site has freed others as well. */
const MIXED: u32 = 0x80000000;

/** Of each call site: the size that it freed last u32, its unmatched frees from before the first of a known size u32, its frees f64. */
const FREEING_BITS: usize = 4;
const UNMATCHED: usize = 4;
const FREES: usize = 8;

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
  freeing = moved(freeing, (<usize>capacity) << FREEING_BITS, (<usize>sites) << FREEING_BITS);
  capacity = sites;
}

@inline
function recordOf(site: u32): usize {
  return freeing + ((<usize>site) << FREEING_BITS);
}

/** A free that a call site asked for; whether it ended an object is told apart. */
@inline
export function countFree(site: u32): void {
  const at = recordOf(site);
  store<f64>(at, load<f64>(at, FREES) + 1, FREES);
}

/** A call site has freed an object of that size. */
@inline
export function sizeFreed(site: u32, bytes: f64): void {
  const at = recordOf(site);
  const size = (<u32>bytes) & ~MIXED;
  const last = load<u32>(at);
  if ((last & ~MIXED) != size) store<u32>(at, last == 0 ? size : size | MIXED);
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
  const at = recordOf(site);
  const last = load<u32>(at);
  const place = (last & ~MIXED) >> 3;
  if (last == 0) store<u32>(at, load<u32>(at, UNMATCHED) + 1, UNMATCHED);
  else if (place < SIZES) {
    const counter = unmatchedBySize + ((<usize>(last < MIXED && isOlder ? place : place + SIZES)) << 2);
    store<u32>(counter, load<u32>(counter) + 1);
  }
}
