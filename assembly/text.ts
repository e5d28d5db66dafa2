/**
 * The usual lines of trace text: what src/ftrace/text-decoder.ts does to nearly every line. It knows kmem events as the kernel prints
 * them, of which every piece but the clock and the numbers was found right before, with the same text; at any other line it stops. A
 * process that is new makes new heads, some for each CPU and its flags: those it reads itself.
 *
 *     init-1 [001] .....  2.206855: kmalloc: call_site=tty_open+0x58/0x6e0 ptr=00000000c64b90b6 bytes_req=32 bytes_alloc=32 gfp_flags=GFP_KERNEL
 *     head                clock     name               site                    pointer          sizes                      stretch
 *                                                                                               ending
 *
 * Of what is known only a stretch at the end of a line holds a newline, so no line is read past its own.
 */
import {
  addEvent,
  bytesAlloc,
  bytesReq,
  callSite,
  cpu,
  isFull,
  KFREE,
  kind,
  ptrHigh,
  ptrLow,
  task,
  timeNs,
} from "./columns";
import { headCpu, headTask, knownHead, learnHead, newHead } from "./text/heads";
import { eventName } from "./text/names";
import { clockNs, number, readClock, readNumber } from "./text/numbers";
import { pointer, readPointer } from "./text/pointer";
import {
  bytesAllocOf,
  bytesReqOf,
  idOf,
  knownSite,
  lastEnding,
  learnSite,
  MAX_SITE,
  rememberEnding,
} from "./text/sites";
import { BEFORE_SIZES, BEHIND_ALLOCATION, BEHIND_CACHE_FREE, BEHIND_KFREE } from "./text/stretches";
import { knownStretch, learnStretch } from "./text/stretches";

export {
  bytesAlloc,
  bytesReq,
  callSite,
  CAPACITY,
  cpu,
  kind,
  ptrHigh,
  ptrLow,
  takeEvents,
  task,
  timeNs,
} from "./columns";

// ---- text as little-endian words ------------------------------------------------------------------------------------------------

const NEWLINE: u32 = 0x0a;
const SPACE: i8 = 0x20;
const EQUALS: u32 = 0x3d;
const BRACKET_OPEN: u32 = 0x5b;
const BRACKET_CLOSE: u32 = 0x5d;
/** ` call_si` */
const _CALL_SI: u64 = 0x69735f6c6c616320;
/** `ite=` */
const ITE_: u32 = 0x3d657469;
/** ` ptr` */
const _PTR: u32 = 0x72747020;
/** ` bytes_r` */
const _BYTES_R: u64 = 0x725f736574796220;
/** `req=` */
const REQ_: u32 = 0x3d716572;
/** ` bytes_a` */
const _BYTES_A: u64 = 0x615f736574796220;
/** `s_alloc=` */
const S_ALLOC_: u64 = 0x3d636f6c6c615f73;
/** Lengths of ` call_site=`, ` ptr=`, ` bytes_req=` and ` bytes_alloc=`. */
const CALL_SITE_KEY: usize = 11;
const PTR_KEY: usize = 5;
const BYTES_REQ_KEY: usize = 11;
const BYTES_ALLOC_KEY: usize = 13;

// ---- what is shown, and what comes of it ----------------------------------------------------------------------------------------

/** Bytes of text that are shown at once. */
export const WINDOW: u32 = 64 * 1024;
/** No line that is read here is longer. */
export const MAX_LINE: u32 = 1024;
export const text: usize = memory.data(WINDOW + MAX_LINE, 64);

/** Doubles: bytes of the events, frees of NULL, their bytes, the clock of the last line that was read. */
export const sums: usize = memory.data(4 * 8, 16);
const EVENT_BYTES: usize = 0;
const NULL_FREES: usize = 8;
const NULL_FREE_BYTES: usize = 16;
const CLOCK_NS: usize = 24;

/** Nobody asks whose an event is: then a head that is not known is read here, too. */
let readsHeads: bool = false;

export function readHeads(): void {
  readsHeads = true;
}

/** Hexadecimal digits of this trace's pointers: 8 or 16. */
let digits: u32 = 16;

/**
 * Takes the lines of the text shown that begin in `[from, to)`, as far as they are usual and there is room for them.
 *
 * @returns where the first line begins that was not taken
 */
export function read(from: u32, to: u32, pointerDigits: u32): u32 {
  digits = pointerDigits;
  const end = text + to;
  let at = text + from;
  while (at < end && !isFull()) {
    const next = readLine(at);
    if (next == 0) break;
    at = next;
  }
  return <u32>(at - text);
}

// ---- what it is taught: pieces of the text shown that are as they should, by their place in it ---------------------------------------

export function teachHead(at: u32, bytes: u32, headCpu: u32, headTask: u32): void {
  learnHead(text + at, bytes, headCpu, headTask);
}

export function teachSite(at: u32, bytes: u32, id: u32): void {
  learnSite(text + at, bytes, id);
}

/** `id` is that of the call site, -1 for a free of NULL. */
export function teachStretch(place: u32, id: i32, at: u32, bytes: u32): void {
  learnStretch(place, id, text + at, bytes);
}

// ---- a line: each of these answers where what it read ends, or 0 ------------------------------------------------------------------

function readLine(at: usize): usize {
  let head = knownHead(at);
  if (head == 0 && readsHeads) head = newHead(at);
  if (head == 0) return 0;
  const event = readClock(at + head);
  if (event == 0) return 0;
  const name = eventName(event);
  if (name < 0) return 0;
  const what = name & 3;
  const p = readSite(event + <usize>(name >> 2));
  if (p == 0) return 0;
  if (pointer == 0) return readNullFree(at, p, what);
  if (site == 0) return 0;
  let length = lastEnding(site, what, p);
  if (length == 0) {
    length = readEnding(p, what);
    if (length == 0) return 0;
  }
  const i = addEvent();
  store<u8>(kind + i, what);
  store<u32>(ptrLow + (i << 2), <u32>pointer);
  store<u32>(ptrHigh + (i << 2), <u32>(pointer >> 32));
  store<u32>(callSite + (i << 2), idOf(site));
  store<u16>(cpu + (i << 1), headCpu());
  store<u32>(task + (i << 2), headTask());
  store<f64>(timeNs + (i << 3), clockNs);
  store<f64>(bytesReq + (i << 3), bytesReqOf(site));
  store<f64>(bytesAlloc + (i << 3), bytesAllocOf(site));
  return counted(at, p + length, EVENT_BYTES);
}

function counted(at: usize, end: usize, sum: usize): usize {
  store<f64>(sums + sum, load<f64>(sums + sum) + <f64>(end - at));
  store<f64>(sums, clockNs, CLOCK_NS);
  return end;
}

/** What {@link readSite} found: its slot, 0 where the text is none that is known. */
let site: usize = 0;

/** Reads ` call_site=… ptr=…`. */
function readSite(at: usize): usize {
  if (load<u64>(at) != _CALL_SI || load<u32>(at, 7) != ITE_) return 0;
  const from = at + CALL_SITE_KEY;
  let end = endOfWord(from);
  if (load<u8>(end, 1) == BRACKET_OPEN) {
    // ` [module]`
    end = endOfWord(end + 1);
    if (load<u8>(end - 1) != BRACKET_CLOSE) return 0;
  }
  const bytes = end - from;
  if (bytes == 0 || bytes > MAX_SITE || load<u32>(end) != _PTR || load<u8>(end, 4) != EQUALS) return 0;
  const pointerAt = end + PTR_KEY;
  if (!readPointer(pointerAt, digits)) return 0;
  site = knownSite(from, <u32>bytes);
  return pointerAt + digits;
}

/** Where the next byte is no more than a space, or a place too far to be one. */
function endOfWord(at: usize): usize {
  let p = at;
  for (const end = at + MAX_SITE; p <= end; p += 64) {
    const first = <u64>spacesOf16(p);
    const second = <u64>spacesOf16(p + 16);
    const third = <u64>spacesOf16(p + 32);
    const fourth = <u64>spacesOf16(p + 48);
    const spaces = first | (second << 16) | (third << 32) | (fourth << 48);
    if (spaces != 0) return p + <usize>ctz(spaces);
  }
  return p;
}

function spacesOf16(at: usize): u32 {
  return i8x16.bitmask(i8x16.le_u(v128.load(at), i8x16.splat(SPACE)));
}

/** A free of NULL ends no object, and names no call site that must be known. */
function readNullFree(at: usize, p: usize, what: u32): usize {
  if (what < KFREE) return 0;
  const end = readFreeEnding(p, what, -1);
  if (end == 0) return 0;
  store<f64>(sums, load<f64>(sums, NULL_FREES) + 1, NULL_FREES);
  return counted(at, end, NULL_FREE_BYTES);
}

/** Reads what stands behind the pointer where it is not what the call site's last line had there; its length. */
function readEnding(at: usize, what: u32): u32 {
  req = alloc = 0;
  const id = idOf(site);
  const end = what < KFREE ? readAllocationEnding(at, id) : readFreeEnding(at, what, id);
  if (end == 0) return 0;
  const length = <u32>(end - at);
  rememberEnding(site, what, at, length, req, alloc);
  return length;
}

/** What {@link readAllocationEnding} read: the sizes. */
let req: f64 = 0;
let alloc: f64 = 0;

function readAllocationEnding(at: usize, id: u32): usize {
  let p = at + BYTES_REQ_KEY;
  if (load<u64>(at) != _BYTES_R || load<u32>(at, 7) != REQ_) {
    const gap = knownStretch(BEFORE_SIZES, id, at);
    if (gap == 0) return 0;
    p = at + gap;
  }
  const reqEnd = readNumber(p);
  if (reqEnd == p || load<u64>(reqEnd) != _BYTES_A || load<u64>(reqEnd, 5) != S_ALLOC_) return 0;
  req = number;
  p = reqEnd + BYTES_ALLOC_KEY;
  const allocEnd = readNumber(p);
  alloc = number;
  // No allocator gives less than was asked for.
  if (allocEnd == p || alloc < req) return 0;
  const tail = knownStretch(BEHIND_ALLOCATION, id, allocEnd);
  return tail == 0 ? 0 : allocEnd + tail;
}

function readFreeEnding(at: usize, what: u32, id: u32): usize {
  if (load<u8>(at) == NEWLINE) return at + 1;
  const tail = knownStretch(what == KFREE ? BEHIND_KFREE : BEHIND_CACHE_FREE, id, at);
  return tail == 0 ? 0 : at + tail;
}
