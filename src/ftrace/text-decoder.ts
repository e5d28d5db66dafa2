/**
 * Trace text of every age to event batches: `trace` and `trace_pipe` of kernels 3.x to 7.x, pure or mixed with whatever
 * else a serial line carries.
 *
 * Three ways through a line. Nearly all are like lines before, and {@link TextCore} takes them. A line that it does not know is read
 * here, if it begins as the kernel prints it, head and event; and what was right in it, the core is taught. Whatever is not so goes to
 * the {@link CarefulReader}. Every byte is counted in exactly one class.
 */
import type { CallSiteTable } from "../model/call-site-table.ts";
import type { EventBatch } from "../model/event-batch.ts";
import { LineClass } from "../model/line-tally.ts";
import type { StreamDecoder } from "../model/ports.ts";
import { NO_TASK, type TaskTable } from "../model/task-table.ts";
import { DASH, NEWLINE } from "./ascii.ts";
import { CarefulReader, MAX_LINE_BYTES } from "./careful-reader.ts";
import { EventColumns } from "./event-columns.ts";
import { KmemEventReader, Unread } from "./kmem-event.ts";
import { COMM_COLUMNS, type LineHead, newLineHead, readHead } from "./line-head.ts";
import { TextCore } from "./text-core.ts";
import { TextTasks } from "./text-tasks.ts";

/** Readable bytes behind a line, so that words can be read from any place in it. */
const PADDING = 64;

export interface TextDecoderOptions {
  /** False: every line is read here, none in WebAssembly. Slower, and the same; for tests that compare. */
  readonly isQuick?: boolean;
  /** Where given, batches say whose their allocations are. */
  readonly tasks?: TaskTable | undefined;
}

export class TextDecoder implements StreamDecoder {
  readonly #columns: EventColumns;
  readonly #head: LineHead = newLineHead();
  readonly #core: TextCore;
  readonly #reader: KmemEventReader;
  readonly #tasks: TextTasks | undefined;
  readonly #careful: CarefulReader;
  readonly #isQuick: boolean;
  /** What is being scanned: the chunk itself, or the lines that its ends cut through. */
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(this.#bytes.buffer);
  /** An unfinished line, and room for the lines near a chunk's end. */
  #kept = new Uint8Array(2 * MAX_LINE_BYTES);
  #keptLength = 0;
  /** Bytes already thrown away of a line that became too long; 0 when not within one. */
  #discarded = 0;
  /** Bytes are missing: what comes up to the next newline is the rest of a line, of this class. */
  #torn: LineClass | undefined;

  constructor(sites: CallSiteTable, { isQuick = true, tasks }: TextDecoderOptions = {}) {
    this.#isQuick = isQuick;
    this.#columns = new EventColumns(tasks !== undefined);
    this.#core = new TextCore(this.#columns);
    if (tasks !== undefined) this.#tasks = new TextTasks(tasks);
    this.#reader = new KmemEventReader(sites, this.#columns, this.#head, this.#tasks);
    this.#careful = new CarefulReader(sites, this.#reader, this.#columns, this.#head);
  }

  cut(torn: LineClass): EventBatch {
    this.#columns.reset();
    this.#columns.tally.bytes[torn] += this.#keptLength + this.#discarded;
    this.#keptLength = this.#discarded = 0;
    this.#torn = torn;
    this.#careful.endBatch(true);
    return this.#columns;
  }

  push(chunk: Uint8Array): EventBatch {
    this.#columns.reset();
    const whole = this.#torn === undefined ? chunk : this.#afterTorn(chunk, this.#torn);
    const text = this.#discarded > 0 ? this.#discardInto(whole) : whole;
    // The line that the last chunk began; then, in place, all lines with padding behind them; then the rest, copied.
    const from = this.#keptLength > 0 ? text.indexOf(NEWLINE) + 1 : 0;
    if (from > 0) {
      this.#keep(text.subarray(0, from));
      this.#scanKept();
    }
    const inPlace = text.length > PADDING ? text.lastIndexOf(NEWLINE, text.length - PADDING - 1) + 1 : 0;
    if (inPlace > from && this.#keptLength === 0) {
      this.#attach(text);
      this.#scan(from, inPlace);
      this.#keep(text.subarray(inPlace));
    } else {
      this.#keep(text.subarray(from));
    }
    this.#scanKept();
    this.#careful.endBatch(false);
    return this.#columns;
  }

  end(): EventBatch {
    this.#columns.reset();
    if (this.#discarded > 0) this.#columns.tally.count(LineClass.tooLong, this.#discarded);
    else if (this.#keptLength > 0) {
      this.#kept[this.#keptLength] = NEWLINE;
      this.#attach(this.#kept);
      this.#careful.read(this.#kept, 0, this.#keptLength, this.#keptLength);
    }
    this.#keptLength = this.#discarded = 0;
    this.#careful.endBatch(true);
    return this.#columns;
  }

  #keep(text: Uint8Array): void {
    const length = this.#keptLength + text.length;
    if (length + PADDING > this.#kept.length) {
      const larger = new Uint8Array(2 * (length + PADDING));
      larger.set(this.#kept.subarray(0, this.#keptLength));
      this.#kept = larger;
    }
    this.#kept.set(text, this.#keptLength);
    this.#keptLength = length;
  }

  /** Scans the whole lines of what is kept; what is left is the beginning of one. */
  #scanKept(): void {
    const limit = this.#kept.lastIndexOf(NEWLINE, this.#keptLength - 1) + 1;
    if (limit > 0 && this.#keptLength > 0) {
      this.#attach(this.#kept);
      this.#scan(0, limit);
      this.#kept.copyWithin(0, limit, this.#keptLength);
      this.#keptLength -= limit;
    }
    if (this.#keptLength > MAX_LINE_BYTES) {
      this.#discarded = this.#keptLength;
      this.#keptLength = 0;
    }
  }

  #attach(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#reader.attach(bytes, this.#view);
    this.#core.attach(bytes);
  }

  /** Every line of `[from, limit)`; the byte before `limit` is a newline. */
  #scan(from: number, limit: number): void {
    for (let at = from; at < limit;) {
      at = this.#readUsual(at, limit);
      if (at < limit) at = this.#readLine(at);
    }
  }

  /** Takes all lines from `at` on that need no look from here; where the first other one begins. */
  #readUsual(at: number, limit: number): number {
    const { pointers } = this.#reader;
    const { digits } = pointers;
    if (digits === 0 || !this.#isQuick) return at;
    const before = this.#columns.length;
    const next = this.#core.read(at, limit, digits, this.#head);
    pointers.confirmAll(this.#columns.length - before);
    return next;
  }

  /** Reads the line at `at`; where the next one begins. */
  #readLine(at: number): number {
    const bytes = this.#bytes;
    const reader = this.#reader;
    const event = this.#eventAt(at);
    if (event >= 0) {
      const next = reader.read(event);
      if (next > 0 && next - at <= MAX_LINE_BYTES) {
        this.#columns.tally.count(reader.lineClass, next - at);
        if (reader.lineClass !== LineClass.failedAllocation) this.#learn(at, next);
        return next;
      }
      // The slow way reads the event again, so it must not stay in the columns.
      if (next > 0 || next === Unread.strayText) this.#takeBack();
    }
    const end = bytes.indexOf(NEWLINE, at);
    this.#careful.read(bytes, at, end, end + 1);
    return end + 1;
  }

  /** Teaches the core the line at `at`, which was read just now. */
  #learn(at: number, next: number): void {
    const head = this.#head;
    const task = this.#tasks?.of(this.#bytes, head) ?? NO_TASK;
    this.#core.learn(at, next, head, task, this.#reader.pieces);
  }

  /** Where the event's name begins in the line at `at`, if the line begins as the kernel prints it; else -1. */
  #eventAt(at: number): number {
    const dash = at + COMM_COLUMNS;
    if (this.#bytes[dash] !== DASH || holdsNewline(this.#view, at)) return -1;
    this.#head.commAt = at;
    return readHead(this.#bytes, dash, this.#head, false);
  }

  /** Undoes the event that {@link KmemEventReader.read} added before the line proved to hold more than it. */
  #takeBack(): void {
    if (this.#reader.lineClass === LineClass.event) this.#columns.length -= 1;
  }

  /** What follows the rest of a torn line. */
  #afterTorn(chunk: Uint8Array, torn: LineClass): Uint8Array {
    const newline = chunk.indexOf(NEWLINE);
    const until = newline < 0 ? chunk.length : newline + 1;
    if (newline >= 0) this.#torn = undefined;
    this.#columns.tally.bytes[torn] += until;
    return chunk.subarray(until);
  }

  /** Throws away the rest of a line that is too long; what follows it in `chunk`. */
  #discardInto(chunk: Uint8Array): Uint8Array {
    const newline = chunk.indexOf(NEWLINE);
    if (newline < 0) {
      this.#discarded += chunk.length;
      return chunk.subarray(chunk.length);
    }
    this.#columns.tally.count(LineClass.tooLong, this.#discarded + newline + 1);
    this.#discarded = 0;
    return chunk.subarray(newline + 1);
  }
}

/** True where one of the 16 bytes at `at` is a newline: the line is shorter than a task name. */
function holdsNewline(view: DataView, at: number): boolean {
  let found = 0;
  for (let p = at; p < at + COMM_COLUMNS; p += 4) {
    // A byte of `mixed` is zero where the text has a newline (Mycroft's test for a zero byte).
    const mixed = view.getUint32(p, true) ^ 0x0a0a0a0a;
    found |= (mixed - 0x01010101) & ~mixed & 0x80808080;
  }
  return found !== 0;
}
