/**
 * The slow way through a line, for every line that is not simply an event as the kernel prints it: a comment, a loss marker,
 * another event, the kernel's log, or a trace line that something was printed into. It goes piece by piece: text before,
 * between and behind the events in the line.
 */
import { LineClass } from "../model/line-tally.ts";
import { BRACKET_OPEN, DASH, HASH, isDigit, PAREN_OPEN, RETURN, SPACE } from "./ascii.ts";
import type { EventColumns } from "./event-columns.ts";
import {
  findLossMarker,
  isPieceOfEvent,
  isPieceOfHeader,
  isPieceOfMarker,
  isPrintkEvent,
  isTracerLine,
  overwrittenEvents,
} from "./foreign-text.ts";
import { type KmemEventReader, Unread } from "./kmem-event.ts";
import { COMM_COLUMNS, findHead, type LineHead, newLineHead, readHead } from "./line-head.ts";
import { findAgentLine, isWholeAgentLine } from "./agent-line.ts";
import { isProbeLine, takeProbeLine } from "./probed-lines.ts";
import { isStackHead, StackLines } from "./stack-lines.ts";
import type { CallSiteTable } from "../model/call-site-table.ts";
import { isMarkerWrite, isNamed, isStartOfKmemEvent, mentionsCallSite } from "./other-event.ts";

/** A trace line has less than 2 KiB; what is longer is not one, and is counted without being kept. */
export const MAX_LINE_BYTES = 64 * 1024;

export class CarefulReader {
  readonly #reader: KmemEventReader;
  readonly #columns: EventColumns;
  readonly #head: LineHead;
  readonly #sites: CallSiteTable;
  /** Where heads are looked for: what stands before one is counted by the clock of the last event. */
  readonly #sought: LineHead = newLineHead();
  #bytes: Uint8Array = new Uint8Array(0);
  /** Where the input ends in the line that is read, because it has no newline; else -1. */
  #inputEnd = -1;

  readonly #stacks: StackLines;

  constructor(sites: CallSiteTable, reader: KmemEventReader, columns: EventColumns, head: LineHead) {
    this.#reader = reader;
    this.#columns = columns;
    this.#head = head;
    this.#sites = sites;
    this.#stacks = new StackLines(sites, columns);
  }

  /**
   * Reads one line, which the event reader is attached to.
   *
   * @param end where its newline is
   * @param next where the next line begins; the same as `end` for the last line of an input that has no newline
   */
  read(bytes: Uint8Array, start: number, end: number, next: number): void {
    this.#bytes = bytes;
    if (this.#stacks.takeFrame(bytes, start, end)) {
      this.#count(LineClass.stack, start, next);
      return;
    }
    this.#stacks.close();
    this.#reader.setMode(true, end === next);
    this.#inputEnd = end === next ? end : -1;
    this.#readLine(start, end, next);
    this.#reader.setMode(false, false);
  }

  /** @param isLast nothing more comes; else what was begun may go on in the next batch */
  endBatch(isLast: boolean): void {
    if (isLast) this.#stacks.close();
    else this.#stacks.endBatch();
  }

  #readLine(start: number, end: number, next: number): void {
    if (next - start > MAX_LINE_BYTES) {
      this.#count(LineClass.tooLong, start, next);
      return;
    }
    // A root shell's prompt is a hash too, and a trace line may follow it.
    if (this.#bytes[start] === HASH && findHead(this.#bytes, start, end, this.#sought) < 0) {
      this.#count(this.#classOfComment(start, end), start, next);
      return;
    }
    if (this.#isAgentLine(start, end)) {
      this.#countText(start, end, next);
      return;
    }
    let from = start;
    while (from < end) {
      const dash = this.#dashOfHead(from, end, from === start);
      if (dash < 0) break;
      const lineAt = Math.max(from, dash - COMM_COLUMNS);
      if (lineAt > from) this.#countText(from, lineAt, lineAt);
      from = this.#readFrom(lineAt, dash, end, next);
    }
    if (from < next) this.#countText(from, end, next);
  }

  /** Reads the event whose head has its dash at `dash`; where what follows it begins. */
  #readFrom(lineAt: number, dash: number, end: number, next: number): number {
    this.#head.commAt = lineAt;
    const event = readHead(this.#bytes, dash, this.#head, false);
    const read = this.#reader.read(event);
    if (read > 0) {
      this.#count(this.#reader.lineClass, lineAt, next);
      return next;
    }
    if (read === Unread.strayText) {
      this.#count(this.#reader.lineClass, lineAt, this.#reader.strayAt);
      return this.#reader.strayAt;
    }
    if (read === Unread.otherEvent && isStackHead(this.#bytes, event, end)) {
      this.#stacks.open(this.#head.cpu);
      this.#count(LineClass.stack, lineAt, next);
      return next;
    }
    const isProbe = read === Unread.otherEvent && isProbeLine(this.#bytes, event);
    if (isProbe && this.#takeProbe(event, end, next - lineAt)) return next;
    // What a process writes to trace_marker is its own, whatever it looks like.
    if (read === Unread.otherEvent && isMarkerWrite(this.#bytes, event)) {
      const agentAt = findAgentLine(this.#bytes, event, end);
      this.#count(agentAt < 0 ? LineClass.otherEvent : this.#takeAgentLine(agentAt, end), lineAt, next);
      return next;
    }
    // Of another kind, or unreadable; but an event may stand behind it, where a newline was lost.
    const another = findHead(this.#bytes, event, end, this.#sought);
    const pieceEnd = another < 0 ? end : Math.max(event, another - COMM_COLUMNS);
    const isOther = read === Unread.otherEvent && !isProbe;
    const lineClass = isOther ? this.#classOfOther(event, pieceEnd) : rejectedAs(read);
    const after = another < 0 ? next : pieceEnd;
    this.#count(lineClass, lineAt, after);
    return after;
  }

  #takeProbe(event: number, end: number, bytes: number): boolean {
    const text = Buffer.from(this.#bytes.subarray(event, this.#trimmedEnd(event, end))).toString("latin1");
    return takeProbeLine(text, this.#columns, this.#sites, this.#head, bytes);
  }

  /**
   * Passes on what kmemtap's agent says from `at` on. A line of its that is not whole may have swallowed an event, where a
   * newline was lost; what a whole one holds is an output that it passes on, whatever that looks like.
   */
  #takeAgentLine(at: number, end: number): LineClass {
    const textEnd = this.#trimmedEnd(at, end);
    const text = Buffer.from(this.#bytes.subarray(at, textEnd)).toString("utf8");
    this.#columns.marks.push({ text, at: this.#columns.length, timeNs: this.#head.timeNs });
    const isTorn = !isWholeAgentLine(this.#bytes, at, textEnd) && isPieceOfEvent(this.#bytes, at, textEnd);
    return isTorn ? LineClass.badField : LineClass.agent;
  }

  /** Passes on the loss markers that `[from, end)` begins with or holds; where the last one ends. */
  #takeLosses(from: number, end: number): number {
    const bytes = this.#bytes;
    let rest = from;
    for (let lost = findLossMarker(bytes, rest, end); lost !== undefined; lost = findLossMarker(bytes, rest, end)) {
      this.#columns.losses.push({ cpu: lost.cpu, events: lost.events, timeNs: this.#head.timeNs });
      rest = lost.end;
    }
    return rest;
  }

  /** True for a whole line of the agent's beside the trace, perhaps behind a prompt: what it passes on is no event. */
  #isAgentLine(start: number, end: number): boolean {
    const at = findAgentLine(this.#bytes, start, end);
    if (at < 0 || !isWholeAgentLine(this.#bytes, at, this.#trimmedEnd(at, end))) return false;
    return this.#dashOfHead(start, at, true) < 0;
  }

  #dashOfHead(from: number, end: number, atLineStart: boolean): number {
    const dash = from + COMM_COLUMNS;
    if (atLineStart && dash < end && readHead(this.#bytes, dash, this.#sought, false) >= 0) return dash;
    return findHead(this.#bytes, from, end, this.#sought);
  }

  #count(lineClass: LineClass, from: number, to: number): void {
    const isEnd = lineClass === LineClass.truncated && to === this.#inputEnd;
    this.#columns.countLine(isEnd ? LineClass.unfinished : lineClass, to - from, this.#head.timeNs);
  }

  /** Counts text in which no event begins: `[from, end)`, and up to `next` its line's end. */
  #countText(from: number, end: number, next: number): void {
    this.#count(this.#classOfText(from, this.#trimmedEnd(from, end)), from, next);
  }

  #trimmedEnd(from: number, end: number): number {
    let p = end;
    while (p > from && (this.#bytes[p - 1] === RETURN || this.#bytes[p - 1] === SPACE)) p--;
    return p;
  }

  #classOfText(from: number, end: number): LineClass {
    const bytes = this.#bytes;
    if (from === end) return LineClass.blank;
    const agentAt = findAgentLine(bytes, from, end);
    if (agentAt >= 0) {
      this.#takeLosses(from, agentAt);
      const lineClass = this.#takeAgentLine(agentAt, end);
      return isPieceOfEvent(bytes, from, agentAt) ? LineClass.badHead : lineClass;
    }
    const rest = this.#takeLosses(from, end);
    if (rest > from && rest === end && !isPieceOfEvent(bytes, from, rest)) return LineClass.lostMarker;
    if (isPieceOfMarker(bytes, rest, end)) return LineClass.badMarker;
    if (isPrintkEvent(bytes, from, end)) return LineClass.printkEvent;
    if (isPieceOfEvent(bytes, from, end)) return this.#reader.unterminated ? LineClass.truncated : LineClass.badHead;
    if (isCutHead(bytes, from, end)) return LineClass.truncated;
    return rest > from ? LineClass.lostMarker : LineClass.foreign;
  }

  #classOfComment(start: number, end: number): LineClass {
    const events = overwrittenEvents(this.#bytes, start, end);
    if (events === undefined && isPieceOfHeader(this.#bytes, start, end)) return LineClass.badMarker;
    if (events !== undefined && events > 0) {
      this.#columns.losses.push({ cpu: undefined, events, timeNs: this.#head.timeNs });
    }
    return events !== undefined || isTracerLine(this.#bytes, start) ? LineClass.traceHeader : LineClass.comment;
  }

  #classOfOther(event: number, end: number): LineClass {
    const textEnd = this.#trimmedEnd(event, end);
    if (isStartOfKmemEvent(this.#bytes, event, textEnd)) return LineClass.truncated;
    const isDamaged = isNamed(this.#bytes, event, textEnd)
      ? mentionsCallSite(this.#bytes, event, textEnd)
      : isPieceOfEvent(this.#bytes, event, textEnd);
    return isDamaged ? LineClass.badField : LineClass.otherEvent;
  }
}

/** A head in its columns that ends before its clock does: the line was cut within it. */
function isCutHead(bytes: Uint8Array, from: number, end: number): boolean {
  let p = from + COMM_COLUMNS;
  if (p + 1 >= end || bytes[p] !== DASH || !isDigit(bytes[p + 1])) return false;
  do p++;
  while (p < end && isDigit(bytes[p]));
  if (p < end && bytes[p] !== SPACE) return false;
  while (p < end && bytes[p] === SPACE) p++;
  return p === end || bytes[p] === BRACKET_OPEN || bytes[p] === PAREN_OPEN;
}

function rejectedAs(unread: number): LineClass {
  if (unread === Unread.hiddenPointer) return LineClass.hiddenPointer;
  return unread === Unread.truncated ? LineClass.truncated : LineClass.badField;
}
