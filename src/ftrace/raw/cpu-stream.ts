/** One CPU's ring buffer, sub-buffer by sub-buffer (sub-buffer.ts has their layout), as `per_cpu/cpuN/trace_pipe_raw` gives it. */
import { LineClass, type LineTally } from "../../model/line-tally.ts";
import type { PageFormat } from "./event-format.ts";
import type { RawCore } from "./raw-core.ts";
import type { RecordLayout } from "./record-layouts.ts";
import { WaitingBytes } from "./waiting-bytes.ts";
import { COMMIT_MASK, MAX_TYPE_LEN, MISSED_EVENTS, MISSED_STORED, PADDING, TIME_EXTEND, TWO_27 } from "./sub-buffer.ts";

/** What the core is given at once: it stays in a processor's own cache. */
const SHOWN_BYTES = 1 << 18;
const HEADER_BYTES = 4;
const TWO_32 = 2 ** 32;
/** An absolute time stamp has 59 bits; the rest is that of the time before it. */
const TWO_59 = 2 ** 59;

/** What the target says of its formats. */
export interface RawFormats {
  readonly page: PageFormat;
  /** By event id. */
  readonly layouts: readonly (RecordLayout | undefined)[];
  /** Where it is known; else it shows in the first page that is not empty. */
  readonly littleEndian?: boolean;
  /** Shown each sub-buffer as it is, before its first record is found; valid until this returns. */
  readonly onPage?: ((cpu: number, page: Uint8Array, littleEndian: boolean) => void) | undefined;
}

/** Events that were overwritten before what follows. */
export interface Missed {
  readonly type: "missed";
  /** Undefined where the sub-buffer was too full for the count. */
  readonly events: number | undefined;
}

export class CpuStream {
  readonly cpu: number;
  /** What {@link advance} has found; undefined when everything here is read. */
  found: RecordLayout | Missed | undefined;
  timeNs = 0;
  /** Of the record found, in {@link view}: valid until the next push. */
  recordAt = 0;
  recordEnd = 0;
  /** With what comes before it. */
  recordBytes = 0;
  /** Records of every kind, as the kernel counts `read events`. */
  records = 0;
  /** No event older than this is still to come. */
  safeNs = -1;
  readonly #formats: RawFormats;
  readonly #tally: LineTally;
  /** The page that is being read included. */
  readonly #waiting = new WaitingBytes();
  #littleEndian: boolean | undefined;
  /** Within the page that is being read; -1 where none is. */
  #at = -1;
  #end = 0;
  /** Where the record that was found begins, and the time before it. */
  #foundAt = 0;
  #beforeNs = 0;
  /** Something was lost on the way, so that {@link records} is too few. */
  #isShort = false;
  /** How many records all pages have that begin before some place; oldest first. */
  #counts: { readonly bytes: number; readonly records: number }[] = [];
  /** Bytes that have been read to their end. */
  #read = 0;
  readonly #core: RawCore;
  /** This stream's among the core's. */
  readonly lane: number;
  /** Pages that the core has, and what had been read before the first of them. */
  #shownPages = 0;
  #shownFrom = 0;

  constructor(cpu: number, formats: RawFormats, tally: LineTally, core: RawCore) {
    this.cpu = cpu;
    this.#formats = formats;
    this.#littleEndian = formats.littleEndian;
    this.#tally = tally;
    this.#core = core;
    this.lane = core.addLane(cpu, formats.page, formats.layouts, this.#pagesAtOnce);
  }

  get view(): DataView {
    return this.#waiting.view;
  }

  get littleEndian(): boolean {
    return this.#littleEndian !== false;
  }

  get waitingBytes(): number {
    return this.#waiting.length;
  }

  push(bytes: Uint8Array): void {
    const moved = this.#waiting.push(bytes);
    this.recordAt -= moved;
    this.recordEnd -= moved;
  }

  /** As {@link push}, but the bytes are not copied: they must stay as they are until {@link giveBack}, and nothing is pushed before it. */
  borrow(bytes: Uint8Array): void {
    if (this.waitingBytes > 0) this.push(bytes);
    else this.#waiting.borrow(bytes);
  }

  /** What was borrowed is its owner's again. Of nothing that was found may more be asked. */
  giveBack(): void {
    this.#waiting.giveBack();
  }

  /** Bytes of an unfinished page, when nothing more will come. */
  end(): void {
    if (this.#at < 0 && this.waitingBytes > 0) this.#tally.count(LineClass.truncated, this.waitingBytes);
    this.#waiting.from = this.#waiting.to;
  }

  /** Bytes are missing on the way behind what is here: an unfinished page stays one. */
  cut(tornAs: LineClass): void {
    const torn = this.waitingBytes % this.#pageSize;
    this.#isShort = true;
    this.#tally.bytes[tornAs] += torn;
    this.#waiting.to -= torn;
  }

  /** What was read of this CPU before now are so many records, says the kernel. */
  counted(records: number): void {
    if (this.#isShort) this.#counts.push({ bytes: this.#read + this.waitingBytes, records });
    this.#isShort = false;
  }

  /** Goes on to the next record that matters; false when there is none yet. */
  advance(): boolean {
    const { layouts } = this.#formats;
    for (;;) {
      if (this.#at < 0) {
        this.found = this.#openPage();
        if (this.found !== undefined) return true;
        if (this.#at < 0) return false;
      }
      const { view, from: page } = this.#waiting;
      const le = this.#littleEndian === true;
      const end = page + this.#end;
      let p = page + this.#at;
      while (p < end) {
        const word = view.getUint32(p, le);
        const type = le ? word & 31 : word >>> 27;
        const delta = le ? word >>> 5 : word & 0x7ffffff;
        if (type <= MAX_TYPE_LEN) {
          const size = type > 0 ? type * 4 : p + 8 <= end ? view.getUint32(p + HEADER_BYTES, le) : 0;
          const next = p + HEADER_BYTES + size;
          const record = type > 0 ? p + HEADER_BYTES : p + 2 * HEADER_BYTES;
          if (next > end || record + 2 > next) break;
          this.timeNs += delta;
          this.records += 1;
          const layout = layouts[view.getUint16(record, le)];
          const bytes = next - p;
          this.#at = p - page;
          p = next;
          if (layout === undefined) {
            this.#tally.count(LineClass.otherEvent, bytes);
            continue;
          }
          this.#foundAt = this.#at;
          this.#beforeNs = this.timeNs - delta;
          this.#at = p - page;
          this.recordAt = record;
          this.recordEnd = next;
          this.recordBytes = bytes;
          this.found = layout;
          return true;
        }
        if (p + 8 > end && !(type === PADDING && delta === 0)) break;
        if (type === PADDING) {
          // A null one fills the rest; else an event that was discarded when it stood there already, whose time has passed all the same.
          const size = delta === 0 ? end - p : HEADER_BYTES + view.getUint32(p + HEADER_BYTES, le);
          if (size > end - p || size < 2 * HEADER_BYTES) {
            if (delta !== 0) break;
          }
          this.timeNs += delta;
          this.#tally.bytes[LineClass.padding] += size;
          p += size;
          continue;
        }
        const high = view.getUint32(p + HEADER_BYTES, le);
        this.timeNs =
          type === TIME_EXTEND ? this.timeNs + delta + high * TWO_27 : this.#absolute(delta + high * TWO_27);
        this.#tally.bytes[LineClass.padding] += 8;
        p += 8;
      }
      // What does not fit into its page: nothing behind it can be found.
      if (p < end) {
        this.#tally.count(LineClass.badField, end - p);
        this.#isShort = true;
      }
      this.#closePage();
    }
  }

  /**
   * Lends the page that is open, or the next one, and some behind it to the core, from the next record on; false where that is none of those that the core
   * knows. Until {@link takeBack} nothing else may be asked of the stream.
   */
  lend(): boolean {
    if (this.found === undefined && !this.#isWithinPage()) {
      if (this.#at >= 0) this.#closePage();
      this.found = this.#openPage();
      if (this.found !== undefined || this.#at < 0) return false;
    }
    if (this.#littleEndian !== true || (this.#end & 3) !== 0) return false;
    const isFound = this.found?.type === "kmem";
    if (this.found !== undefined && !isFound) return false;
    const page = this.#show();
    const at = isFound ? this.#foundAt : this.#at;
    const isLent = this.#core.lend(this.lane, page, at, this.#end, isFound ? this.#beforeNs : this.timeNs);
    if (isLent && isFound) this.#goBack();
    return isLent;
  }

  /** Sees to it that the core has the page that is open; which of those that it has this is. */
  #show(): number {
    const size = this.#pageSize;
    // What must be done here at each page's beginning is not done where the core opens it.
    const most = this.#formats.onPage === undefined && this.#counts.length === 0 ? this.#pagesAtOnce : 1;
    const shown = (this.#read - this.#shownFrom) / size;
    if (shown < this.#shownPages && this.#shownPages <= most) return shown;
    this.#shownPages = Math.min(most, Math.floor(this.waitingBytes / size));
    this.#shownFrom = this.#read;
    const { bytes, from } = this.#waiting;
    const pages = bytes.subarray(from, from + this.#shownPages * size);
    this.#core.show(this.lane, pages, this.#shownPages);
    return 0;
  }

  /** Goes on behind what the core has taken. */
  takeBack(): void {
    const { page, at, end, nowNs, records } = this.#core.release(this.lane);
    this.#skip(this.#shownFrom + page * this.#pageSize - this.#read);
    this.#at = at;
    this.#end = end;
    this.timeNs = nowNs;
    this.records += records;
  }

  #isWithinPage(): boolean {
    return this.#at >= 0 && this.#at < this.#end;
  }

  /** To before the record that was found. */
  #goBack(): void {
    this.#at = this.#foundAt;
    this.timeNs = this.#beforeNs;
    this.records -= 1;
    this.found = undefined;
  }

  #absolute(stamp: number): number {
    const before = this.timeNs;
    const time = stamp + Math.floor(before / TWO_59) * TWO_59;
    return time < before && before >= TWO_59 ? time + TWO_59 : time;
  }

  get #pagesAtOnce(): number {
    return Math.max(1, Math.floor(SHOWN_BYTES / this.#pageSize));
  }

  get #pageSize(): number {
    return this.#formats.page.dataOffset + this.#formats.page.dataSize;
  }

  /** Opens the next page, if it is there; what the kernel says it lost before it. */
  #openPage(): Missed | undefined {
    const { commitOffset, longSize, dataOffset, dataSize } = this.#formats.page;
    const size = this.#pageSize;
    for (;;) {
      while (this.#counts.length > 0 && this.#counts[0].bytes <= this.#read) {
        this.records = this.#counts[0].records;
        this.#counts.shift();
      }
      if (this.waitingBytes < size) return undefined;
      const { bytes, view, from: at } = this.#waiting;
      this.#littleEndian ??= this.#guessOrder(at);
      const le = this.#littleEndian !== false;
      const commit = view.getUint32(at + commitOffset + (le || longSize === 4 ? 0 : 4), le);
      const length = commit & COMMIT_MASK;
      if (length > dataSize) {
        this.#tally.count(LineClass.badHead, size);
        this.#isShort = true;
        this.#skip(size);
        continue;
      }
      const [first, second] = [view.getUint32(at, le), view.getUint32(at + 4, le)];
      this.timeNs = le ? second * TWO_32 + first : first * TWO_32 + second;
      this.#formats.onPage?.(this.cpu, bytes.subarray(at, at + size), le);
      this.#at = dataOffset;
      this.#end = dataOffset + length;
      this.#tally.bytes[LineClass.padding] += size - length;
      if ((commit & MISSED_EVENTS) === 0) return undefined;
      const stored = (commit & MISSED_STORED) !== 0 && length + longSize <= dataSize;
      return { type: "missed", events: stored ? this.#countAt(at + this.#end, longSize, le) : undefined };
    }
  }

  #countAt(at: number, longSize: number, le: boolean): number {
    const { view } = this.#waiting;
    if (longSize === 4) return view.getUint32(at, le);
    const [first, second] = [view.getUint32(at, le), view.getUint32(at + 4, le)];
    return le ? second * TWO_32 + first : first * TWO_32 + second;
  }

  #closePage(): void {
    this.#skip(this.#pageSize);
    this.#at = -1;
  }

  #skip(bytes: number): void {
    this.#waiting.from += bytes;
    this.#read += bytes;
  }

  /** The byte order in which the page's length makes sense; no file of tracefs says it. Undefined while a page is empty. */
  #guessOrder(at: number): boolean | undefined {
    const { commitOffset, longSize, dataSize } = this.#formats.page;
    const { view } = this.#waiting;
    if (isCommit(view.getUint32(at + commitOffset, true), dataSize)) return true;
    return isCommit(view.getUint32(at + commitOffset + longSize - 4, false), dataSize) ? false : undefined;
  }
}

/** A length of whole words, and of flags none, that events were missed, or that and that their number is stored. */
function isCommit(word: number, dataSize: number): boolean {
  const length = word & COMMIT_MASK;
  const flags = (word & ~COMMIT_MASK) >>> 0;
  const areFlags = flags === 0 || flags === MISSED_EVENTS || flags === MISSED_EVENTS + MISSED_STORED;
  return areFlags && length > 0 && length <= dataSize && length % 4 === 0;
}
