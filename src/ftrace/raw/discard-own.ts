/**
 * A sub-buffer without what the agent's own helpers did. Not as the kernel discards a record (rb_event_discard in
 * kernel/trace/ring_buffer.c), which makes padding of it: a delta of zero would have to be a nanosecond then, and all behind it later.
 */
import { type PageFormat, parsePageFormat } from "./event-format.ts";
import type { HelperSpan } from "./helpers.ts";
import type { RawTap } from "./raw-decoder.ts";
import { IN_INTERRUPT, readLayout, type RecordLayout } from "./record-layouts.ts";
import { COMMIT_MASK, MISSED_STORED, TIME_EXTEND, TWO_27 } from "./sub-buffer.ts";
import { dataOf, type PageData, walkPage } from "./walk-page.ts";

/** Whose helpers, over all of a recording. */
export class OwnSpans {
  readonly #spans = new Map<number, HelperSpan[]>();

  add(pid: number, span: HelperSpan): void {
    const before = this.#spans.get(pid);
    if (before === undefined) this.#spans.set(pid, [span]);
    else before.push(span);
  }

  has(pid: number, timeNs: number): boolean {
    return this.#spans.get(pid)?.some(({ fromNs, toNs }) => timeNs >= fromNs && timeNs <= toNs) === true;
  }
}

/** Passes pages on without them. */
export class DiscardOwn implements RawTap {
  /** Records that were left out. */
  discarded = 0;
  readonly #tap: RawTap;
  readonly #own: OwnSpans;
  readonly #layouts: (RecordLayout | undefined)[] = [];
  #format: PageFormat | undefined;

  constructor(tap: RawTap, own: OwnSpans) {
    this.#tap = tap;
    this.#own = own;
  }

  blob(name: string, text: string): void {
    if (name === "header_page") this.#format = parsePageFormat(text);
    const read = name === "format" ? readLayout(text) : undefined;
    if (read !== undefined) this.#layouts[read.id] = read.layout;
    this.#tap.blob(name, text);
  }

  page(cpu: number, page: Uint8Array, littleEndian: boolean): void {
    this.#tap.page(
      cpu,
      this.#format === undefined ? page : this.#without(page, this.#format, littleEndian),
      littleEndian,
    );
  }

  #without(page: Uint8Array, format: PageFormat, le: boolean): Uint8Array {
    const view = new DataView(page.buffer, page.byteOffset, page.length);
    const data = dataOf(view, format, le);
    if (data === undefined) return page;
    const kept = new KeptRecords(page, data.start, le);
    let left = 0;
    for (const { at, dataAt, end, timeNs, isPadding } of walkPage(view, data.start, data.end, le)) {
      const isOwn = !isPadding && dataAt + 2 <= end && this.#isOwn(view, dataAt, end, le, timeNs);
      if (isOwn) kept.leaveOut(at, end);
      else kept.keep(at);
      left += Number(isOwn);
    }
    if (left === 0) return page;
    this.discarded += left;
    return kept.end(data, format.longSize);
  }

  /** By the rules of RecordTaker: what an interrupt did meanwhile is not the task's, and a free of NULL is nobody's. */
  #isOwn(view: DataView, at: number, end: number, le: boolean, timeNs: number): boolean {
    const layout = this.#layouts.at(view.getUint16(at, le));
    if (layout === undefined || layout.type === "marker" || layout.type === "module") return false;
    const size = layout.type === "stack" ? layout.frames : layout.size;
    if (at + size > end || (view.getUint8(at + layout.flags) & IN_INTERRUPT) !== 0) return false;
    if (layout.type === "kmem" && isNull(view, at + layout.ptr, layout.longSize)) return false;
    return this.#own.has(view.getInt32(at + layout.pid, le), timeNs);
  }
}

function isNull(view: DataView, at: number, bytes: 4 | 8): boolean {
  return view.getUint32(at) === 0 && (bytes === 4 || view.getUint32(at + 4) === 0);
}

/** A page that is written again without some of its records: what is kept moves up, and keeps its time to the nanosecond. */
class KeptRecords {
  readonly #page: Uint8Array;
  readonly #view: DataView;
  readonly #out: Uint8Array;
  readonly #outView: DataView;
  readonly #le: boolean;
  readonly #start: number;
  /** What is not written yet, and where it goes. */
  #from: number;
  #to: number;
  /** The deltas of what was left out since the last record that was kept. */
  #carried = 0;

  constructor(page: Uint8Array, start: number, le: boolean) {
    this.#page = page;
    this.#view = new DataView(page.buffer, page.byteOffset, page.length);
    this.#out = new Uint8Array(page.length);
    this.#outView = new DataView(this.#out.buffer);
    this.#out.set(page.subarray(0, start));
    this.#le = le;
    this.#start = this.#from = this.#to = start;
  }

  leaveOut(at: number, end: number): void {
    this.#copyTo(at);
    this.#carried += this.#headAt(at).delta;
    this.#from = end;
  }

  keep(at: number): void {
    if (this.#carried === 0) return;
    this.#copyTo(at);
    const { type, delta } = this.#headAt(at);
    if (delta + this.#carried < TWO_27) {
      this.#putHead(type, delta + this.#carried);
      this.#from += 4;
    } else {
      // Shorter than the least that was left out.
      this.#putHead(TIME_EXTEND, this.#carried % TWO_27);
      this.#put(Math.floor(this.#carried / TWO_27));
    }
    this.#carried = 0;
  }

  end({ end, commit, commitAt }: PageData, longSize: number): Uint8Array {
    this.#copyTo(end);
    // How many were lost stands behind the records.
    if ((commit & MISSED_STORED) !== 0) this.#out.set(this.#page.subarray(end, end + longSize), this.#to);
    this.#outView.setUint32(commitAt, ((commit & ~COMMIT_MASK) | (this.#to - this.#start)) >>> 0, this.#le);
    return this.#out;
  }

  /** Behind what was left out these are time extends, which add to what is carried, and absolute stamps, which make an end of it. */
  #copyTo(at: number): void {
    if (this.#carried > 0)
      for (let item = this.#from; item + 8 <= at; item += 8)
        if (this.#headAt(item).type > TIME_EXTEND) this.#carried = 0;
    this.#out.set(this.#page.subarray(this.#from, at), this.#to);
    this.#to += at - this.#from;
    this.#from = at;
  }

  #headAt(at: number): { type: number; delta: number } {
    const word = this.#view.getUint32(at, this.#le);
    return this.#le ? { type: word & 31, delta: word >>> 5 } : { type: word >>> 27, delta: word & (TWO_27 - 1) };
  }

  #putHead(type: number, delta: number): void {
    this.#put((this.#le ? (delta << 5) | type : (type << 27) | delta) >>> 0);
  }

  #put(word: number): void {
    this.#outView.setUint32(this.#to, word, this.#le);
    this.#to += 4;
  }
}
