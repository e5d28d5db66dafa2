/** Decimal numbers of a trace line. All are small enough that a double, and what is computed of it, is exact. */

const SPACE: u32 = 0x20;
const DOT: u32 = 0x2e;
const ZERO: u32 = 0x30;
const HIGHS: u64 = 0xf0f0f0f0f0f0f0f0;
/** Columns of the clock's seconds, digits and the spaces before them, that are read here. */
const MAX_SECONDS_COLUMNS: u32 = 8;
/** Longer numbers may be more than 2⁵³. */
const MAX_DIGITS: usize = 15;

/** What {@link readNumber} read. */
export let number: f64 = 0;

/** Reads the number at `at`, of at most 15 digits; where it ends: at `at` where there is none. */
@inline
export function readNumber(at: usize): usize {
  const text = load<u64>(at);
  // The high half of a byte is zero where a digit was, and stays so when 6 is added to it.
  const values = text ^ 0x3030303030303030;
  const others = (values | (values + 0x0606060606060606)) & HIGHS;
  if (others == 0) return readLong(at);
  const bits = ctz(others) & ~7;
  if (bits == 0) return at;
  number = <f64>valueOf(values << (64 - bits));
  return at + <usize>(bits >> 3);
}

/** {@link readNumber} for eight digits and more. */
function readLong(at: usize): usize {
  let p = at;
  let value: u64 = 0;
  for (let digit = load<u8>(p) - ZERO; digit <= 9; digit = load<u8>(++p) - ZERO) {
    if (p - at == MAX_DIGITS) return at;
    value = value * 10 + digit;
  }
  number = <f64>value;
  return p;
}

/** The number that eight values of digits are, the first one in the lowest byte: neighbours are added up, then pairs, then fours. */
function valueOf(values: u64): u64 {
  let sum = (values * 10 + (values >> 8)) & 0x00ff00ff00ff00ff;
  sum = (sum * 100 + (sum >> 16)) & 0x0000ffff0000ffff;
  return (sum * 10000 + (sum >> 32)) & 0xffffffff;
}

/** What {@link readClock} read, nanoseconds. */
export let clockNs: f64 = 0;
/** The seconds read last, with the spaces before them: the next line's are nearly always the same. */
let secondsText: u64 = 0;
let secondsMask: u64 = ~0;
let secondsColumns: usize = 0;
let secondsNs: f64 = 0;

/** Reads `  28539.019468: `; behind it, or 0 where the clock is not of this form. */
export function readClock(at: usize): usize {
  if ((load<u64>(at) & secondsMask) != secondsText || load<u8>(at + secondsColumns) != DOT) {
    if (!readSeconds(at)) return 0;
  }
  const fraction = at + secondsColumns + 1;
  const text = load<u64>(fraction);
  // Six digits, then `: `.
  const values = text ^ 0x203a303030303030;
  if ((values >> 48) != 0 || ((values | (values + 0x060606060606)) & HIGHS) != 0) return 0;
  // Two zeros before them make it eight.
  clockNs = secondsNs + <f64>valueOf(values << 16) * 1000;
  return fraction + 8;
}

function readSeconds(at: usize): bool {
  let p = at;
  const end = at + MAX_SECONDS_COLUMNS;
  while (p < end && load<u8>(p) == SPACE) p++;
  const digitsAt = p;
  let value: f64 = 0;
  for (let digit = load<u8>(p) - ZERO; digit <= 9 && p < end; digit = load<u8>(++p) - ZERO) value = value * 10 + <f64>digit;
  if (p == digitsAt || load<u8>(p) != DOT) return false;
  secondsColumns = p - at;
  secondsMask = ~(<u64>0) >> (64 - (<u64>secondsColumns << 3));
  secondsText = load<u64>(at) & secondsMask;
  secondsNs = value * 1e9;
  return true;
}
