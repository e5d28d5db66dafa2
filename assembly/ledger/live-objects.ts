/**
 * Live objects: a 64-bit pointer to a small integer, at one cache line a look-up.
 *
 * The table is of lines of 64 bytes that hold seven objects each (object-line.ts): what does not fit goes to the next line, which the
 * line before counts, so that a free leaves no trace behind and no neighbour has to move. 64 segments grow one at a time and by an
 * eighth: a growth moves a 64th of the objects.
 */
import { allocate } from "../memory";
import { giveNumber, numberOf, wordOf } from "./high-words";
import {
  freeIn,
  freePlaceIn,
  highOf,
  highWord,
  LINE_BITS,
  LINE_BYTES,
  lowIn,
  lowOf,
  lowWord,
  NONE,
  numberIn,
  passBack,
  passedBy,
  passOn,
  placeOf,
  PLACES,
  putIn,
  setValueIn,
  valueIn,
} from "./object-line";
import {
  addLines,
  addRoom,
  hashOf,
  hasRoom,
  homeOf,
  lineAt,
  linesOf,
  linesOfAll,
  segmentOf,
  SEGMENTS,
  startSegments,
} from "./segments";
import { listed, listStrangers, setStranger, strangerBytes, strangers, takeStranger } from "./strangers";

export { NONE, startSegments as startLive };

/** Pointers that are looked up together. */
export const AHEAD: u32 = 32;
/** The place for a pointer that is looked up alone. */
export const SINGLE: u32 = AHEAD;
/** Of those pointers: where {@link touchLive} found that they belong, their segment, their line in it, and their high word's number. */
const homes: usize = memory.data((AHEAD + 1) * 16, 16);
const HOME_SEGMENT: usize = 4;
const HOME_INDEX: usize = 8;
const HOME_NUMBER: usize = 12;

let scratch: usize = 0;
let scratchBytes: usize = 0;
let size: u32 = 0;
/** What {@link touchLive} said before a segment grew, or a high word had its number, holds no longer. */
export let growths: u32 = 0;

/** Objects in the table. */
@inline
export function liveObjects(): u32 {
  return size + strangers();
}

/** Bytes of the table that are in use. */
export function liveBytes(): f64 {
  return <f64>linesOfAll() * LINE_BYTES + <f64>strangerBytes();
}

/**
 * Finds where the pointer belongs, for the look-up that follows with the same `place` (below {@link AHEAD}, or {@link SINGLE}), and reads
 * what that one will read: done for some pointers before the first of them is looked up, the machine fetches their lines side by side,
 * not one after the other. What it returns means nothing.
 */
@inline
export function touchLive(place: u32, low: u32, high: u32): u32 {
  const number = numberOf(highWord(low, high));
  const word = lowWord(low, high);
  const hash = hashOf(word, number);
  const segment = segmentOf(hash);
  const index = homeOf(hash, linesOf(segment));
  const line = lineAt(segment, index);
  const home = homes + (<usize>place << 4);
  store<u32>(home, <u32>line);
  store<u32>(home, segment, HOME_SEGMENT);
  store<u32>(home, index, HOME_INDEX);
  store<u32>(home, number, HOME_NUMBER);
  return passedBy(line);
}

/** Remembers `value` for the pointer that was touched at this place; the value that it replaces, or -1. */
@inline
export function setLiveAt(at: u32, low: u32, high: u32, value: u32): i32 {
  const home = homes + (<usize>at << 4);
  const number = load<u32>(home, HOME_NUMBER);
  if (number == 0) return setUnknown(low, high, value);
  const word = lowWord(low, high);
  const line = <usize>load<u32>(home);
  const segment = load<u32>(home, HOME_SEGMENT);
  const place = placeOf(line, word, number);
  if (place >= 0) return exchange(line, place, value);
  if (passedBy(line) != 0) {
    const behind = placeBehind(segment, load<u32>(home, HOME_INDEX), word, number);
    if (behind >= 0) return exchange(foundIn, behind, value);
  }
  const free = freePlaceIn(line);
  if (hasRoom(segment) && free >= 0) {
    putIn(line, free, word, number, value);
    countIn(segment);
  } else insert(segment, word, number, value);
  return NONE;
}

@inline
function exchange(line: usize, place: u32, value: u32): i32 {
  const replaced = valueIn(line, place);
  setValueIn(line, place, value);
  return replaced;
}

/** As {@link setLiveAt}, of a pointer whose high word has no number: no line holds one of those. */
function setUnknown(low: u32, high: u32, value: u32): i32 {
  const number = giveNumber(highWord(low, high));
  if (number == 0) return setStranger(low, high, value);
  growths += 1;
  const word = lowWord(low, high);
  const segment = segmentOf(hashOf(word, number));
  insert(segment, word, number, value);
  return NONE;
}

/** Puts in a pointer that the segment does not hold, which may have to grow first. */
function insert(segment: u32, low: u32, number: u32, value: u32): void {
  if (!hasRoom(segment)) grow(segment);
  put(segment, linesOf(segment), low, number, value);
  countIn(segment);
}

@inline
function countIn(segment: u32): void {
  addRoom(segment, -1);
  size += 1;
}

/** The line where {@link placeBehind} found a pointer. */
let foundIn: usize = 0;

/** The place, in {@link foundIn}, of a pointer that went past its home; -1 where there is none. */
function placeBehind(segment: u32, home: u32, low: u32, number: u32): i32 {
  const lines = linesOf(segment);
  let index = home;
  while (true) {
    index = index + 1 == lines ? 0 : index + 1;
    const line = lineAt(segment, index);
    const place = placeOf(line, low, number);
    if (place >= 0) {
      foundIn = line;
      return place;
    }
    if (passedBy(line) == 0 || index == home) return NONE;
  }
}

/** Puts a pointer that the segment does not hold into the first free place from its home on. */
function put(segment: u32, lines: u32, low: u32, number: u32, value: u32): void {
  let index = homeOf(hashOf(low, number), lines);
  let line = lineAt(segment, index);
  let free = freePlaceIn(line);
  while (free < 0) {
    passOn(line);
    index = index + 1 == lines ? 0 : index + 1;
    line = lineAt(segment, index);
    free = freePlaceIn(line);
  }
  putIn(line, free, low, number, value);
}

/** Forgets the pointer that was touched at this place; the value it had, or -1. */
@inline
export function takeLiveAt(at: u32, low: u32, high: u32): i32 {
  const home = homes + (<usize>at << 4);
  const number = load<u32>(home, HOME_NUMBER);
  if (number == 0) return takeStranger(low, high);
  const word = lowWord(low, high);
  let line = <usize>load<u32>(home);
  const segment = load<u32>(home, HOME_SEGMENT);
  let place = placeOf(line, word, number);
  if (place < 0) {
    if (passedBy(line) == 0) return NONE;
    const index = load<u32>(home, HOME_INDEX);
    place = placeBehind(segment, index, word, number);
    if (place < 0) return NONE;
    line = foundIn;
    comeBack(segment, index, line);
  }
  freeIn(line, place);
  addRoom(segment, 1);
  size -= 1;
  return valueIn(line, place);
}

/** The lines from `home` to before `last` have one object less that went past them. */
function comeBack(segment: u32, home: u32, last: usize): void {
  const lines = linesOf(segment);
  let index = home;
  for (let line = lineAt(segment, index); line != last; line = lineAt(segment, index)) {
    passBack(line);
    index = index + 1 == lines ? 0 : index + 1;
  }
}

/** More lines: the segment's objects are set aside and put in anew. */
function grow(segment: u32): void {
  growths += 1;
  const before = linesOf(segment);
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
  addLines(segment);
  const lines = linesOf(segment);
  for (let line: u32 = 0; line < before; line++) {
    const from = scratch + ((<usize>line) << LINE_BITS);
    for (let place: u32 = 0; place < PLACES; place++) {
      const number = numberIn(from, place);
      if (number != 0) put(segment, lines, lowIn(from, place), number, valueIn(from, place));
    }
  }
}

let listSegment: u32 = 0;
let listLine: u32 = 0;
let listSlot: u32 = 0;

/** Begins a walk through all objects, during which the table must not change. */
export function beginList(): void {
  listSegment = 0;
  listLine = 0;
  listSlot = 0;
}

/** The next objects, at most `most` (of 7 or more), into three columns; how many: 0 at the end. */
export function listLive(lows: usize, highs: usize, values: usize, most: u32): u32 {
  let n: u32 = 0;
  while (listSegment < SEGMENTS) {
    if (listLine == linesOf(listSegment)) {
      listSegment += 1;
      listLine = 0;
      continue;
    }
    if (n + PLACES > most) return n;
    const line = lineAt(listSegment, listLine++);
    for (let place: u32 = 0; place < PLACES; place++) {
      const number = numberIn(line, place);
      if (number == 0) continue;
      const low = lowIn(line, place);
      const high = wordOf(number);
      store<u32>(lows + (n << 2), lowOf(low, high));
      store<u32>(highs + (n << 2), highOf(low, high));
      store<u32>(values + (n << 2), valueIn(line, place));
      n += 1;
    }
  }
  if (n > 0) return n;
  listSlot = listStrangers(listSlot, lows, highs, values, most);
  return listed;
}
