/**
 * The stream of mode raw in its parts: lines, descriptions of so many bytes behind a `blob` line, and whole sub-buffers of one
 * CPU behind a `pages` line, up to the next line. However it is cut into chunks, and also where a piece is missing.
 */
import { LineClass, type LineTally } from "../../model/line-tally.ts";
import { ascii, NEWLINE, SPACE, startsWith } from "../ascii.ts";
import type { CpuStream } from "./cpu-stream.ts";

const MARK = ascii("@kmemtap ");
const OWN_WRITER = 0x6b;
/** A line of the reader's that can follow a sub-buffer; marks of the others stand within them, too. */
const READER_LINE = /^@kmemtap \S+ r\d+ (?:helpers|stats|pages|round) /;
const READER_LINE_BYTES = 96;
const MAX_LINE_BYTES = 8192;
/** A description: of an event, or the symbols of a module. */
const MAX_BLOB_BYTES = 64 << 20;

/** Takes the parts in order; a line may call {@link RawParts.readBlob} or {@link RawParts.readPages} for what is behind it. */
export interface PartSink {
  /**
   * @param bytes with its end
   * @param own it is of this side, not of the agent
   */
  line(text: string, bytes: number, own: boolean): void;
  blob(name: string, bytes: Uint8Array): void;
}

export class RawParts {
  readonly #sink: PartSink;
  readonly #tally: LineTally;
  /** An unfinished line. */
  #line = new Uint8Array(MAX_LINE_BYTES);
  #lineLength = 0;
  /** Whose pages are being read, and their size. */
  #pagesOf: CpuStream | undefined;
  #pageBytes = 0;
  /** Of the page, or the blob, that is being read. */
  #remaining = 0;
  #blob: { readonly name: string; readonly bytes: Uint8Array } | undefined;
  /** Bytes are missing: what comes is no line and no page until a line shows. */
  #torn: LineClass | undefined;

  constructor(sink: PartSink, tally: LineTally) {
    this.#sink = sink;
    this.#tally = tally;
  }

  push(chunk: Uint8Array): void {
    let at = isOwn(chunk) ? this.#takeOwn(chunk) : 0;
    while (at < chunk.length) {
      if (this.#torn !== undefined) at = this.#findLine(chunk, at, this.#torn);
      else if (this.#blob !== undefined) at = this.#takeBlobPart(chunk, at, this.#blob);
      else if (this.#pagesOf !== undefined) at = this.#takePages(chunk, at, this.#pagesOf);
      else at = this.#takeLine(chunk, at);
    }
  }

  /** Behind the line come so many bytes. */
  readBlob(name: string, length: number): void {
    if (!(length > 0 && length <= MAX_BLOB_BYTES)) return;
    this.#blob = { name, bytes: new Uint8Array(length) };
    this.#remaining = length;
  }

  /** Behind the line come sub-buffers of that CPU. */
  readPages(stream: CpuStream | undefined, pageBytes: number): void {
    this.#pagesOf = stream;
    this.#pageBytes = pageBytes;
    this.#remaining = 0;
  }

  /** Bytes are missing here; what was begun is torn by that. */
  tear(torn: LineClass): void {
    this.#tally.bytes[torn] += this.#unfinishedBytes;
    this.#forget();
    this.#torn = torn;
  }

  /** Nothing that belongs to what was begun comes any more. */
  leave(): void {
    if (this.#unfinishedBytes > 0) this.#tally.count(LineClass.truncated, this.#unfinishedBytes);
    this.#forget();
    this.#torn = undefined;
  }

  get #unfinishedBytes(): number {
    return this.#lineLength + (this.#blob === undefined ? 0 : this.#blob.bytes.length - this.#remaining);
  }

  #forget(): void {
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
      this.#sink.line(text, next - at, true);
      at = next;
      const blob = /^@kmemtap \S+ k\d+ blob name=(\S+) bytes=(\d+)/.exec(text);
      if (blob === null) continue;
      const length = Math.min(Number(blob[2]), chunk.length - at);
      this.#sink.blob(blob[1], chunk.subarray(at, at + length));
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
    this.#tally.bytes[torn] += until - from;
    return until;
  }

  #takeLine(chunk: Uint8Array, at: number): number {
    const newline = chunk.indexOf(NEWLINE, at);
    const end = newline < 0 ? chunk.length : newline;
    const length = this.#lineLength + end - at;
    if (length > MAX_LINE_BYTES) {
      this.#tally.count(LineClass.tooLong, length);
      this.#lineLength = 0;
      return newline < 0 ? end : end + 1;
    }
    this.#line.set(chunk.subarray(at, end), this.#lineLength);
    this.#lineLength = length;
    if (newline < 0) return end;
    this.#lineLength = 0;
    this.#sink.line(Buffer.from(this.#line.buffer, 0, length).toString("utf8"), length + 1, false);
    return end + 1;
  }

  #takeBlobPart(chunk: Uint8Array, at: number, blob: { readonly name: string; readonly bytes: Uint8Array }): number {
    const part = chunk.subarray(at, at + this.#remaining);
    blob.bytes.set(part, blob.bytes.length - this.#remaining);
    this.#remaining -= part.length;
    if (this.#remaining === 0) {
      this.#blob = undefined;
      this.#sink.blob(blob.name, blob.bytes);
    }
    return at + part.length;
  }

  /** Whole sub-buffers, until a line stands where the next one would begin. */
  #takePages(chunk: Uint8Array, from: number, stream: CpuStream): number {
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
      this.#remaining = this.#pageBytes - known;
    }
    if (until > at) stream.push(chunk.subarray(at, until));
    return chunk.length;
  }
}

/** `\n@kmemtap NONCE k…`: this side's own. */
function isOwn(chunk: Uint8Array): boolean {
  if (chunk[0] !== NEWLINE || !startsWith(chunk, 1, MARK)) return false;
  const writer = chunk.indexOf(SPACE, 1 + MARK.length) + 1;
  return writer > 0 && chunk[writer] === OWN_WRITER;
}
