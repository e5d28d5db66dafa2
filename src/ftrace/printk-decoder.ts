/**
 * The console of a kernel booted with `tp_printk`, to event batches: each kmem event is a line of the kernel's log, from long
 * before anybody can read the ring buffer.
 *
 *     [    0.548493] kmalloc: call_site=tty_open+0x58/0x6e0 ptr=(____ptrval____) bytes_req=32 bytes_alloc=32 gfp_flags=GFP_KERNEL node=-1 accounted=false
 *
 * Such a line says no task and no CPU ({@link NO_CPU}), and no pointer until the kernel can hash them ({@link NO_POINTER}).
 * Everything else, trace lines among it, is foreign here. A line that is damaged is rejected, as in the text decoder; every
 * byte is counted in exactly one class.
 */
import type { CallSiteTable } from "../model/call-site-table.ts";
import type { EventBatch } from "../model/event-batch.ts";
import { LineClass } from "../model/line-tally.ts";
import type { Decoder } from "../model/ports.ts";
import { NO_CPU } from "../model/no-value.ts";
import { findAgentLine } from "./agent-line.ts";
import { BRACKET_OPEN, NEWLINE, RETURN, SPACE } from "./ascii.ts";
import { MAX_LINE_BYTES } from "./careful-reader.ts";
import { EventColumns } from "./event-columns.ts";
import { eventName } from "./event-name.ts";
import { isPieceOfEvent } from "./foreign-text.ts";
import { KmemEventReader, Unread } from "./kmem-event.ts";
import { findHead, type LineHead, newLineHead } from "./line-head.ts";
import { isStartOfKmemEvent } from "./other-event.ts";
import { type LogStamp, readStamp } from "./printk-stamp.ts";
import { findDroppedMessages } from "./printk-text.ts";

/** Readable bytes behind the last line, so that words can be read, and stretches compared, from any place in it. */
const PADDING = 160;
const LESS_THAN = 0x3c;

/** Messages that the console lost, and how many of the batch's events come before them. */
export interface DropMark {
  readonly messages: number;
  readonly at: number;
}

/** A batch, valid until the next one, with what a join needs to know of each event's line. */
export interface PrintkBatch extends EventBatch {
  /** Bytes of each event's line, as the tally has them under `event`. */
  readonly lineBytes: Uint32Array;
  readonly drops: readonly DropMark[];
}

class PrintkColumns extends EventColumns implements PrintkBatch {
  lineBytes = new Uint32Array(this.kind.length);
  drops: DropMark[] = [];

  override reset(): void {
    super.reset();
    if (this.drops.length > 0) this.drops = [];
  }

  /** Notes the line of the event added last. */
  noteLine(bytes: number): void {
    if (this.lineBytes.length < this.kind.length) {
      const larger = new Uint32Array(this.kind.length);
      larger.set(this.lineBytes);
      this.lineBytes = larger;
    }
    this.lineBytes[this.length - 1] = bytes;
  }
}

export class PrintkDecoder implements Decoder {
  readonly #columns = new PrintkColumns();
  readonly #head: LineHead = newLineHead(NO_CPU);
  readonly #stamp: LogStamp = { textAt: 0, timeNs: 0 };
  readonly #reader: KmemEventReader;
  /** The lines that came last, and the beginning of one. */
  #bytes = new Uint8Array(2 * MAX_LINE_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  /** Where the input ends in the line that is read, because it has no newline; else -1. */
  #inputEnd = -1;
  /** Bytes already thrown away of a line that became too long; 0 when not within one. */
  #discarded = 0;

  constructor(sites: CallSiteTable) {
    this.#reader = new KmemEventReader(sites, this.#columns, this.#head);
    this.#reader.takesHidden = true;
  }

  push(chunk: Uint8Array): PrintkBatch {
    this.#columns.reset();
    this.#keep(this.#discarded > 0 ? this.#discardInto(chunk) : chunk);
    const limit = this.#length === 0 ? 0 : this.#bytes.lastIndexOf(NEWLINE, this.#length - 1) + 1;
    for (let at = 0; at < limit;) {
      const end = this.#bytes.indexOf(NEWLINE, at);
      this.#readLine(at, end, end + 1);
      at = end + 1;
    }
    this.#bytes.copyWithin(0, limit, this.#length);
    this.#length -= limit;
    if (this.#length > MAX_LINE_BYTES) {
      this.#discarded = this.#length;
      this.#length = 0;
    }
    return this.#columns;
  }

  end(): PrintkBatch {
    this.#columns.reset();
    if (this.#discarded > 0) this.#columns.tally.count(LineClass.tooLong, this.#discarded);
    else if (this.#length > 0) {
      this.#bytes[this.#length] = NEWLINE;
      this.#readLine(0, this.#length, this.#length);
    }
    this.#length = this.#discarded = 0;
    return this.#columns;
  }

  #keep(text: Uint8Array): void {
    const length = this.#length + text.length;
    if (length + PADDING > this.#bytes.length) {
      const larger = new Uint8Array(2 * (length + PADDING));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#bytes.set(text, this.#length);
    this.#length = length;
    this.#reader.attach(this.#bytes, this.#view);
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

  /**
   * @param end where the line's newline is
   * @param next where the next line begins; the same as `end` for the last line of an input that has no newline
   */
  #readLine(start: number, end: number, next: number): void {
    if (next - start > MAX_LINE_BYTES) {
      this.#count(LineClass.tooLong, start, next);
      return;
    }
    if (end < next && this.#stampAt(start, end)) {
      const read = this.#reader.read(this.#stamp.textAt);
      if (read > 0) {
        this.#countEvent(start, next);
        return;
      }
      // The slow way reads the event again, so it must not stay in the columns.
      if (read === Unread.strayText && this.#reader.lineClass === LineClass.event) this.#columns.length -= 1;
    }
    this.#reader.setMode(true, end === next);
    this.#inputEnd = end === next ? end : -1;
    this.#readPieces(start, end, next);
    this.#reader.setMode(false, false);
  }

  /** Piece by piece: something may have been printed into the line, or the newline of the one before it was lost. */
  #readPieces(start: number, end: number, next: number): void {
    let from = start;
    while (from < end) {
      const at = this.#findEvent(from, end);
      if (at < 0) break;
      if (at > from) this.#countText(from, at, at);
      from = this.#readEvent(at, end, next);
    }
    if (from < next) this.#countText(from, end, next);
  }

  /** Reads the event that {@link #findEvent} found at `at`; where what follows it begins. */
  #readEvent(at: number, end: number, next: number): number {
    const { textAt } = this.#stamp;
    this.#head.timeNs = this.#stamp.timeNs;
    const read = this.#reader.read(textAt);
    if (read > 0) {
      this.#countEvent(at, next);
      return next;
    }
    if (read === Unread.strayText) {
      this.#countEvent(at, this.#reader.strayAt);
      return this.#reader.strayAt;
    }
    const another = this.#findEvent(textAt, end);
    const after = another < 0 ? next : another;
    this.#count(read === Unread.truncated ? LineClass.truncated : LineClass.badField, at, after);
    return after;
  }

  /** Where the next stamp with a kmem event behind it begins in `[from, end)`, or -1; leaves the stamp behind. */
  #findEvent(from: number, end: number): number {
    for (let p = from; p < end; p++) {
      const byte = this.#bytes[p];
      if (byte !== BRACKET_OPEN && byte !== LESS_THAN) continue;
      if (readStamp(this.#bytes, p, end, this.#stamp) && eventName(this.#view, this.#stamp.textAt) >= 0) return p;
    }
    return -1;
  }

  #stampAt(start: number, end: number): boolean {
    if (!readStamp(this.#bytes, start, end, this.#stamp)) return false;
    this.#head.timeNs = this.#stamp.timeNs;
    return true;
  }

  #count(lineClass: LineClass, from: number, to: number): void {
    const isEnd = lineClass === LineClass.truncated && to === this.#inputEnd;
    this.#columns.countLine(isEnd ? LineClass.unfinished : lineClass, to - from, this.#head.timeNs);
  }

  /** Counts what the reader has read. */
  #countEvent(from: number, to: number): void {
    this.#count(this.#reader.lineClass, from, to);
    if (this.#reader.lineClass === LineClass.event) this.#columns.noteLine(to - from);
  }

  /** Counts text in which no event begins: `[from, end)`, and up to `next` its line's end. */
  #countText(from: number, end: number, next: number): void {
    let p = end;
    while (p > from && (this.#bytes[p - 1] === RETURN || this.#bytes[p - 1] === SPACE)) p--;
    this.#count(this.#classOfText(from, p), from, next);
  }

  #classOfText(from: number, end: number): LineClass {
    const bytes = this.#bytes;
    if (from === end) return LineClass.blank;
    let rest = from;
    for (let lost = findDroppedMessages(bytes, rest, end); lost; lost = findDroppedMessages(bytes, rest, end)) {
      this.#columns.drops.push({ messages: lost.messages, at: this.#columns.length });
      // How many of them were events, nobody knows.
      this.#columns.losses.push({ cpu: undefined, events: undefined, timeNs: this.#head.timeNs });
      rest = lost.end;
    }
    if (rest > from && rest === end) return LineClass.lostMarker;
    if (findAgentLine(bytes, rest, end) >= 0) return LineClass.agent;
    // A trace that goes over the same line: its own decoder's, damaged or not.
    if (findHead(bytes, rest, end, newLineHead()) >= 0) return LineClass.foreign;
    if (isPieceOfEvent(bytes, rest, end)) return this.#reader.unterminated ? LineClass.truncated : LineClass.badHead;
    if (this.#isCutEvent(rest, end)) return LineClass.truncated;
    return rest > from ? LineClass.lostMarker : LineClass.foreign;
  }

  /** A stamp, and behind it the beginning of an event and nothing else: the line was cut there. */
  #isCutEvent(from: number, end: number): boolean {
    if (!readStamp(this.#bytes, from, end, this.#stamp)) return false;
    const { textAt } = this.#stamp;
    return textAt < end && isStartOfKmemEvent(this.#bytes, textAt, end);
  }
}
