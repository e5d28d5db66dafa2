/**
 * The event of a trace line: its name, its fields, and the rest of the line.
 *
 *     kmalloc: call_site=tty_open+0x58/0x6e0 ptr=00000000c64b90b6 bytes_req=32 bytes_alloc=32 gfp_flags=GFP_KERNEL node=-1 accounted=false
 *     kmem_cache_free: call_site=put_pid.part.0+0x36/0x50 ptr=0000000045e08e52 name=pid
 *
 * Fields are taken by name (include/trace/events/kmem.h has added `node`, `accounted` and `name` over the years, the
 * last one between `ptr` and `bytes_req`). The call site ends at ` ptr=`, because a module's holds a space. Everything
 * after the last field that is needed must still look like fields up to the end of the line: else something was
 * printed into the line, and what follows may be another event.
 */
import type { CallSiteTable } from "../model/call-site-table.ts";
import { EventKind } from "../model/event-batch.ts";
import { LineClass } from "../model/line-tally.ts";
import { NO_POINTER } from "../model/no-value.ts";
import { EQUALS, NEWLINE, PAREN_CLOSE, SPACE, word, ZERO } from "./ascii.ts";
import type { EventColumns } from "./event-columns.ts";
import type { LineHead } from "./line-head.ts";
import type { TextTasks } from "./text-tasks.ts";
import { CallSiteReader, MAX_CALL_SITE } from "./call-site-reader.ts";
import {
  asksForZerosAt,
  BEFORE_BYTES_ALLOC,
  BEFORE_BYTES_REQ,
  BEHIND_ALLOCATION,
  BEHIND_CACHE_FREE,
  BEHIND_KFREE,
  behindKey,
  BYTES_ALLOC,
  BYTES_REQ,
  cacheNameAt,
  endOfLine,
  isKnownField,
} from "./event-fields.ts";
import { eventName, kindOf, lengthOf } from "./event-name.ts";
import { NoPointer, PointerReader } from "./pointer-reader.ts";
import { type EventPieces, StretchPlace } from "./event-pieces.ts";

/** What {@link KmemEventReader.read} answers instead of a position. */
export const Unread = {
  /** An event of another kind. */
  otherEvent: -1,
  /** A kmem event with a field that is not as the kernel prints it. */
  badField: -2,
  /** `(____ptrval____)`: the kernel had no key to hash the pointer with yet, so the object has no identity. */
  hiddenPointer: -3,
  /** The line ended before the event did, at the very end of the input. */
  truncated: -4,
  /** The event was read, but its line goes on with something else, from {@link KmemEventReader.strayAt}. */
  strayText: -5,
} as const;

/** No field is longer; a newline further on than this ends another field. */
const MAX_CUT_FIELD = 64;

const W_LLOC = word("lloc");
const W_GFP = word(" gfp");
const W_BYT = word(" byt");
const W_ES_R = word("es_r");
const W_REQ = word("req=");
const W_ES_A = word("es_a");
/** Length of ` ptr=`. */
const PTR_KEY = 5;
/** 2⁶⁴ has as many. */
const MAX_NUMBER_DIGITS = 20;

/** What may stand behind an event, by {@link StretchPlace}. An allocation's flags are none of a free's. */
const TAILS = {
  [StretchPlace.behindAllocation]: BEHIND_ALLOCATION,
  [StretchPlace.behindKfree]: BEHIND_KFREE,
  [StretchPlace.behindCacheFree]: BEHIND_CACHE_FREE,
} as const;
type TailPlace = keyof typeof TAILS;

export class KmemEventReader {
  /** Where the text of {@link Unread.strayText} begins. */
  strayAt = 0;
  /** See {@link setMode}. */
  unterminated = false;
  /** Takes an event whose pointer is hidden, with {@link NO_POINTER}, instead of answering {@link Unread.hiddenPointer}. */
  takesHidden = false;
  /** What the line was, where {@link read} answered a position: an event, a free of NULL, a failed allocation. */
  lineClass: LineClass = LineClass.event;
  /** The pieces of the event that {@link read} answered a position for. */
  readonly pieces: EventPieces = {
    site: -1,
    siteAt: 0,
    siteEnd: 0,
    gapAt: 0,
    gapEnd: 0,
    tailAt: 0,
    tailPlace: StretchPlace.behindKfree,
  };
  readonly #sites: CallSiteTable;
  readonly #columns: EventColumns;
  readonly #head: LineHead;
  readonly #tasks: TextTasks | undefined;
  readonly #pointer = new PointerReader();
  readonly #callSites: CallSiteReader;
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  /** The number read last. */
  #number = 0;

  /** @param tasks where the columns have one for them */
  constructor(sites: CallSiteTable, columns: EventColumns, head: LineHead, tasks?: TextTasks) {
    this.#sites = sites;
    this.#callSites = new CallSiteReader(sites);
    this.#columns = columns;
    this.#head = head;
    this.#tasks = tasks;
  }

  /**
   * @param careful a line is looked at again that was refused at first
   * @param unterminated it is the last of an input and has no newline: a field at its end may be cut
   */
  setMode(careful: boolean, unterminated: boolean): void {
    this.#pointer.careful = careful;
    this.#pointer.unterminated = this.unterminated = unterminated;
  }

  /** Of the pointers of events, see {@link PointerReader}. */
  get pointers(): PointerReader {
    return this.#pointer;
  }

  /** The buffer that positions refer to; behind each line in it, some bytes more must be readable (see PADDING). */
  attach(bytes: Uint8Array, view: DataView): void {
    this.#bytes = bytes;
    this.#view = view;
    this.#callSites.attach(bytes, view);
  }

  /**
   * Reads the event whose name begins at `at` and adds it to the columns.
   *
   * @returns where the next line begins, or one of {@link Unread}
   */
  read(at: number): number {
    const name = eventName(this.#view, at);
    if (name < 0) return Unread.otherEvent;
    const kind = kindOf(name);
    const fieldsAt = at + lengthOf(name);
    return kind <= EventKind.cacheAlloc ? this.#readAllocation(fieldsAt, kind) : this.#readFree(fieldsAt, kind);
  }

  #readAllocation(at: number, kind: EventKind): number {
    const siteEnd = this.#callSites.read(at);
    if (siteEnd < 0) return this.#badFieldIn(at, MAX_CALL_SITE);
    const pointer = this.#pointer;
    let p = pointer.read(this.#bytes, this.#view, siteEnd + PTR_KEY);
    const isHidden = p === NoPointer.hidden && this.takesHidden;
    if (isHidden) p = this.#behindHidden(siteEnd + PTR_KEY);
    if (p < 0) return this.#withoutPointer(p, siteEnd + PTR_KEY);
    const isNull = pointer.low === 0 && pointer.high === 0 && !isHidden;

    const site = this.#callSite();
    if (site < 0) return Unread.badField;
    p = this.#readNumber(this.#behindGap(p));
    if (p < 0) return p;
    const bytesReq = this.#number;
    p = this.#readNumber(this.#isBytesAlloc(p) ? p + BYTES_ALLOC.length : this.#behindOther(p));
    if (p < 0) return p;
    const bytesAlloc = this.#number;
    // Every kernel prints gfp_flags behind it: digits before anything else may be half of a number.
    if (this.#view.getUint32(p, true) !== W_GFP) return this.#badFieldIn(p);

    if (isNull) {
      this.lineClass = LineClass.failedAllocation;
      return this.#finish(p, -1, StretchPlace.behindAllocation);
    }
    // No allocator gives less than was asked for: numbers of two events, or half of one.
    if (bytesAlloc < bytesReq || bytesAlloc > Number.MAX_SAFE_INTEGER) return Unread.badField;
    this.#add(kind, site, bytesReq, bytesAlloc, isHidden);
    const end = this.#finish(p, site, StretchPlace.behindAllocation);
    if (end > 0) this.#lookAtFlags(p, site);
    return end;
  }

  #lookAtFlags(at: number, site: number): void {
    const asks = asksForZerosAt(this.#bytes, at);
    if (asks !== undefined) this.#sites.setAsksForZeros(site, asks);
  }

  #readFree(at: number, kind: EventKind): number {
    const siteEnd = this.#callSites.read(at);
    if (siteEnd < 0) return this.#badFieldIn(at, MAX_CALL_SITE);
    const pointer = this.#pointer;
    let p = pointer.read(this.#bytes, this.#view, siteEnd + PTR_KEY);
    const isHidden = p === NoPointer.hidden && this.takesHidden;
    if (isHidden) p = this.#behindHidden(siteEnd + PTR_KEY);
    if (p < 0) return this.#withoutPointer(p, siteEnd + PTR_KEY);
    this.pieces.gapEnd = this.pieces.gapAt;
    const place = kind === EventKind.kfree ? StretchPlace.behindKfree : StretchPlace.behindCacheFree;
    if (pointer.low === 0 && pointer.high === 0 && !isHidden) {
      this.lineClass = LineClass.nullFree;
      return this.#finishFree(p, -1, place);
    }
    const site = this.#callSite();
    if (site < 0) return Unread.badField;
    this.#add(kind, site, 0, 0, isHidden);
    const end = this.#finishFree(p, site, place);
    if (kind === EventKind.cacheFree && end > 0 && this.#sites.freesTo(site) === undefined)
      this.#sites.setFreesTo(site, cacheNameAt(this.#bytes, p));
    return end;
  }

  /** Another event's field right behind the pointer says that the pointer may be half another's as well. */
  #finishFree(p: number, site: number, place: TailPlace): number {
    const end = this.#finish(p, site, place);
    if (end !== Unread.strayText || this.strayAt !== p || !isKnownField(this.#bytes, p)) return end;
    if (site >= 0) this.#columns.length -= 1;
    return Unread.badField;
  }

  /** The id of the call site that was read last; -1 where it has not the form of one. */
  #callSite(): number {
    this.pieces.siteAt = this.#callSites.from;
    this.pieces.siteEnd = this.#callSites.end;
    return this.#callSites.idOf();
  }

  /** Adds an event of the pointer read last, or of none. */
  #add(kind: EventKind, site: number, bytesReq: number, bytesAlloc: number, isHidden: boolean): void {
    const columns = this.#columns;
    columns.reserve();
    const i = columns.length++;
    columns.kind[i] = kind;
    columns.ptrLow[i] = isHidden ? NO_POINTER : this.#pointer.low;
    columns.ptrHigh[i] = isHidden ? NO_POINTER : this.#pointer.high;
    columns.callSite[i] = site;
    columns.bytesReq[i] = bytesReq;
    columns.bytesAlloc[i] = bytesAlloc;
    columns.cpu[i] = this.#head.cpu;
    columns.timeNs[i] = this.#head.timeNs;
    if (this.#tasks !== undefined && columns.task !== undefined)
      columns.task[i] = this.#tasks.of(this.#bytes, this.#head);
    if (!isHidden) this.#pointer.confirm();
    this.lineClass = LineClass.event;
  }

  #isBytesReq(at: number): boolean {
    const view = this.#view;
    return (
      view.getUint32(at, true) === W_BYT &&
      view.getUint32(at + 4, true) === W_ES_R &&
      view.getUint32(at + 7, true) === W_REQ
    );
  }

  #isBytesAlloc(at: number): boolean {
    const view = this.#view;
    return (
      view.getUint32(at, true) === W_BYT &&
      view.getUint32(at + 4, true) === W_ES_A &&
      view.getUint32(at + 8, true) === W_LLOC &&
      this.#bytes[at + 12] === EQUALS
    );
  }

  /** Behind ` bytes_req=`, where a cache's name may come first. */
  #behindGap(at: number): number {
    this.pieces.gapAt = this.pieces.gapEnd = at;
    if (this.#isBytesReq(at)) return at + BYTES_REQ.length;
    const behind = behindKey(this.#bytes, at, BYTES_REQ, BEFORE_BYTES_REQ);
    if (behind < 0) return this.#badFieldIn(at);
    this.pieces.gapEnd = behind;
    return behind;
  }

  #behindOther(at: number): number {
    const behind = behindKey(this.#bytes, at, BYTES_ALLOC, BEFORE_BYTES_ALLOC);
    return behind < 0 ? this.#badFieldIn(at) : behind;
  }

  /** Reads the number at `at`; an `at` that is one of {@link Unread} is passed on. */
  #readNumber(at: number): number {
    if (at < 0) return at;
    const bytes = this.#bytes;
    let p = at;
    let value = 0;
    for (let digit = bytes[p] - ZERO; digit >= 0 && digit <= 9; digit = bytes[++p] - ZERO) value = value * 10 + digit;
    if (p === at || p - at > MAX_NUMBER_DIGITS || bytes[p] > SPACE) return this.#badFieldIn(p);
    this.#number = value;
    return p;
  }

  /** Behind `(____ptrval____)`, which stands at `at`, perhaps behind spaces; or one of {@link NoPointer}. */
  #behindHidden(at: number): number {
    const p = this.#bytes.indexOf(PAREN_CLOSE, at) + 1;
    return this.#bytes[p] > SPACE ? NoPointer.bad : p;
  }

  #withoutPointer(answer: number, at: number): number {
    if (answer === NoPointer.hidden) return Unread.hiddenPointer;
    return answer === NoPointer.truncated ? Unread.truncated : this.#badFieldIn(at);
  }

  /** A field behind `at` cannot be read: it is bad, unless the input simply ends there. */
  #badFieldIn(at: number, longest = MAX_CUT_FIELD): number {
    return this.unterminated && this.#bytes.indexOf(NEWLINE, at) <= at + longest ? Unread.truncated : Unread.badField;
  }

  /** Checks what is left of the line from `p`; `site` is -1 for what is no event. */
  #finish(p: number, site: number, place: TailPlace): number {
    const bytes = this.#bytes;
    const pieces = this.pieces;
    pieces.site = site;
    pieces.tailAt = p;
    pieces.tailPlace = place;
    if (bytes[p] === NEWLINE) return p + 1;
    const end = endOfLine(bytes, p, TAILS[place]);
    if (end > 0) return end;
    this.strayAt = -end;
    return Unread.strayText;
  }
}
