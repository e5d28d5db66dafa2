/** Hexadecimal digits, 16 at a time. */

/** What {@link readPointer} read. */
export let pointer: u64 = 0;

/**
 * Reads a pointer of `digits` (8 or 16) hexadecimal digits, lower or upper case.
 *
 * @returns false where there are not as many; what stands behind them is for the caller to look at
 */
export function readPointer(at: usize, digits: u32): bool {
  const text = v128.load(at);
  const decimal = i8x16.sub(text, i8x16.splat(0x30));
  const letter = i8x16.sub(v128.or(text, i8x16.splat(0x20)), i8x16.splat(0x61));
  const isDecimal = i8x16.lt_u(decimal, i8x16.splat(10));
  const isLetter = i8x16.lt_u(letter, i8x16.splat(6));
  const bits: u32 = (1 << digits) - 1;
  if ((<u32>i8x16.bitmask(v128.or(isDecimal, isLetter)) & bits) != bits) return false;
  const values = v128.bitselect(decimal, i8x16.add(letter, i8x16.splat(10)), isDecimal);
  // Two digits a lane, the first in its low byte; the low byte then takes both.
  const pairs = v128.or(i16x8.shl(values, 4), i16x8.shr_u(values, 8));
  const reversed = v128.shuffle<u8>(pairs, pairs, 14, 12, 10, 8, 6, 4, 2, 0, 14, 12, 10, 8, 6, 4, 2, 0);
  pointer = <u64>i64x2.extract_lane(reversed, 0) >> (64 - (<u64>digits << 2));
  return true;
}
