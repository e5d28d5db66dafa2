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
import {
  ascii,
  BRACKET_CLOSE,
  BRACKET_OPEN,
  EQUALS,
  HEX_PAIRS,
  NEWLINE,
  PAREN_OPEN,
  RETURN,
  SPACE,
  startsWith,
  word,
  ZERO,
} from "./ascii.ts";
import type { EventColumns } from "./event-columns.ts";
import type { LineHead } from "./line-head.ts";
import { isCallSite } from "./call-site-form.ts";
import { StretchCache } from "./stretch-cache.ts";

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

/** No symbol name is longer than KSYM_NAME_LEN (512); with offset, size and module. */
const MAX_CALL_SITE = 768;
/** Longest stretch between two needed fields (a cache's name). */
const MAX_GAP = 512;
const MAX_TAIL = 1024;

const W_KMAL = word("kmal");
const W_LOC = word("loc:");
const W_LOC_ = word("loc_");
const W_NODE = word("node");
const W_KFRE = word("kfre");
const W_KMEM = word("kmem");
const W__CAC = word("_cac");
const W_HE_A = word("he_a");
const W_HE_F = word("he_f");
const W_LLOC = word("lloc");
const W_REE = word("ree:");
const W_CALL = word(" cal");
const W_L_SI = word("l_si");
const W_ITE = word("ite=");
const W_GFP = word(" gfp");
const W_BYT = word(" byt");
const W_ES_R = word("es_r");
const W_REQ = word("req=");
const W_ES_A = word("es_a");
const W_PTR = word(" ptr");
const BYTES_REQ = ascii(" bytes_req=");
const BYTES_ALLOC = ascii(" bytes_alloc=");
const NULLS = [ascii("(null)"), ascii("(nil)")];
const HIDDEN = [ascii("(____ptrval____)"), ascii("(ptrval)")];
const NAME = ascii(" name=");
const NO_KEY = ascii("");
/** Length of ` call_site=`. */
const CALL_SITE_KEY = 11;
/** 2⁶⁴ has as many. */
const MAX_NUMBER_DIGITS = 20;
const HASH_PRIME = 0x9e3779b1;
/** Masks for the first 0 to 3 bytes of a little-endian word. */
const LOW_BYTES = [0, 0xff, 0xffff, 0xffffff];
const COLON = 0x3a;
const E = 0x65;
const UNDERSCORE = 0x5f;

export class KmemEventReader {
  /** Where the text of {@link Unread.strayText} begins. */
  strayAt = 0;
  /** What the line was, where {@link read} answered a position: an event, a free of NULL, a failed allocation. */
  lineClass: LineClass = LineClass.event;
  /** Set while the last line of an input is read that ends without a newline: a field at its end may be cut. */
  unterminated = false;

  readonly #sites: CallSiteTable;
  readonly #columns: EventColumns;
  readonly #head: LineHead;
  readonly #tails = new StretchCache();
  /** ` name=…` between `ptr` and `bytes_req`. */
  readonly #gaps = new StretchCache();
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  /** The pointer read last and its digits (0: `(null)`), and the digits that allocations have in this trace (0: none yet). */
  #low = 0;
  #high = 0;
  #digits = 0;
  #allocationDigits = 0;
  /** The number read last, and the hash of the call site. */
  #number = 0;
  #hash = 0;

  constructor(sites: CallSiteTable, columns: EventColumns, head: LineHead) {
    this.#sites = sites;
    this.#columns = columns;
    this.#head = head;
  }

  /** The buffer that positions refer to; behind each line in it, some bytes more must be readable (see PADDING). */
  attach(bytes: Uint8Array, view: DataView): void {
    this.#bytes = bytes;
    this.#view = view;
  }

  /**
   * Reads the event whose name begins at `at` and adds it to the columns.
   *
   * @returns where the next line begins, or one of {@link Unread}
   */
  read(at: number): number {
    const view = this.#view;
    const first = view.getUint32(at, true);
    if (first === W_KMAL) {
      const second = view.getUint32(at + 4, true);
      if (second === W_LOC) return this.#readAllocation(at + 8, EventKind.kmalloc);
      if (second === W_LOC_ && view.getUint32(at + 8, true) === W_NODE && this.#bytes[at + 12] === COLON)
        return this.#readAllocation(at + 13, EventKind.kmalloc);
    } else if (first === W_KMEM && view.getUint32(at + 4, true) === W__CAC) {
      const third = view.getUint32(at + 8, true);
      if (third === W_HE_A && view.getUint32(at + 12, true) === W_LLOC) {
        const bytes = this.#bytes;
        if (bytes[at + 16] === COLON) return this.#readAllocation(at + 17, EventKind.cacheAlloc);
        if (bytes[at + 16] === UNDERSCORE && view.getUint32(at + 17, true) === W_NODE && bytes[at + 21] === COLON)
          return this.#readAllocation(at + 22, EventKind.cacheAlloc);
      } else if (third === W_HE_F && view.getUint32(at + 12, true) === W_REE)
        return this.#readFree(at + 16, EventKind.cacheFree);
    } else if (first === W_KFRE && this.#bytes[at + 4] === E && this.#bytes[at + 5] === COLON)
      return this.#readFree(at + 6, EventKind.kfree);
    return Unread.otherEvent;
  }

  #readAllocation(at: number, kind: EventKind): number {
    const siteEnd = this.#callSiteEnd(at);
    if (siteEnd < 0) return this.#cutOr(Unread.badField, at);
    let p = this.#readPointer(siteEnd + 5);
    if (p < 0) return p;
    const digits = this.#digits;
    const isNull = this.#low === 0 && this.#high === 0;

    const site = this.#callSiteOf(at, siteEnd);
    if (site < 0) return Unread.badField;
    p = this.#readNumber(this.#isBytesReq(p) ? p + BYTES_REQ.length : this.#behindGap(site, p));
    if (p < 0) return p;
    const bytesReq = this.#number;
    p = this.#readNumber(this.#isBytesAlloc(p) ? p + BYTES_ALLOC.length : this.#behindKey(BYTES_ALLOC, p));
    if (p < 0) return p;
    const bytesAlloc = this.#number;
    // Every kernel prints gfp_flags behind it: digits before anything else may be half of a number.
    if (this.#view.getUint32(p, true) !== W_GFP) return this.#cutOr(Unread.badField, p);

    if (isNull) {
      // The digits of a null pointer tell its width as well.
      if (digits > 0) this.#allocationDigits = digits;
      this.lineClass = LineClass.failedAllocation;
      return this.#finish(p, -1);
    }
    if (bytesReq > Number.MAX_SAFE_INTEGER || bytesAlloc > Number.MAX_SAFE_INTEGER) return Unread.badField;
    this.#allocationDigits = digits;
    this.#add(kind, site, bytesReq, bytesAlloc);
    return this.#finish(p, site);
  }

  #readFree(at: number, kind: EventKind): number {
    const siteEnd = this.#callSiteEnd(at);
    if (siteEnd < 0) return this.#cutOr(Unread.badField, at);
    const p = this.#readPointer(siteEnd + 5);
    if (p < 0) return p;
    // Eight digits at a line's end may be half of sixteen; allocations, whose pointer is never last, tell.
    if (this.#digits === 8 && this.#bytes[p] <= RETURN && this.#allocationDigits !== 8) {
      if (this.unterminated) return Unread.truncated;
      if (this.#allocationDigits === 16) return Unread.badField;
    }
    if (this.#low === 0 && this.#high === 0) {
      this.lineClass = LineClass.nullFree;
      return this.#finish(p, -1);
    }
    const site = this.#callSiteOf(at, siteEnd);
    if (site < 0) return Unread.badField;
    this.#add(kind, site, 0, 0);
    return this.#finish(p, site);
  }

  /** The id of the call site whose end {@link #callSiteEnd} found; -1 where the text has not the form of one. */
  #callSiteOf(at: number, siteEnd: number): number {
    const from = at + CALL_SITE_KEY;
    const known = this.#sites.find(this.#view, from, siteEnd - from, this.#hash);
    if (known >= 0) return known;
    return isCallSite(this.#bytes, from, siteEnd) ? this.#sites.add(this.#view, from, siteEnd - from, this.#hash) : -1;
  }

  /** Adds an event of the pointer read last. */
  #add(kind: EventKind, site: number, bytesReq: number, bytesAlloc: number): void {
    const columns = this.#columns;
    columns.reserve();
    const i = columns.length++;
    columns.kind[i] = kind;
    columns.ptrLow[i] = this.#low;
    columns.ptrHigh[i] = this.#high;
    columns.callSite[i] = site;
    columns.bytesReq[i] = bytesReq;
    columns.bytesAlloc[i] = bytesAlloc;
    columns.cpu[i] = this.#head.cpu;
    columns.timeNs[i] = this.#head.timeNs;
    this.lineClass = LineClass.event;
  }

  /**
   * Expects ` call_site=` at `at`; where its text ends and ` ptr=` begins, or -1. Leaves the text's hash behind.
   *
   * Looks for the space by words (Mycroft's test, for bytes below 0x21) and hashes them on the way: a multiplication a byte
   * would cost more than all else done to the line.
   */
  #callSiteEnd(at: number): number {
    const bytes = this.#bytes;
    const view = this.#view;
    if (
      view.getUint32(at, true) !== W_CALL ||
      view.getUint32(at + 4, true) !== W_L_SI ||
      view.getUint32(at + 7, true) !== W_ITE
    )
      return -1;
    const from = at + CALL_SITE_KEY;
    const limit = from + MAX_CALL_SITE;
    let p = from;
    let hash = 0;
    for (;;) {
      const text = view.getUint32(p, true);
      // The lowest bit found is that of the first byte that is a space or a control character.
      const found = (text - 0x21212121) & ~text & 0x80808080;
      if (found !== 0) {
        const before = (31 - Math.clz32(found & -found)) >> 3;
        hash = Math.imul(hash ^ (text & LOW_BYTES[before]), HASH_PRIME);
        p += before;
        break;
      }
      hash = Math.imul(hash ^ text, HASH_PRIME);
      p += 4;
      if (p > limit) return -1;
    }
    if (bytes[p + 1] === BRACKET_OPEN) {
      // ` [module]`
      p++;
      for (; bytes[p] > SPACE; p++) hash = Math.imul(hash ^ bytes[p], HASH_PRIME);
      if (bytes[p - 1] !== BRACKET_CLOSE || p > limit) return -1;
    }
    this.#hash = hash ^ (hash >>> 15);
    return p > from && view.getUint32(p, true) === W_PTR && bytes[p + 4] === EQUALS ? p : -1;
  }

  /**
   * Reads the pointer at `at`: 8 hexadecimal digits or 16, for `%p` always prints as many as an address has; another
   * number of digits says that some were lost. Or one of the ways to print none.
   */
  #readPointer(at: number): number {
    const view = this.#view;
    // Signed, since that is what V8 keeps unboxed; the columns are unsigned and set it right.
    const pairs = HEX_PAIRS;
    const a = pairs[view.getUint16(at, true)];
    const b = pairs[view.getUint16(at + 2, true)];
    const c = pairs[view.getUint16(at + 4, true)];
    const d = pairs[view.getUint16(at + 6, true)];
    if ((a | b | c | d) > 0xff) return this.#readNoPointer(at);
    const first = (a << 24) | (b << 16) | (c << 8) | d;
    const e = pairs[view.getUint16(at + 8, true)];
    const f = pairs[view.getUint16(at + 10, true)];
    const g = pairs[view.getUint16(at + 12, true)];
    const h = pairs[view.getUint16(at + 14, true)];
    let end = at + 8;
    if ((e | f | g | h) > 0xff) {
      this.#low = first;
      this.#high = 0;
    } else {
      this.#low = (e << 24) | (f << 16) | (g << 8) | h;
      this.#high = first;
      end = at + 16;
    }
    this.#digits = end - at;
    return view.getUint8(end) > SPACE ? Unread.badField : end;
  }

  #readNoPointer(at: number): number {
    const bytes = this.#bytes;
    let p = at;
    while (bytes[p] === SPACE) p++;
    if (bytes[p] === PAREN_OPEN) {
      if (HIDDEN.some((text) => startsWith(bytes, p, text))) return Unread.hiddenPointer;
      for (const text of NULLS) {
        if (!startsWith(bytes, p, text)) continue;
        this.#low = this.#high = this.#digits = 0;
        return p + text.length;
      }
    }
    return this.#cutOr(Unread.badField, p);
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

  /** Behind ` bytes_req=`, where a cache's name comes first: one call site nearly always allocates from one cache. */
  #behindGap(site: number, at: number): number {
    const known = this.#gaps.match(site, this.#view, at);
    if (known > 0) return at + known;
    const behind = this.#behindKey(BYTES_REQ, at);
    if (behind > 0) this.#gaps.remember(site, this.#bytes, this.#view, at, behind);
    return behind;
  }

  /** Behind ` key=`, which stands at `at` or behind other fields; or one of {@link Unread}. */
  #behindKey(key: Uint8Array, at: number): number {
    const bytes = this.#bytes;
    for (let p = at; p > 0 && p - at < MAX_GAP; p = fieldEnd(bytes, p, key)) {
      if (startsWith(bytes, p, key)) return p + key.length;
    }
    return this.#cutOr(Unread.badField, lineEnd(bytes, at, MAX_GAP));
  }

  /** Reads the number at `at`; an `at` that is one of {@link Unread} is passed on. */
  #readNumber(at: number): number {
    if (at < 0) return at;
    const bytes = this.#bytes;
    let p = at;
    let value = 0;
    for (let digit = bytes[p] - ZERO; digit >= 0 && digit <= 9; digit = bytes[++p] - ZERO) value = value * 10 + digit;
    if (p === at || p - at > MAX_NUMBER_DIGITS || bytes[p] > SPACE) return this.#cutOr(Unread.badField, p);
    this.#number = value;
    return p;
  }

  /** `reason`, unless the input simply ended at `p`. */
  #cutOr(reason: number, p: number): number {
    return this.unterminated && this.#bytes[p] === NEWLINE ? Unread.truncated : reason;
  }

  /** Checks what is left of the line from `p`; `site` says whose, since lines of one call site mostly end alike. */
  #finish(p: number, site: number): number {
    const bytes = this.#bytes;
    if (bytes[p] === NEWLINE) return p + 1;
    if (site >= 0) {
      const known = this.#tails.match(site, this.#view, p);
      if (known > 0) return p + known;
    }
    const end = tailEnd(bytes, p);
    if (end < 0) {
      this.strayAt = -end;
      return Unread.strayText;
    }
    if (site >= 0) this.#tails.remember(site, bytes, this.#view, p, end);
    return end;
  }
}

/**
 * Where the next line begins, if all from `at` to the line's end is fields, with no more than one space between them;
 * else minus the first stray byte.
 */
function tailEnd(bytes: Uint8Array, at: number): number {
  let p = at;
  for (let end = p; end > 0 && end - at < MAX_TAIL; end = fieldEnd(bytes, p, NO_KEY)) p = end;
  const stray = p;
  while (bytes[p] === SPACE) p++;
  while (bytes[p] === RETURN) p++;
  return bytes[p] === NEWLINE && p - at < MAX_TAIL ? p + 1 : -stray;
}

/**
 * The end of the field ` key=value` at `at`, or -1. A value has no spaces, but a cache's name may: it goes on to the end
 * of the line, or to `next`, the field that follows it.
 */
function fieldEnd(bytes: Uint8Array, at: number, next: Uint8Array): number {
  if (bytes[at] !== SPACE) return -1;
  const isName = startsWith(bytes, at, NAME);
  let p = at + 1;
  while (isKeyByte(bytes[p])) p++;
  if (bytes[p] !== EQUALS || p === at + 1) return -1;
  p++;
  const isNext = (q: number) => next.length > 0 && startsWith(bytes, q, next);
  while (isValueByte(bytes[p]) || (isName && bytes[p] === SPACE && isValueByte(bytes[p + 1]) && !isNext(p))) p++;
  return p;
}

/** Where the line that goes on at `at` ends, or `at + limit`. */
function lineEnd(bytes: Uint8Array, at: number, limit: number): number {
  let p = at;
  while (p < at + limit && bytes[p] !== NEWLINE) p++;
  return p;
}

function isKeyByte(byte: number): boolean {
  return (byte >= 0x61 && byte <= 0x7a) || byte === UNDERSCORE;
}

/** Any printable byte but those that only begin something else: the kernel log's `[` and the `<` of `<idle>`. */
function isValueByte(byte: number): boolean {
  return byte > SPACE && byte !== BRACKET_OPEN && byte !== 0x3c && byte !== 0x7f;
}
