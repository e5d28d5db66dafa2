/** Numbers for the high words of pointers (object-line.ts), of which there are few: one for 32 GiB of addresses. */

/** In a line a number is a byte, and 0 says free. */
const MOST_NUMBERS: u32 = 255;
/** Open addressing: a high word u32, its number u32, 0 where the slot is free. */
const SLOT_BITS: u32 = 9;
const slots: usize = memory.data(8 << SLOT_BITS, 16);
const NUMBER: usize = 4;
/** High words by their numbers. */
const words: usize = memory.data((MOST_NUMBERS + 1) * 4, 16);
let count: u32 = 0;

/** The slot of a high word, or the free one that it belongs in. */
@inline
function slotOf(word: u32): usize {
  let slot = (word * 0x9e3779b1) >> (32 - SLOT_BITS);
  while (true) {
    const at = slots + ((<usize>slot) << 3);
    if (load<u32>(at) == word || load<u32>(at, NUMBER) == 0) return at;
    slot = (slot + 1) & ((1 << SLOT_BITS) - 1);
  }
}

/** The number of a high word, or 0. */
@inline
export function numberOf(word: u32): u32 {
  return load<u32>(slotOf(word), NUMBER);
}

/** Gives a high word that has none a number; 0 where all are given. */
export function giveNumber(word: u32): u32 {
  if (count == MOST_NUMBERS) return 0;
  const at = slotOf(word);
  count += 1;
  store<u32>(at, word);
  store<u32>(at, count, NUMBER);
  store<u32>(words + ((<usize>count) << 2), word);
  return count;
}

export function wordOf(number: u32): u32 {
  return load<u32>(words + ((<usize>number) << 2));
}
