/**
 * A sub-buffer without what the agent's own helpers did: their records become padding, as the kernel itself discards one that a filter
 * refuses (rb_event_discard in kernel/trace/ring_buffer.c): of the same size, so that nothing else in the page moves.
 */
import { type PageFormat, parsePageFormat } from "./event-format.ts";
import type { HelperSpan } from "./helpers.ts";
import type { RawTap } from "./raw-decoder.ts";
import { IN_INTERRUPT, readLayout, type RecordLayout } from "./record-layouts.ts";
import { PADDING } from "./sub-buffer.ts";
import { dataOf, walkPage } from "./walk-page.ts";

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
    const copy = Buffer.from(page);
    const view = new DataView(copy.buffer, copy.byteOffset, copy.length);
    const data = dataOf(view, format, le);
    if (data === undefined) return page;
    for (const { at, dataAt, end, timeNs, isPadding } of walkPage(view, data.start, data.end, le)) {
      if (isPadding || dataAt + 2 > end || !this.#isOwn(view, dataAt, end, le, timeNs)) continue;
      discard(view, at, end, le);
      this.discarded += 1;
    }
    return copy;
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

/** A length of zero words ends the page, and so would a delta of zero: the kernel makes that 1 ns. */
function discard(view: DataView, at: number, end: number, le: boolean): void {
  const word = view.getUint32(at, le);
  const delta = (le ? word >>> 5 : word & 0x7ffffff) || 1;
  view.setUint32(at, (le ? (delta << 5) | PADDING : (PADDING << 27) | delta) >>> 0, le);
  view.setUint32(at + 4, end - at - 4, le);
}
