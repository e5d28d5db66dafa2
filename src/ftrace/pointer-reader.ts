/**
 * The pointer of an event, as `%p` prints it: 8 hexadecimal digits or 16, always as many as an address has; or one of the ways
 * to print none. It may be a hash of the address; it is a key.
 */
import { ascii, HEX_PAIRS, NEWLINE, PAREN_OPEN, SPACE, startsWith } from "./ascii.ts";

/** Places in the count of widths: 8 digits, 16 digits. */
const NARROW = 0;
const WIDE = 1;
const NULLS = [ascii("(null)"), ascii("(nil)")];
const HIDDEN = [ascii("(____ptrval____)"), ascii("(ptrval)")];

/** What {@link PointerReader.read} answers instead of a position. */
export const NoPointer = {
  bad: -1,
  /** `(____ptrval____)`: the kernel had no key to hash pointers with yet. */
  hidden: -2,
  /** The input ended within it, or may have. */
  truncated: -3,
} as const;

export class PointerReader {
  /** The pointer read last, as two signed halves, since that is what V8 keeps unboxed; both 0 for a null pointer. */
  low = 0;
  high = 0;
  /** Set while a line is looked at again that was refused at first. */
  careful = false;
  /** Set while the last line of an input is read that ends without a newline. */
  unterminated = false;
  #width = NARROW;
  readonly #widths = [0, 0];

  /** Reads the pointer at `at`; where its text ends, or one of {@link NoPointer}. */
  read(bytes: Uint8Array, view: DataView, at: number): number {
    const pairs = HEX_PAIRS;
    const a = pairs[view.getUint16(at, true)];
    const b = pairs[view.getUint16(at + 2, true)];
    const c = pairs[view.getUint16(at + 4, true)];
    const d = pairs[view.getUint16(at + 6, true)];
    if ((a | b | c | d) > 0xff) return this.#readNone(bytes, at);
    const first = (a << 24) | (b << 16) | (c << 8) | d;
    const e = pairs[view.getUint16(at + 8, true)];
    const f = pairs[view.getUint16(at + 10, true)];
    const g = pairs[view.getUint16(at + 12, true)];
    const h = pairs[view.getUint16(at + 14, true)];
    if ((e | f | g | h) > 0xff) {
      this.low = first;
      this.high = 0;
      return this.#ending(bytes, at + 8, NARROW);
    }
    this.low = (e << 24) | (f << 16) | (g << 8) | h;
    this.high = first;
    return this.#ending(bytes, at + 16, WIDE);
  }

  /** The event of the pointer read last was whole: its width is that of this trace. */
  confirm(): void {
    this.#widths[this.#width] += 1;
  }

  /** Digits of this trace's pointers; 0 where that is not known. */
  get digits(): number {
    const [narrow, wide] = this.#widths;
    if (narrow === wide) return 0;
    return narrow > wide ? 8 : 16;
  }

  /** So many more events were whole whose pointers had {@link digits}. */
  confirmAll(events: number): void {
    const [narrow, wide] = this.#widths;
    this.#widths[narrow > wide ? NARROW : WIDE] += events;
  }

  /**
   * A trace has pointers of one width: that of most events so far. Of another width, the pointer lost half of its digits;
   * unless the first ones did, so that each one looked at carefully has a vote.
   */
  #ending(bytes: Uint8Array, end: number, width: number): number {
    const widths = this.#widths;
    const other = 1 - width;
    // Eight digits at the end of the input, before any whole line told the width, may be half of sixteen.
    if (this.unterminated && bytes[end] === NEWLINE && widths[0] + widths[1] === 0) return NoPointer.truncated;
    this.#width = width;
    if (bytes[end] > SPACE) return NoPointer.bad;
    if (widths[width] > widths[other] || widths[other] === 0) return end;
    if (this.careful && ++widths[width] > widths[other]) return end;
    return this.unterminated && bytes[end] === NEWLINE ? NoPointer.truncated : NoPointer.bad;
  }

  #readNone(bytes: Uint8Array, at: number): number {
    let p = at;
    while (bytes[p] === SPACE) p++;
    if (bytes[p] !== PAREN_OPEN) return NoPointer.bad;
    if (HIDDEN.some((text) => startsWith(bytes, p, text))) return NoPointer.hidden;
    const none = NULLS.find((text) => startsWith(bytes, p, text));
    if (none === undefined) return NoPointer.bad;
    this.low = this.high = 0;
    return p + none.length;
  }
}
