/**
 * What the agent sends in mode raw, to event batches: lines, and whole sub-buffers of one CPU behind each `pages` line.
 *
 *     @kmemtap k3fa9c1 k2 blob name=format bytes=812 ~43      what the formats and symbols are, from this side of the link
 *     (812 bytes)
 *     @kmemtap k3fa9c1 r17 stats cpu=0 entries=120 … ~96
 *     @kmemtap k3fa9c1 r18 pages cpu=0 ~24
 *     (sub-buffers, up to the next line: no time stamp reads `@kmemtap`, which would be the year 2226)
 *
 * The CPUs' events are merged by time, because an object is often freed on another CPU. A CPU that has nothing to say
 * holds nobody up: once all that its stats counted has been read, nothing older than those stats is still to come.
 */
import type { CallSiteTable } from "../../model/call-site-table.ts";
import type { EventBatch } from "../../model/event-batch.ts";
import { LineClass, type LineTally } from "../../model/line-tally.ts";
import type { StreamDecoder } from "../../model/ports.ts";
import { ascii, NEWLINE, SPACE, startsWith } from "../ascii.ts";
import { EventColumns } from "../event-columns.ts";
import { CpuStream } from "./cpu-stream.ts";
import { Helpers } from "./helpers.ts";
import { type PageFormat, parsePageFormat } from "./event-format.ts";
import { mergeStreams } from "./merge-streams.ts";
import { readLayout, type RecordLayout } from "./record-layouts.ts";
import { type AddressNames, RecordTaker } from "./record-taker.ts";

const MARK = ascii("@kmemtap ");
const OWN_WRITER = 0x6b;
/** A line of the reader's that can follow a sub-buffer; marks of the others stand within them, too. */
const READER_LINE = /^@kmemtap \S+ r\d+ (?:helpers|stats|pages|round) /;
const READER_LINE_BYTES = 96;
const MAX_LINE_BYTES = 8192;
/** A description: of an event, or the symbols of a module. */
const MAX_BLOB_BYTES = 64 << 20;
/** Of all CPUs, in wait for one that says nothing: then the order is given up, not the memory. */
const MAX_WAITING_BYTES = 64 << 20;

/** Shown what the stream is made of, for whoever writes it in another form. */
export interface RawTap {
  blob(name: string, text: string): void;
  /** @param page a sub-buffer, valid until this returns */
  page(cpu: number, page: Uint8Array, littleEndian: boolean): void;
}

export class RawDecoder implements StreamDecoder {
  readonly #tap: RawTap | undefined;
  readonly #onPage: RawTap["page"] | undefined;
  readonly #names: AddressNames;
  readonly #columns = new EventColumns();
  #page: PageFormat | undefined;
  #layouts: (RecordLayout | undefined)[] = [];
  #streams: CpuStream[] = [];
  /** By CPU: what its stats counted, oldest first, until all of it has been read. */
  #promises = new Map<number, { records: number; nowNs: number }[]>();
  /** An unfinished line. */
  #line = new Uint8Array(MAX_LINE_BYTES);
  #lineLength = 0;
  /** Whose pages are being read. */
  #pagesOf: CpuStream | undefined;
  /** Of the page, or the blob, that is being read. */
  #remaining = 0;
  readonly #helpers = new Helpers();
  /** The trace clock of the last stats: who helps up to then is known. */
  #statsNs = 0;
  #blob: { readonly name: string; readonly bytes: Uint8Array } | undefined;
  readonly #taker: RecordTaker;
  /** Of the last event that was given out. */
  #lastNs = 0;
  /** Nothing more comes: nothing is waited for. */
  #flushing = false;
  /** Bytes are missing: what comes is no line and no page until a line shows. */
  #torn: LineClass | undefined;
  /** In this session. */
  #wasTorn = false;
  #lessons = 0;

  constructor(sites: CallSiteTable, names: AddressNames, tap?: RawTap) {
    this.#tap = tap;
    this.#onPage = tap && ((cpu, page, littleEndian) => tap.page(cpu, page, littleEndian));
    this.#names = names;
    this.#taker = new RecordTaker(this.#columns, sites, names, this.#helpers);
  }

  /** True while an event waits for the symbols of modules: a `kallsyms` blob lets it, and all behind it, go on. */
  get wantsSymbols(): boolean {
    return this.#taker.asked;
  }

  /** Grows with whatever the rest of the stream cannot be read without: formats, symbols, a new session. */
  get lessons(): number {
    return this.#lessons;
  }

  /** The trace clock of the last stats; -1 before any. What was read before them is not younger. */
  get statsNs(): number {
    return this.#statsNs > 0 ? this.#statsNs : -1;
  }

  /** Events that were given out behind a younger one: of a CPU that was no longer waited for. */
  get disordered(): number {
    return this.#taker.disordered;
  }

  cut(torn: LineClass): EventBatch {
    this.#columns.reset();
    this.#tear(torn);
    return this.#columns;
  }

  #tear(torn: LineClass): void {
    const { tally } = this.#columns;
    tally.bytes[torn] += this.#lineLength + (this.#blob === undefined ? 0 : this.#blob.bytes.length - this.#remaining);
    this.#lineLength = 0;
    this.#blob = this.#pagesOf = undefined;
    for (const stream of this.#streams) stream.cut(torn);
    this.#torn = torn;
    this.#wasTorn = true;
  }

  push(chunk: Uint8Array): EventBatch {
    this.#columns.reset();
    let at = isOwn(chunk) ? this.#takeOwn(chunk) : 0;
    while (at < chunk.length) {
      if (this.#torn !== undefined) at = this.#findLine(chunk, at, this.#torn);
      else if (this.#blob !== undefined) at = this.#readBlob(chunk, at);
      else if (this.#pagesOf !== undefined) at = this.#readPages(chunk, at, this.#pagesOf);
      else at = this.#readLine(chunk, at);
    }
    this.#merge();
    return this.#columns;
  }

  end(): EventBatch {
    this.#columns.reset();
    this.#flush();
    this.#leave(this.#columns.tally);
    return this.#columns;
  }

  /** What was begun stays unfinished. */
  #leave(tally: LineTally): void {
    if (this.#lineLength > 0) tally.count(LineClass.truncated, this.#lineLength);
    if (this.#blob !== undefined) tally.count(LineClass.truncated, this.#blob.bytes.length - this.#remaining);
    this.#lineLength = 0;
    this.#blob = this.#pagesOf = undefined;
  }

  /** Lines of this side, each perhaps with its blob: a chunk of their own, which may stand in the middle of a page. */
  #takeOwn(chunk: Uint8Array): number {
    let at = 0;
    while (at < chunk.length) {
      const newline = chunk.indexOf(NEWLINE, at);
      const end = newline < 0 ? chunk.length : newline;
      const text = Buffer.from(chunk.subarray(at, end)).toString("utf8");
      const next = newline < 0 ? end : end + 1;
      this.#takeLine(text, next - at, true);
      at = next;
      const blob = /^@kmemtap \S+ k\d+ blob name=(\S+) bytes=(\d+)/.exec(text);
      if (blob === null) continue;
      const length = Math.min(Number(blob[2]), chunk.length - at);
      this.#takeBlob(blob[1], chunk.subarray(at, at + length));
      at += length;
    }
    return at;
  }

  /** Where the reader's next whole line is; what comes before it cannot be told apart. */
  #findLine(chunk: Uint8Array, from: number, torn: LineClass): number {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    let at = from;
    for (; ; at++) {
      at = bytes.indexOf(MARK, at);
      if (at < 0) break;
      if (READER_LINE.test(bytes.toString("latin1", at, at + READER_LINE_BYTES))) break;
    }
    const until = at < 0 ? chunk.length : at;
    if (at >= 0) this.#torn = undefined;
    this.#columns.tally.bytes[torn] += until - from;
    return until;
  }

  // ---- the stream ------------------------------------------------------------------------------------------------------

  #readLine(chunk: Uint8Array, at: number): number {
    const newline = chunk.indexOf(NEWLINE, at);
    const end = newline < 0 ? chunk.length : newline;
    const length = this.#lineLength + end - at;
    if (length > MAX_LINE_BYTES) {
      this.#columns.tally.count(LineClass.tooLong, length);
      this.#lineLength = 0;
      return newline < 0 ? end : end + 1;
    }
    this.#line.set(chunk.subarray(at, end), this.#lineLength);
    this.#lineLength = length;
    if (newline < 0) return end;
    this.#lineLength = 0;
    this.#takeLine(Buffer.from(this.#line.buffer, 0, length).toString("utf8"), length + 1);
    return end + 1;
  }

  #takeLine(text: string, bytes: number, own = false): void {
    const { tally } = this.#columns;
    const isAgent = text.startsWith("@kmemtap ");
    tally.count(isAgent ? LineClass.agent : text === "" ? LineClass.blank : LineClass.badHead, bytes);
    if (!isAgent) return;
    const [, , , type = "", ...words] = text.split(" ");
    const fields = new Map(words.map((word) => [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)]));
    const cpu = Number(fields.get("cpu"));
    switch (type) {
      case "blob":
        if (!own) this.#beginBlob(fields.get("name") ?? "", Number(fields.get("bytes")));
        return;
      case "helpers":
        this.#helpers.hear(fields.get("pids") ?? "", this.#statsNs);
        return;
      case "round":
        return;
      case "pages":
        this.#pagesOf = this.#streamOf(cpu);
        this.#remaining = 0;
        return;
      case "session":
        this.#flush();
        this.#leave(tally);
        this.#torn = undefined;
        this.#wasTorn = false;
        this.#lessons += 1;
        this.#streams = [];
        this.#promises.clear();
        this.#layouts = [];
        this.#page = undefined;
        break;
      case "stats":
        this.#promise(cpu, fields);
        break;
      case "gap":
        // Of this side: what is torn by it is a line of a link that was lost, or of a recording.
        if (own) this.#tear(LineClass.truncated);
        break;
    }
    // All that can be said before it, however the stream was cut into chunks.
    this.#merge();
    const { marks, length } = this.#columns;
    marks.push({ text, at: length, timeNs: this.#lastNs });
  }

  #streamOf(cpu: number): CpuStream | undefined {
    const known = this.#streams.find((stream) => stream.cpu === cpu);
    if (known !== undefined || this.#page === undefined || !Number.isSafeInteger(cpu)) return known;
    const formats = { page: this.#page, layouts: this.#layouts, onPage: this.#onPage };
    const stream = new CpuStream(cpu, formats, this.#columns.tally);
    // What was missing may have been of this one.
    if (this.#wasTorn) stream.cut(LineClass.truncated);
    this.#streams.push(stream);
    this.#streams.sort((a, b) => a.cpu - b.cpu);
    return stream;
  }

  #promise(cpu: number, fields: ReadonlyMap<string, string>): void {
    const [entries, read, now] = ["entries", "read", "now"].map((key) => Number(fields.get(key)));
    const stream = this.#streamOf(cpu);
    if (stream === undefined || !Number.isFinite(entries + read + now)) return;
    stream.counted(read);
    const promises = this.#promises.get(cpu) ?? [];
    this.#promises.set(cpu, promises);
    // Microseconds, cut off.
    this.#statsNs = Math.round(now * 1e6) * 1000;
    promises.push({ records: entries + read, nowNs: this.#statsNs });
  }

  #beginBlob(name: string, length: number): void {
    if (!(length > 0 && length <= MAX_BLOB_BYTES)) return;
    this.#blob = { name, bytes: new Uint8Array(length) };
    this.#remaining = length;
  }

  #readBlob(chunk: Uint8Array, at: number): number {
    const blob = this.#blob;
    if (blob === undefined) return at;
    const part = chunk.subarray(at, at + this.#remaining);
    blob.bytes.set(part, blob.bytes.length - this.#remaining);
    this.#remaining -= part.length;
    if (this.#remaining === 0) {
      this.#blob = undefined;
      this.#takeBlob(blob.name, blob.bytes);
    }
    return at + part.length;
  }

  #takeBlob(name: string, bytes: Uint8Array): void {
    this.#columns.tally.bytes[LineClass.padding] += bytes.length;
    this.#lessons += 1;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
    this.#tap?.blob(name, text);
    if (name === "header_page") this.#page = parsePageFormat(text);
    else if (name === "format") {
      const read = readLayout(text);
      if (read !== undefined) this.#layouts[read.id] = read.layout;
    } else if (name === "kallsyms") {
      this.#names.read(text);
      this.#taker.asked = false;
    }
  }

  /** Whole sub-buffers, until a line stands where the next one would begin. */
  #readPages(chunk: Uint8Array, from: number, stream: CpuStream): number {
    const size = this.#page === undefined ? 0 : this.#page.dataOffset + this.#page.dataSize;
    let at = from;
    let until = from;
    for (;;) {
      if (this.#remaining > 0) {
        const part = Math.min(this.#remaining, chunk.length - until);
        until += part;
        this.#remaining -= part;
        if (this.#remaining > 0) break;
      }
      // A page's first bytes, or those of a line: what is here of them tells once they differ.
      const known = this.#lineLength;
      const more = chunk.subarray(until, until + MARK.length - known);
      this.#line.set(more, known);
      const head = this.#line.subarray(0, known + more.length);
      const isLine = startsWith(MARK, 0, head);
      if (isLine && head.length < MARK.length) {
        if (until > at) stream.push(chunk.subarray(at, until));
        this.#lineLength = head.length;
        return chunk.length;
      }
      if (isLine) {
        if (until > at) stream.push(chunk.subarray(at, until));
        this.#pagesOf = undefined;
        this.#lineLength = MARK.length;
        return until + more.length;
      }
      if (known > 0) {
        // What had looked like a line's beginning was a page's: it comes from the chunk before.
        stream.push(this.#line.subarray(0, known));
        this.#lineLength = 0;
        at = until;
      }
      this.#remaining = size - known;
    }
    if (until > at) stream.push(chunk.subarray(at, until));
    return chunk.length;
  }

  // ---- the order -------------------------------------------------------------------------------------------------------

  /** All that is here, in order, whatever is still missing. */
  #flush(): void {
    this.#flushing = true;
    this.#taker.mayAsk = false;
    this.#taker.asked = false;
    this.#merge();
    this.#flushing = false;
    this.#taker.mayAsk = true;
    for (const stream of this.#streams) stream.end();
  }

  #merge(): void {
    const waiting = this.#streams.reduce((sum, stream) => sum + stream.waitingBytes, 0);
    const mayWait = !this.#flushing && waiting <= MAX_WAITING_BYTES;
    if (!this.#taker.asked) {
      mergeStreams(this.#streams, {
        untilNs: this.#flushing ? Infinity : this.#statsNs,
        safeNsOf: (stream) => (mayWait ? this.#safeNsOf(stream) : Infinity),
        take: (stream) => this.#taker.take(stream),
        takeMore: (stream, limitNs) => this.#taker.takeUsual(stream, limitNs),
      });
    }
    const { length, timeNs } = this.#columns;
    if (length > 0) this.#lastNs = timeNs[length - 1];
    this.#helpers.forgetBefore(this.#lastNs);
  }

  #safeNsOf(stream: CpuStream): number {
    const promises = this.#promises.get(stream.cpu);
    while (promises !== undefined && promises.length > 0 && promises[0].records <= stream.records) {
      stream.safeNs = Math.max(stream.safeNs, promises[0].nowNs);
      promises.shift();
    }
    return stream.safeNs;
  }
}

/** `\n@kmemtap NONCE k…`: this side's own. */
function isOwn(chunk: Uint8Array): boolean {
  if (chunk[0] !== NEWLINE || !startsWith(chunk, 1, MARK)) return false;
  const writer = chunk.indexOf(SPACE, 1 + MARK.length) + 1;
  return writer > 0 && chunk[writer] === OWN_WRITER;
}
