/**
 * Call sites as small integers.
 *
 * A session sees a few hundred to a few thousand call sites and millions of events, so the text of a call site is
 * looked at once, where it is decoded; every room after that speaks in ids, and text comes back for a snapshot.
 */

import { byCaller, callerOf } from "./caller.ts";
import { visibleName } from "./printable.ts";

const INITIAL_SLOTS = 4096;
const INITIAL_ARENA_WORDS = 16 * 1024;
const NO_LENGTH = 0xffffffff;

/** Interned call-site texts, in order of first appearance. Ids start at 0 and are never reused. */
export class CallSiteTable {
  readonly #texts: string[] = [];
  readonly #callers: string[] = [];
  readonly #byText = new Map<string, number>();
  #ranks = new Uint32Array(0);
  /** Open addressing over the hash: id + 1, or 0 where free. */
  #slots = new Uint32Array(INITIAL_SLOTS);
  #hashes = new Int32Array(INITIAL_SLOTS);
  #lengths = new Uint32Array(INITIAL_SLOTS);
  /** All texts, each from a whole word on and filled up with zeros: a look-up compares words and makes no string. */
  #arena = new Uint32Array(INITIAL_ARENA_WORDS);
  #offsets = new Uint32Array(INITIAL_SLOTS);
  #arenaEnd = 0;
  /** By id, where it is known. */
  readonly #freesTo: string[] = [];
  readonly #asksForZeros: (boolean | "differs")[] = [];

  /** How many call sites have been seen. */
  get size(): number {
    return this.#texts.length;
  }

  /** The text of a call site, as the kernel printed it; what nobody would see of it is escaped ({@link visibleName}). */
  text(id: number): string {
    return this.#texts[id];
  }

  /** The text of a call site without the function's size, see {@link callerOf}. */
  caller(id: number): string {
    return this.#callers[id];
  }

  /** The cache that a call site freed to when it was first seen to; undefined where nothing said. */
  freesTo(id: number): string | undefined {
    return this.#freesTo[id];
  }

  setFreesTo(id: number, cache: string): void {
    this.#freesTo[id] = visibleName(cache);
  }

  /**
   * True for a call site whose allocations ask for zeroed memory, false where they do not, as far as flags were looked at: of the first one, and
   * of those that no decoder's short way took. Undefined where none were, or where they differ.
   */
  asksForZeros(id: number): boolean | undefined {
    const asks = this.#asksForZeros[id] as boolean | "differs" | undefined;
    return asks === "differs" ? undefined : asks;
  }

  setAsksForZeros(id: number, asks: boolean): void {
    const before = this.#asksForZeros[id] as boolean | "differs" | undefined;
    this.#asksForZeros[id] = before === undefined || before === asks ? asks : "differs";
  }

  /** The place of each id in the order of {@link byCaller}: rows are sorted five times a second, texts compared once. */
  ranks(): Uint32Array {
    if (this.#ranks.length === this.#texts.length) return this.#ranks;
    const order = this.#texts.map((callSite, id) => ({ id, callSite, caller: this.#callers[id] })).sort(byCaller);
    this.#ranks = new Uint32Array(order.length);
    for (const [rank, { id }] of order.entries()) this.#ranks[id] = rank;
    return this.#ranks;
  }

  /**
   * The id of the text at `[start, start + length)` of `view`, or -1 when it was not added yet. Four more bytes must be
   * readable behind the text.
   *
   * @param hash any 32-bit hash that is the same for the same text, its low bits well mixed
   */
  find(view: DataView, start: number, length: number, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hash & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const id = slots[slot] - 1;
      if (this.#hashes[id] === (hash | 0) && this.#lengths[id] === length && this.#equals(id, view, start, length))
        return id;
    }
    return -1;
  }

  #equals(id: number, view: DataView, start: number, length: number): boolean {
    const arena = this.#arena;
    let at = this.#offsets[id];
    let p = start;
    for (const end = start + (length & ~3); p < end; p += 4) if (view.getUint32(p, true) !== arena[at++]) return false;
    return (length & 3) === 0 || lowBytes(view.getUint32(p, true), length & 3) === arena[at];
  }

  /** The id of a text that does not come with a hash, such as a stack's frame; it is added where it is not known. */
  idOf(text: string): number {
    const known = this.#byText.get(text) ?? this.#byText.get(visibleName(text));
    if (known !== undefined) return known;
    const id = this.#texts.length;
    if (id === this.#lengths.length) this.#growColumns();
    // No text has so many bytes: find passes it over until add says under which hash it is looked for.
    this.#lengths[id] = NO_LENGTH;
    this.#remember(visibleName(text));
    return id;
  }

  #remember(text: string): void {
    this.#byText.set(text, this.#texts.length);
    this.#texts.push(text);
    this.#callers.push(callerOf(text));
  }

  /** Adds a text that {@link find} does not know; its id. */
  add(view: DataView, start: number, length: number, hash: number): number {
    const bytes = Buffer.from(view.buffer as ArrayBuffer, view.byteOffset + start, length);
    const text = visibleName(bytes.toString("utf8"));
    const known = this.#byText.get(text);
    // Known without a hash; a text that differs in bytes that are no UTF-8 is another.
    const isAdopted = known !== undefined && this.#lengths[known] === NO_LENGTH;
    const id = isAdopted ? known : this.#texts.length;
    if (id === this.#lengths.length) this.#growColumns();
    const words = (length + 3) >> 2;
    if (this.#arenaEnd + words > this.#arena.length) {
      this.#arena = enlarged(this.#arena, new Uint32Array((this.#arena.length + words) * 2));
    }
    this.#offsets[id] = this.#arenaEnd;
    this.#lengths[id] = length;
    this.#hashes[id] = hash | 0;
    for (let left = length; left > 0; left -= 4) {
      const word = view.getUint32(start + length - left, true);
      this.#arena[this.#arenaEnd++] = left >= 4 ? word : lowBytes(word, left);
    }
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = id + 1;
    if (!isAdopted) this.#remember(text);
    if (this.#texts.length * 2 > this.#slots.length) this.#growSlots();
    return id;
  }

  #growColumns(): void {
    const capacity = this.#lengths.length * 2;
    this.#hashes = enlarged(this.#hashes, new Int32Array(capacity));
    this.#lengths = enlarged(this.#lengths, new Uint32Array(capacity));
    this.#offsets = enlarged(this.#offsets, new Uint32Array(capacity));
  }

  #growSlots(): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let id = 0; id < this.#texts.length; id++) {
      if (this.#lengths[id] === NO_LENGTH) continue;
      let slot = this.#hashes[id] & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = id + 1;
    }
    this.#slots = slots;
  }
}

/** The first `count` (1 to 3) bytes of a little-endian word. */
function lowBytes(word: number, count: number): number {
  return word & ((1 << (count * 8)) - 1);
}

function enlarged<T extends Uint32Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
