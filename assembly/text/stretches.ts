/**
 * Stretches of lines that were found to be as they should.
 *
 * ` gfp_flags=GFP_KERNEL node=-1 accounted=false` is a third of a line and says nothing that the account needs, but it has to be
 * looked at: a log line printed into it must not swallow the next event. Whether a stretch is right is told by its text and its
 * place in the line alone; the call site, which nearly always prints the same, only helps to find it.
 */
import { equalBytes } from "./equal-bytes";

/** Stretches whose letters are alike share a set of four. */
const SET_BITS: u32 = 8;
const WAYS: usize = 4;
const SLOT_BYTES: usize = 192;
/** Of a slot: length of the text, its place in a line, then the text, or as much as is compared at once. 0: nothing is known. */
const PLACE: usize = 4;
const TEXT: usize = 16;
const MAX_STRETCH: u32 = 176;

const slots: usize = memory.data(192 * 4 << 8, 64);

/** Where a stretch stands: src/ftrace/event-pieces.ts, StretchPlace. */
export const BEFORE_SIZES: u32 = 1;
export const BEHIND_ALLOCATION: u32 = 2;
export const BEHIND_KFREE: u32 = 3;
export const BEHIND_CACHE_FREE: u32 = 4;

/** The length of the stretch at `at`, 0 where it is not a known one. */
export function knownStretch(place: u32, site: u32, at: usize): u32 {
  let slot = slotOf(place, site, at);
  for (const end = slot + WAYS * SLOT_BYTES; slot < end; slot += SLOT_BYTES) {
    const length = load<u32>(slot);
    if (length != 0 && load<u32>(slot, PLACE) == place && equalBytes(at, slot + TEXT, length)) return length;
  }
  return 0;
}

/** Where all places that it may have are taken, the one known longest goes. */
export function learnStretch(place: u32, site: u32, at: usize, length: u32): void {
  if (length == 0 || length > MAX_STRETCH || knownStretch(place, site, at) != 0) return;
  const slot = slotOf(place, site, at);
  memory.copy(slot + SLOT_BYTES, slot, (WAYS - 1) * SLOT_BYTES);
  store<u32>(slot, length);
  store<u32>(slot, place, PLACE);
  memory.copy(slot + TEXT, at, MAX_STRETCH);
}

/** One call site may print several, told apart by letters: ` name=dentry`, ` gfp_flags=GFP_KERNEL|__GFP_ZERO`. */
@inline
function slotOf(place: u32, site: u32, at: usize): usize {
  const letters = load<u64>(at + (place == BEHIND_ALLOCATION ? 15 : 6));
  const hash = (letters ^ (<u64>(site * 8 + place) * 0xc2b2ae3d27d4eb4f)) * 0x9e3779b97f4a7c15;
  return slots + <usize>(hash >> (64 - SET_BITS)) * (WAYS * SLOT_BYTES);
}
