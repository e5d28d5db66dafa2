/**
 * Live objects: a 64-bit pointer to a small integer.
 *
 * Open addressing with linear probing and backward-shift deletion (no tombstones) in typed arrays, 12 bytes a slot: a
 * `Map` takes ten times that and stops the world when it grows. The table is cut into segments that grow one at a time
 * and by a third, so that a growth moves a 64th of the objects, and about 18 bytes go to a live object.
 */
const SEGMENT_BITS = 6;
const SEGMENTS = 1 << SEGMENT_BITS;
const INITIAL_SLOTS = 256;
const MAX_LOAD = 0.75;
const GROWTH = 4 / 3;
/** The most that the table takes for an object, once it holds some thousands. */
export const BYTES_AN_OBJECT = 24;
/** Words of a slot: pointer low, pointer high, value + 1 (0: free). */
const SLOT_WORDS = 3;
const NONE = -1;

export class PointerTable {
  /** Of graded sizes, a growth apart from the first to the last: objects spread evenly, and equal ones would all grow at once. */
  readonly #segments = Array.from(
    { length: SEGMENTS },
    (_, i) => new Uint32Array(Math.ceil(INITIAL_SLOTS * GROWTH ** (i / SEGMENTS)) * SLOT_WORDS),
  );
  readonly #counts = new Uint32Array(SEGMENTS);
  /** Slots that a segment holds before it grows. */
  readonly #limits = Uint32Array.from(this.#segments, (segment) => limitOf(segment));
  /** What takes a hash to its slot. */
  readonly #scales = Float64Array.from(this.#segments, (segment) => scaleOf(segment));
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Bytes held by the table. */
  get byteLength(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.byteLength, 0);
  }

  /** Remembers `value` (below 2³² − 1) for the pointer; the value it replaces, or -1. */
  set(low: number, high: number, value: number): number {
    const hash = hashOf(low, high);
    const index = hash >>> (32 - SEGMENT_BITS);
    let segment = this.#segments[index];
    if (this.#counts[index] >= this.#limits[index]) segment = this.#grow(index);
    const words = segment.length;
    let at = home(hash, this.#scales[index]);
    for (;;) {
      const held = segment[at + 2];
      if (held === 0) {
        segment[at] = low;
        segment[at + 1] = high;
        segment[at + 2] = value + 1;
        this.#counts[index] += 1;
        this.#size += 1;
        return NONE;
      }
      if (segment[at] === low && segment[at + 1] === high) {
        segment[at + 2] = value + 1;
        return held - 1;
      }
      at += SLOT_WORDS;
      if (at === words) at = 0;
    }
  }

  /** Forgets the pointer; the value it had, or -1. */
  delete(low: number, high: number): number {
    const hash = hashOf(low, high);
    const index = hash >>> (32 - SEGMENT_BITS);
    const segment = this.#segments[index];
    const words = segment.length;
    let at = home(hash, this.#scales[index]);
    for (;;) {
      const held = segment[at + 2];
      if (held === 0) return NONE;
      if (segment[at] === low && segment[at + 1] === high) {
        closeGap(segment, at, this.#scales[index]);
        this.#counts[index] -= 1;
        this.#size -= 1;
        return held - 1;
      }
      at += SLOT_WORDS;
      if (at === words) at = 0;
    }
  }

  /** Every pointer with its value, in no order. The table must not change meanwhile. */
  forEach(visit: (low: number, high: number, value: number) => void): void {
    for (const segment of this.#segments) {
      for (let at = 0; at < segment.length; at += SLOT_WORDS) {
        if (segment[at + 2] !== 0) visit(segment[at], segment[at + 1], segment[at + 2] - 1);
      }
    }
  }

  #grow(index: number): Uint32Array<ArrayBuffer> {
    const old = this.#segments[index];
    const slots = Math.ceil((old.length / SLOT_WORDS) * GROWTH);
    const segment = new Uint32Array(slots * SLOT_WORDS);
    const scale = scaleOf(segment);
    for (let from = 0; from < old.length; from += SLOT_WORDS) {
      if (old[from + 2] === 0) continue;
      let at = home(hashOf(old[from], old[from + 1]), scale);
      while (segment[at + 2] !== 0) {
        at += SLOT_WORDS;
        if (at === segment.length) at = 0;
      }
      segment[at] = old[from];
      segment[at + 1] = old[from + 1];
      segment[at + 2] = old[from + 2];
    }
    this.#segments[index] = segment;
    this.#limits[index] = limitOf(segment);
    this.#scales[index] = scale;
    return segment;
  }
}

/** How many slots of a segment may be taken. */
function limitOf(segment: Uint32Array): number {
  return Math.floor((segment.length / SLOT_WORDS) * MAX_LOAD);
}

/** Mixes all 64 bits: real pointers are aligned and neighbours, hashed ones are not. */
function hashOf(low: number, high: number): number {
  let hash = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** First word of a hash's slot: the bits below the segment's, scaled to the slots there are (any number of them). */
function home(hash: number, scale: number): number {
  return Math.imul(((hash << SEGMENT_BITS) >>> 0) * scale, SLOT_WORDS);
}

function scaleOf(segment: Uint32Array): number {
  return (segment.length / SLOT_WORDS) * 2 ** -32;
}

/** Empties the slot at `gap` and moves back what probing had pushed behind it. */
function closeGap(segment: Uint32Array, gap: number, scale: number): void {
  const words = segment.length;
  let hole = gap;
  let at = gap;
  for (;;) {
    at += SLOT_WORDS;
    if (at === words) at = 0;
    if (segment[at + 2] === 0) break;
    const wanted = home(hashOf(segment[at], segment[at + 1]), scale);
    // An entry may move into the hole unless its home lies between the hole and where it is now, going round.
    const stays = hole <= at ? wanted > hole && wanted <= at : wanted > hole || wanted <= at;
    if (stays) continue;
    segment[hole] = segment[at];
    segment[hole + 1] = segment[at + 1];
    segment[hole + 2] = segment[at + 2];
    hole = at;
  }
  segment[hole + 2] = 0;
}
