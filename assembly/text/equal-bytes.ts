/** Comparing text 64 bytes at a time, since a loop of fewer has as many ends as there are lengths. Behind both texts 63 bytes more must be readable. */

/** True where `length` (1 or more) bytes are equal. */
@inline
export function equalBytes(a: usize, b: usize, length: u32): bool {
  for (; length > 64; length -= 64) {
    if (equalOf64(a, b) != ~0) return false;
    a += 64;
    b += 64;
  }
  const bits = ~(<u64>0) >> (64 - length);
  return (equalOf64(a, b) & bits) == bits;
}

/** A bit for each of 64 bytes that are equal. */
function equalOf64(a: usize, b: usize): u64 {
  const first = <u64>equalOf16(a, b);
  const second = <u64>equalOf16(a + 16, b + 16);
  const third = <u64>equalOf16(a + 32, b + 32);
  const fourth = <u64>equalOf16(a + 48, b + 48);
  return first | (second << 16) | (third << 32) | (fourth << 48);
}

/** A bit for each of 16 bytes that are equal. */
export function equalOf16(a: usize, b: usize): u32 {
  return i8x16.bitmask(i8x16.eq(v128.load(a), v128.load(b)));
}
