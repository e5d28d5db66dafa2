/**
 * Beginnings of lines that were read before.
 *
 * Task, pid, CPU and flags fill a quarter of a line and are the same for thousands of lines, while only the clock moves
 * on. A beginning that equals a remembered one, compared four bytes at a time, needs no reading: it is a head, its CPU is
 * known, and it holds no newline.
 */
const SLOTS = 256;
const SLOT_BYTES = 64;
/** Shorter beginnings than the fixed columns cannot be remembered; longer ones do not fit. */
const MIN_LENGTH = 32;

export class HeadCache {
  readonly #bytes = new Uint8Array(SLOTS * SLOT_BYTES);
  readonly #words = new Uint32Array(this.#bytes.buffer);
  readonly #lengths = new Uint8Array(SLOTS);
  readonly #cpus = new Uint16Array(SLOTS);
  /** The CPU of the beginning that {@link match} found. */
  cpu = 0;

  /** The length of the beginning at `at`, up to the first space before the clock, if it was seen before; else 0. */
  match(view: DataView, at: number): number {
    const slot = slotOf(view, at);
    const length = this.#lengths[slot];
    if (length === 0) return 0;
    const words = this.#words;
    let cached = (slot * SLOT_BYTES) >> 2;
    const end = at + length;
    let p = at;
    for (; p + 4 <= end; p += 4) if (view.getUint32(p, true) !== words[cached++]) return 0;
    // The last word overlaps what was compared: its tail alone is new.
    if (p < end && view.getUint32(p, true) << (32 - 8 * (end - p)) !== words[cached] << (32 - 8 * (end - p))) return 0;
    this.cpu = this.#cpus[slot];
    return length;
  }

  remember(bytes: Uint8Array, view: DataView, at: number, length: number, cpu: number): void {
    if (length < MIN_LENGTH || length > SLOT_BYTES) return;
    const slot = slotOf(view, at);
    this.#bytes.fill(0, slot * SLOT_BYTES, (slot + 1) * SLOT_BYTES);
    this.#bytes.set(bytes.subarray(at, at + length), slot * SLOT_BYTES);
    this.#lengths[slot] = length;
    this.#cpus[slot] = cpu;
  }
}

/** From the end of the name, the pid and the CPU with the flags: what tells beginnings apart. */
function slotOf(view: DataView, at: number): number {
  const name = view.getUint32(at + 12, true);
  const pid = view.getUint32(at + 17, true) ^ view.getUint32(at + 20, true);
  const cpu = view.getUint32(at + 26, true);
  const hash = Math.imul(name ^ Math.imul(pid, 0x9e3779b1) ^ Math.imul(cpu, 0x85ebca6b), 0xc2b2ae35);
  return hash >>> 24;
}
