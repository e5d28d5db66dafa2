/**
 * Stretches of lines that were checked before, by call site.
 *
 * ` gfp_flags=GFP_KERNEL node=-1 accounted=false` is a third of a line and says nothing that the account needs, but it
 * has to be looked at: a log line printed into it must not swallow the next event. One call site nearly always prints
 * the same, so the last stretch of each is kept, and comparing four bytes at a time both verifies it and finds its end.
 */
const SLOT_BITS = 10;
const SLOTS = 1 << SLOT_BITS;
const SLOT_BYTES = 128;

export class StretchCache {
  readonly #bytes = new Uint8Array(SLOTS * SLOT_BYTES);
  readonly #words = new Uint32Array(this.#bytes.buffer);
  /** Length of each slot's stretch; 0 where empty. */
  readonly #lengths = new Uint8Array(SLOTS);

  /** The length of the stretch at `at`, behind which 128 bytes must be readable, if it is the one remembered for this call site; else 0. */
  match(site: number, view: DataView, at: number): number {
    const slot = slotOf(site, view, at);
    const length = this.#lengths[slot];
    if (length === 0) return 0;
    const words = this.#words;
    let cached = (slot * SLOT_BYTES) >> 2;
    let p = at;
    for (const end = at + (length & ~3); p < end; p += 4) if (view.getUint32(p, true) !== words[cached++]) return 0;
    const bytes = this.#bytes;
    for (let i = slot * SLOT_BYTES + (length & ~3); p < at + length; p++) if (view.getUint8(p) !== bytes[i++]) return 0;
    return length;
  }

  remember(site: number, bytes: Uint8Array, view: DataView, from: number, to: number): void {
    if (to - from > SLOT_BYTES) return;
    const slot = slotOf(site, view, from);
    this.#bytes.set(bytes.subarray(from, to), slot * SLOT_BYTES);
    this.#lengths[slot] = to - from;
  }
}

/**
 * One call site may print several: names where it frees objects of many caches, flags where its callers choose them. A few of
 * their letters keep them apart; where a stretch is shorter, letters of the next line merely spread it.
 */
function slotOf(site: number, view: DataView, at: number): number {
  const letters = view.getUint32(at + 6, true) ^ Math.imul(view.getUint32(at + 10, true), 0xc2b2ae35);
  const more = Math.imul(
    view.getUint32(at + 15, true) ^ Math.imul(view.getUint32(at + 21, true), 0x165667b1),
    0x27d4eb2f,
  );
  return (Math.imul(site, 0x9e3779b1) ^ Math.imul(letters ^ more, 0x85ebca6b)) >>> (32 - SLOT_BITS);
}
