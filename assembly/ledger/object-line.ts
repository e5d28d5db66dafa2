/**
 * A cache line of live objects: seven of them, whose pointers are compared at once.
 *
 *     low words u32 × 7 | values u32 × 7 | high words' numbers u8 × 7, 0 where the place is free | objects that went past u8
 *
 * A pointer's words are those of it turned right by three bits: an address of the kernel's is a multiple of eight, so that one high word
 * is 32 GiB of them, and a number of eight bits (high-words.ts) stands for it. What is random in its lowest bits (a hash) has eight.
 */

export const LINE_BITS: u32 = 6;
export const LINE_BYTES: usize = 1 << LINE_BITS;
export const PLACES: u32 = 7;
const VALUES: usize = 28;
const NUMBERS: usize = 56;
const PASSED: usize = 63;
/** So many and more: no longer counted back. */
const MANY_PASSED: u32 = 255;
/** The 16 bytes whose upper half is that of the numbers. */
const TAIL: usize = 48;
const TAIL_PLACES: i32 = (1 << PLACES) - 1;

export const NONE: i32 = -1;

@inline
export function lowWord(low: u32, high: u32): u32 {
  return (low >> 3) | (high << 29);
}

@inline
export function highWord(low: u32, high: u32): u32 {
  return (high >> 3) | (low << 29);
}

/** The pointer's own halves again. */
@inline
export function lowOf(lowWord: u32, highWord: u32): u32 {
  return (lowWord << 3) | (highWord >> 29);
}

@inline
export function highOf(lowWord: u32, highWord: u32): u32 {
  return (highWord << 3) | (lowWord >> 29);
}

/** Of bytes of {@link TAIL}, which of them are set where the places are: a bit each. */
@inline
function placesIn(bytes: v128): i32 {
  return (i8x16.bitmask(bytes) >> 8) & TAIL_PLACES;
}

@inline
function withNumber(line: usize, number: u32): v128 {
  return i8x16.eq(v128.load(line, TAIL), i8x16.splat(<u8>number));
}

/** The place that holds the pointer, or -1. */
@inline
export function placeOf(line: usize, low: u32, number: u32): i32 {
  const wanted = i32x4.splat(low);
  const lows = i16x8.narrow_i32x4_s(i32x4.eq(v128.load(line), wanted), i32x4.eq(v128.load(line, 16), wanted));
  const places = placesIn(v128.and(i8x16.narrow_i16x8_s(lows, lows), withNumber(line, number)));
  return places != 0 ? ctz(places) : NONE;
}

/** A place that is free, or -1. */
@inline
export function freePlaceIn(line: usize): i32 {
  const places = placesIn(withNumber(line, 0));
  return places != 0 ? ctz(places) : NONE;
}

@inline
export function putIn(line: usize, place: u32, low: u32, number: u32, value: u32): void {
  store<u32>(line + (place << 2), low);
  store<u8>(line + place, number, NUMBERS);
  store<u32>(line + (place << 2), value, VALUES);
}

@inline
export function lowIn(line: usize, place: u32): u32 {
  return load<u32>(line + (place << 2));
}

/** The number of the high word, 0 where the place is free. */
@inline
export function numberIn(line: usize, place: u32): u32 {
  return load<u8>(line + place, NUMBERS);
}

@inline
export function valueIn(line: usize, place: u32): u32 {
  return load<u32>(line + (place << 2), VALUES);
}

@inline
export function setValueIn(line: usize, place: u32, value: u32): void {
  store<u32>(line + (place << 2), value, VALUES);
}

@inline
export function freeIn(line: usize, place: u32): void {
  store<u8>(line + place, 0, NUMBERS);
}

/** How many objects belong in this line, or one before it, and found no place up to here. */
@inline
export function passedBy(line: usize): u32 {
  return load<u8>(line, PASSED);
}

export function passOn(line: usize): void {
  const passed = passedBy(line);
  if (passed < MANY_PASSED) store<u8>(line, passed + 1, PASSED);
}

/** An object that went past is gone. */
export function passBack(line: usize): void {
  const passed = passedBy(line);
  if (passed < MANY_PASSED) store<u8>(line, passed - 1, PASSED);
}
