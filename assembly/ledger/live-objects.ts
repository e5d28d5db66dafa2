/**
 * Live objects: a 64-bit pointer to a small integer, at one cache line a look-up.
 *
 * The table is of lines of 64 bytes that hold five objects each: a look-up compares all five pointers of a line at once, and
 * what does not fit goes to the next line, which the line before counts, so that a free leaves no trace behind and no
 * neighbour has to move. 64 segments grow one at a time and by a fifth: a growth moves a 64th of the objects, and 17 to 20 bytes
 * go to a live object.
 *
 *     line: low halves u32 × 5 | high halves u32 × 5 | value + 1, or 0 where free, u32 × 5 | objects that went past this line u32
 *
 * A segment's lines need not stand together: chunk by chunk (4 KB, a page of memory) all segments lie side by side in a
 * stripe, so that a table grows at its end only, and takes no memory of the machine for what no segment uses yet.
 */
import { allocate } from "../memory";

const SEGMENT_BITS: u32 = 6;
const SEGMENTS: u32 = 1 << SEGMENT_BITS;
const LINE_BITS: u32 = 6;
const LINE_BYTES: usize = 1 << LINE_BITS;
const PLACES: u32 = 5;
const HIGHS: usize = 20;
const VALUES: usize = 40;
const PASSED: usize = 60;
/** Lines of a chunk. */
const CHUNK_BITS: u32 = 6;
const CHUNK_BYTES: usize = LINE_BYTES << CHUNK_BITS;
const STRIPE_BYTES: usize = CHUNK_BYTES * SEGMENTS;
/** As many as 4 GiB hold. */
const MAX_STRIPES: u32 = 1 << 14;

/** Lines of the first segment at the beginning; the last has a growth more, so that they do not all grow at once. */
const INITIAL_LINES: u32 = 128;
/** Of 1,000 places of a segment so many are taken before it grows. */
const MAX_LOAD: u32 = 680;

export const NONE: i32 = -1;

/** Pointers that are looked up together. */
export const AHEAD: u32 = 32;
/** The place for a pointer that is looked up alone. */
export const SINGLE: u32 = AHEAD;
/** Of those pointers: where {@link touchLive} found that they belong, their segment and their line in it. */
const homes: usize = memory.data((AHEAD + 1) * 16, 16);
const HOME_SEGMENT: usize = 4;
const HOME_INDEX: usize = 8;

const stripes: usize = memory.data(MAX_STRIPES * 4, 16);
const lineCounts: usize = memory.data(SEGMENTS * 4, 16);
/** How many objects more a segment may hold before it grows. */
const rooms: usize = memory.data(SEGMENTS * 4, 16);
let stripeCount: u32 = 0;
let scratch: usize = 0;
let scratchBytes: usize = 0;
let size: u32 = 0;
/** What {@link touchLive} said before a segment grew holds no longer. */
export let growths: u32 = 0;

/** Objects in the table. */
export function liveObjects(): u32 {
  return size;
}

/** Bytes of the table that are in use. */
export function liveBytes(): f64 {
  let lines: u64 = 0;
  for (let segment: u32 = 0; segment < SEGMENTS; segment++) lines += load<u32>(lineCounts + (segment << 2));
  return <f64>(lines << LINE_BITS);
}

export function startLive(): void {
  for (let segment: u32 = 0; segment < SEGMENTS; segment++)
    setLines(segment, INITIAL_LINES + (INITIAL_LINES * segment) / (5 * SEGMENTS));
}

function setLines(segment: u32, lines: u32): void {
  while (stripeCount << CHUNK_BITS < lines) {
    store<u32>(stripes + (stripeCount << 2), <u32>allocate(STRIPE_BYTES, CHUNK_BYTES));
    stripeCount += 1;
  }
  const before = load<u32>(lineCounts + (segment << 2));
  store<u32>(lineCounts + (segment << 2), lines);
  store<u32>(rooms + (segment << 2), load<u32>(rooms + (segment << 2)) + limitOf(lines) - limitOf(before));
}

function limitOf(lines: u32): u32 {
  return (lines * PLACES * MAX_LOAD) / 1000;
}

/** Mixes all 64 bits: real pointers are aligned and neighbours, hashed ones are not. */
@inline
function hashOf(low: u32, high: u32): u32 {
  let hash = (low ^ (high * 0x85ebca6b)) * 0x9e3779b1;
  hash ^= hash >> 15;
  hash *= 0xc2b2ae35;
  return hash ^ (hash >> 13);
}

@inline
function segmentOf(hash: u32): u32 {
  return hash >> (32 - SEGMENT_BITS);
}

/** The line a hash belongs to: its bits below the segment's, scaled to the lines there are. */
@inline
function homeOf(hash: u32, lines: u32): u32 {
  return <u32>((<u64>(hash << SEGMENT_BITS) * <u64>lines) >> 32);
}

@inline
function lineAt(segment: u32, line: u32): usize {
  const stripe = load<u32>(stripes + ((line >> CHUNK_BITS) << 2));
  return <usize>(stripe + (segment << (CHUNK_BITS + LINE_BITS)) + ((line & ((1 << CHUNK_BITS) - 1)) << LINE_BITS));
}

/** The place of a line that holds the pointer, of which the first four are free as told; -1 where none does. */
@inline
function placeIn(line: usize, free: v128, low: u32, high: u32): i32 {
  const equal = v128.and(
    i32x4.eq(v128.load(line), i32x4.splat(low)),
    i32x4.eq(v128.load(line, HIGHS), i32x4.splat(high)),
  );
  // What a free left behind is no object.
  const taken = v128.andnot(equal, free);
  const mask = i32x4.bitmask(taken);
  if (mask != 0) return ctz(mask);
  return load<u32>(line, 16) == low && load<u32>(line, HIGHS + 16) == high && load<u32>(line, VALUES + 16) != 0
    ? 4
    : NONE;
}

/** Of the first four places, those that are free. */
@inline
function freeIn(line: usize): v128 {
  return i32x4.eq(v128.load(line, VALUES), i32x4.splat(0));
}

function freePlaceIn(line: usize): i32 {
  const mask = i32x4.bitmask(freeIn(line));
  if (mask != 0) return ctz(mask);
  return load<u32>(line, VALUES + 16) == 0 ? 4 : NONE;
}

/**
 * Finds where the pointer belongs, for the look-up that follows with the same `place` (below {@link AHEAD}, or {@link SINGLE}), and reads
 * what that one will read: done for some pointers before the first of them is looked up, the machine fetches their lines side by side,
 * not one after the other. What it returns means nothing.
 */
@inline
export function touchLive(place: u32, low: u32, high: u32): u32 {
  const hash = hashOf(low, high);
  const segment = segmentOf(hash);
  const index = homeOf(hash, load<u32>(lineCounts + (segment << 2)));
  const line = lineAt(segment, index);
  const home = homes + (<usize>place << 4);
  store<u32>(home, <u32>line);
  store<u32>(home, segment, HOME_SEGMENT);
  store<u32>(home, index, HOME_INDEX);
  return load<u32>(line, PASSED);
}

/** Remembers `value` for the pointer that was touched at this place; the value that it replaces, or -1. */
@inline
export function setLiveAt(at: u32, low: u32, high: u32, value: u32): i32 {
  const home = homes + (<usize>at << 4);
  const line = <usize>load<u32>(home);
  const segment = load<u32>(home, HOME_SEGMENT);
  const free = freeIn(line);
  let place = placeIn(line, free, low, high);
  if (place < 0 && load<u32>(line, PASSED) != 0) place = placeBehind(segment, load<u32>(home, HOME_INDEX), low, high);
  if (place >= 0) {
    const at = <usize>(place < 8 ? line + (place << 2) : foundAt);
    const replaced = load<u32>(at, VALUES);
    store<u32>(at, value + 1, VALUES);
    return replaced - 1;
  }
  const room = load<u32>(rooms + (segment << 2));
  const mask = i32x4.bitmask(free);
  if (room != 0 && mask != 0) putIn(line, ctz(mask), low, high, value + 1);
  else {
    if (room == 0) grow(segment);
    const lines = load<u32>(lineCounts + (segment << 2));
    put(segment, lines, homeOf(hashOf(low, high), lines), low, high, value + 1);
  }
  store<u32>(rooms + (segment << 2), load<u32>(rooms + (segment << 2)) - 1);
  size += 1;
  return NONE;
}

@inline
function putIn(line: usize, place: u32, low: u32, high: u32, value: u32): void {
  const at = line + (place << 2);
  store<u32>(at, low);
  store<u32>(at, high, HIGHS);
  store<u32>(at, value, VALUES);
}

/** Where {@link placeBehind} found a pointer: the address of its low half. */
let foundAt: usize = 0;

/** 8 where a line behind the pointer's home holds it, which {@link foundAt} tells; else -1. */
function placeBehind(segment: u32, home: u32, low: u32, high: u32): i32 {
  const lines = load<u32>(lineCounts + (segment << 2));
  let index = home;
  while (true) {
    index = index + 1 == lines ? 0 : index + 1;
    const line = lineAt(segment, index);
    const place = placeIn(line, freeIn(line), low, high);
    if (place >= 0) {
      foundAt = line + (place << 2);
      return 8;
    }
    if (load<u32>(line, PASSED) == 0 || index == home) return NONE;
  }
}

/** Puts a pointer that the segment does not hold into the first free place from its home on. */
function put(segment: u32, lines: u32, home: u32, low: u32, high: u32, value: u32): void {
  let index = home;
  let line = lineAt(segment, index);
  let free = freePlaceIn(line);
  while (free < 0) {
    store<u32>(line, load<u32>(line, PASSED) + 1, PASSED);
    index = index + 1 == lines ? 0 : index + 1;
    line = lineAt(segment, index);
    free = freePlaceIn(line);
  }
  putIn(line, free, low, high, value);
}

/** Forgets the pointer that was touched at this place; the value it had, or -1. */
@inline
export function takeLiveAt(at: u32, low: u32, high: u32): i32 {
  const home = homes + (<usize>at << 4);
  const line = <usize>load<u32>(home);
  const segment = load<u32>(home, HOME_SEGMENT);
  let object = line;
  const place = placeIn(line, freeIn(line), low, high);
  if (place >= 0) object = line + (place << 2);
  else {
    if (load<u32>(line, PASSED) == 0) return NONE;
    const index = load<u32>(home, HOME_INDEX);
    if (placeBehind(segment, index, low, high) < 0) return NONE;
    object = foundAt;
    comeBack(segment, index, object);
  }
  const value = load<u32>(object, VALUES);
  store<u32>(object, 0, VALUES);
  store<u32>(rooms + (segment << 2), load<u32>(rooms + (segment << 2)) + 1);
  size -= 1;
  return value - 1;
}

/** The lines from `home` to before that of `at` have one object less that went past them. */
function comeBack(segment: u32, home: u32, at: usize): void {
  const lines = load<u32>(lineCounts + (segment << 2));
  const last = at & ~(LINE_BYTES - 1);
  let index = home;
  for (let line = lineAt(segment, index); line != last; line = lineAt(segment, index)) {
    store<u32>(line, load<u32>(line, PASSED) - 1, PASSED);
    index = index + 1 == lines ? 0 : index + 1;
  }
}

/** A fifth more lines: the segment's objects are set aside and put in anew. */
function grow(segment: u32): void {
  growths += 1;
  const before = load<u32>(lineCounts + (segment << 2));
  const bytes = (<usize>before) << LINE_BITS;
  if (bytes > scratchBytes) {
    scratchBytes = bytes * 2;
    scratch = allocate(scratchBytes, LINE_BYTES);
  }
  for (let line: u32 = 0; line < before; line++) {
    const from = lineAt(segment, line);
    memory.copy(scratch + ((<usize>line) << LINE_BITS), from, LINE_BYTES);
    memory.fill(from, 0, LINE_BYTES);
  }
  const lines = before + before / 5;
  setLines(segment, lines);
  for (let line: u32 = 0; line < before; line++) {
    const from = scratch + ((<usize>line) << LINE_BITS);
    for (let place: u32 = 0; place < PLACES; place++) {
      const at = from + (place << 2);
      const value = load<u32>(at, VALUES);
      if (value == 0) continue;
      const low = load<u32>(at);
      const high = load<u32>(at, HIGHS);
      put(segment, lines, homeOf(hashOf(low, high), lines), low, high, value);
    }
  }
}

let listSegment: u32 = 0;
let listLine: u32 = 0;

/** Begins a walk through all objects, during which the table must not change. */
export function beginList(): void {
  listSegment = 0;
  listLine = 0;
}

/** The next objects, at most `most` (of 5 or more), into three columns; how many: 0 at the end. */
export function listLive(lows: usize, highs: usize, values: usize, most: u32): u32 {
  let n: u32 = 0;
  while (listSegment < SEGMENTS) {
    if (listLine == load<u32>(lineCounts + (listSegment << 2))) {
      listSegment += 1;
      listLine = 0;
      continue;
    }
    if (n + PLACES > most) break;
    const line = lineAt(listSegment, listLine++);
    for (let place: u32 = 0; place < PLACES; place++) {
      const at = line + (place << 2);
      const value = load<u32>(at, VALUES);
      if (value == 0) continue;
      store<u32>(lows + (n << 2), load<u32>(at));
      store<u32>(highs + (n << 2), load<u32>(at, HIGHS));
      store<u32>(values + (n << 2), value - 1);
      n += 1;
    }
  }
  return n;
}
