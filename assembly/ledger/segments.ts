/**
 * The lines of the table of live objects, in 64 segments that grow one at a time.
 *
 * A segment's lines need not stand together: chunk by chunk (4 KB, a page of memory) all segments lie side by side in a
 * stripe, so that a table grows at its end only, and takes no memory of the machine for what no segment uses yet.
 */
import { allocate } from "../memory";
import { LINE_BITS, LINE_BYTES, PLACES } from "./object-line";

const SEGMENT_BITS: u32 = 6;
export const SEGMENTS: u32 = 1 << SEGMENT_BITS;
/** Lines of a chunk. */
const CHUNK_BITS: u32 = 6;
const CHUNK_BYTES: usize = LINE_BYTES << CHUNK_BITS;
const STRIPE_BYTES: usize = CHUNK_BYTES * SEGMENTS;
/** As many as 4 GiB hold. */
const MAX_STRIPES: u32 = 1 << 14;

/** Lines of the first segment at the beginning; the last has a growth more, so that they do not all grow at once. */
const INITIAL_LINES: u32 = 128;
/** A segment grows by one of so many parts of it. */
const GROWTH: u32 = 8;
/** Of 1,000 places of a segment so many are taken before it grows. */
const MAX_LOAD: u32 = 740;

const stripes: usize = memory.data(MAX_STRIPES * 4, 16);
const lineCounts: usize = memory.data(SEGMENTS * 4, 16);
/** How many objects more a segment may hold before it grows. */
const rooms: usize = memory.data(SEGMENTS * 4, 16);
let stripeCount: u32 = 0;

export function startSegments(): void {
  for (let segment: u32 = 0; segment < SEGMENTS; segment++)
    setLines(segment, INITIAL_LINES + (INITIAL_LINES * segment) / (GROWTH * SEGMENTS));
}

@inline
export function linesOf(segment: u32): u32 {
  return load<u32>(lineCounts + (segment << 2));
}

export function linesOfAll(): u32 {
  let lines: u32 = 0;
  for (let segment: u32 = 0; segment < SEGMENTS; segment++) lines += linesOf(segment);
  return lines;
}

/** More lines, which are empty; what the others hold no longer stands where it belongs. */
export function addLines(segment: u32): void {
  setLines(segment, linesOf(segment) + linesOf(segment) / GROWTH);
}

function setLines(segment: u32, lines: u32): void {
  while (stripeCount << CHUNK_BITS < lines) {
    store<u32>(stripes + (stripeCount << 2), <u32>allocate(STRIPE_BYTES, CHUNK_BYTES));
    stripeCount += 1;
  }
  addRoom(segment, limitOf(lines) - limitOf(linesOf(segment)));
  store<u32>(lineCounts + (segment << 2), lines);
}

function limitOf(lines: u32): u32 {
  return <u32>((<u64>lines * PLACES * MAX_LOAD) / 1000);
}

@inline
export function hasRoom(segment: u32): bool {
  return load<u32>(rooms + (segment << 2)) != 0;
}

@inline
export function addRoom(segment: u32, objects: i32): void {
  store<u32>(rooms + (segment << 2), load<u32>(rooms + (segment << 2)) + objects);
}

/** Mixes all bits: real pointers are aligned and neighbours, hashed ones are not. */
@inline
export function hashOf(low: u32, number: u32): u32 {
  let hash = (low ^ (number * 0x85ebca6b)) * 0x9e3779b1;
  hash ^= hash >> 15;
  hash *= 0xc2b2ae35;
  return hash ^ (hash >> 13);
}

@inline
export function segmentOf(hash: u32): u32 {
  return hash >> (32 - SEGMENT_BITS);
}

/** The line a hash belongs to: its bits below the segment's, scaled to the lines there are. */
@inline
export function homeOf(hash: u32, lines: u32): u32 {
  return <u32>((<u64>(hash << SEGMENT_BITS) * <u64>lines) >> 32);
}

@inline
export function lineAt(segment: u32, line: u32): usize {
  const stripe = load<u32>(stripes + ((line >> CHUNK_BITS) << 2));
  return <usize>(stripe + (segment << (CHUNK_BITS + LINE_BITS)) + ((line & ((1 << CHUNK_BITS) - 1)) << LINE_BITS));
}
