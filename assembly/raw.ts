/**
 * The usual records of all CPUs' sub-buffers, merged by time: what src/ftrace/raw does to nearly every record. It knows records
 * of kmem events, little-endian, whose fields stand on words of their own, and whose call site has an id; at any other it stops and says
 * whose it is.
 *
 *     record: type_len:5 time_delta:27 | type_len words of data            (kernel/trace/ring_buffer.c; here type_len is 1 to 28)
 */
import { addSite, clearSites, siteAt } from "./raw/address-sites";
import { HELD, Lane, laneOf, LAYOUT_BYTES, order, READY, SILENT, STOPPED } from "./raw/lanes";
import {
  BYTES_ALLOC,
  BYTES_REQ,
  CALL_SITE,
  HEADER,
  IN_INTERRUPT,
  KFREE,
  MAX_TYPE_LEN,
  NO_PID,
  PID,
  PTR,
  WIDE,
  WORDS,
  areNoSizes,
  fieldAt,
  wordOf,
} from "./raw/record-words";
import {
  addEvent,
  bytesAlloc,
  bytesReq,
  callSite,
  cpu,
  eventsNow,
  isFull,
  kind,
  ptrHigh,
  ptrLow,
  task,
  timeNs,
} from "./columns";

export { addSite, clearSites };
export {
  addLane,
  atOf,
  endOf,
  hold,
  MAX_LANES,
  nowOf,
  order,
  pageOf,
  placeForLayouts,
  placeForPages,
  recordsOf,
  release,
  takeLaneEvents,
} from "./raw/lanes";
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

// ---- what comes out -----------------------------------------------------------------------------------------------------------

/**
 * Doubles: bytes of the events, frees of NULL and their bytes, events behind a younger one, the time of the youngest event so far, bytes
 * of sub-buffers opened here that are none of their records'.
 */
export const sums: usize = memory.data(6 * 8, 16);
const EVENT_BYTES: usize = 0;
const NULL_FREES: usize = 8;
const NULL_FREE_BYTES: usize = 16;
const DISORDERED: usize = 24;
const YOUNGEST: usize = 32;
const PAGE_BYTES: usize = 40;

/** The id of the call site at an address, or -1. */
export function findSite(low: u32, high: u32): i32 {
  return siteAt(low, high);
}

// ---- what is lent ------------------------------------------------------------------------------------------------------------

/**
 * Records `[at, end)` of one of the lane's pages are next, `now` is the time before them.
 *
 * @returns whether the next record is a usual one; else nothing has happened
 */
export function lend(index: u32, page: u32, at: u32, end: u32, now: f64): bool {
  const lane = laneOf(index);
  lane.page = lane.pages + <usize>page * lane.pageBytes;
  lane.at = lane.page + at;
  lane.end = lane.page + end;
  lane.now = now;
  lane.records = 0;
  look(lane);
  if (lane.state == READY) return true;
  const passed = lane.records > 0;
  if (!passed) lane.state = SILENT;
  return passed;
}

// ---- records ------------------------------------------------------------------------------------------------------------------

const TWO_32: f64 = 4294967296;

/** By a pid's low 16 bits: nonzero where somebody must look whose event it is. */
export const mayBeOwn: usize = memory.data(1 << 16, 16);

/** src/ftrace/raw/sub-buffer.ts: of a page's commit word, what is its length; above it are the flags. */
const COMMIT_MASK: u32 = 0x7ffffff;

/** Opens the lane's next page; false where that is for the caller: none is there, something was lost before it, or its length is no length. */
function openNext(lane: Lane): bool {
  const page = lane.page + lane.pageBytes;
  if (page >= lane.pagesEnd) return false;
  const length = load<u32>(page + lane.commitOffset);
  const at = page + lane.dataOffset;
  const end = at + length;
  if (length > COMMIT_MASK || (length & 3) != 0 || end > page + lane.pageBytes) return false;
  add(PAGE_BYTES, <f64>(<u32>(lane.pageBytes - length)));
  lane.page = page;
  lane.at = at;
  lane.end = end;
  lane.now = <f64>load<u32>(page) + <f64>load<u32>(page, 4) * TWO_32;
  return true;
}

/** Finds out what the lane's next record is; frees of NULL are passed over, which end no object. */
function look(lane: Lane): void {
  lane.state = STOPPED;
  while (lane.at < lane.end) {
    const head = load<u32>(lane.at);
    const size = head & 31;
    const record = lane.at + HEADER;
    const next = record + ((<usize>size) << 2);
    if (size == 0 || size > MAX_TYPE_LEN || next > lane.end) return;
    const first = load<u32>(record);
    const id = first & 0xffff;
    const layout = lane.layouts + <usize>id * LAYOUT_BYTES;
    if (id >= lane.layoutCount) return;
    const what = load<u32>(layout);
    if (what == 0 || size < load<u32>(layout, WORDS)) return;
    const isWide = load<u32>(layout, WIDE) != 0;
    const ptr = fieldAt(record, layout, PTR);
    const time = lane.now + <f64>(head >> 5);
    if ((load<u32>(ptr) | (isWide ? load<u32>(ptr, 4) : 0)) == 0) {
      if (what < KFREE) return;
      lane.at = next;
      lane.now = time;
      lane.records += 1;
      add(NULL_FREES, 1);
      add(NULL_FREE_BYTES, <f64>(<u32>(next - record + HEADER)));
      continue;
    }
    const pid = load<u32>(fieldAt(record, layout, PID));
    if ((first & IN_INTERRUPT) == 0 && load<u8>(mayBeOwn + (pid & 0xffff)) != 0) return;
    const at = fieldAt(record, layout, CALL_SITE);
    if (siteAt(load<u32>(at), isWide ? load<u32>(at, 4) : 0) < 0) return;
    if (what < KFREE) {
      const word = wordOf(load<u32>(layout, WIDE));
      const req = load<i64>(fieldAt(record, layout, BYTES_REQ)) & word;
      if (areNoSizes(req, load<i64>(fieldAt(record, layout, BYTES_ALLOC)) & word)) return;
    }
    lane.next = time;
    lane.state = READY;
    return;
  }
}

function add(sum: usize, value: f64): void {
  store<f64>(sums + sum, load<f64>(sums + sum) + value);
}

// Of {@link sums}, while a merge runs: a lane has a few records' turn at a time.
let eventBytes: u32 = 0;
let disordered: u32 = 0;
let youngest: f64 = 0;

/**
 * Usual records of the lane go to the columns, none younger than `until` and as many as there is room for; frees of NULL are passed over.
 * What is not usual about a record but its length shows when its turn has come: the lane is STOPPED before it then.
 */
function take(lane: Lane, until: f64): void {
  const layouts = lane.layouts;
  const layoutCount = lane.layoutCount;
  const from = lane.cpu;
  const before = eventsNow();
  let end = lane.end;
  let at = lane.at;
  let now = lane.now;
  let records: u32 = 0;
  let bytes: u32 = 0;
  let state = STOPPED;
  while (true) {
    if (at >= end) {
      if (!openNext(lane)) break;
      at = lane.at;
      end = lane.end;
      now = lane.now;
      continue;
    }
    const head = load<u32>(at);
    const size = head & 31;
    const record = at + HEADER;
    const next = record + ((<usize>size) << 2);
    if (size - 1 >= MAX_TYPE_LEN || next > end) break;
    const first = load<u32>(record);
    const id = first & 0xffff;
    if (id >= layoutCount) break;
    const layout = layouts + <usize>id * LAYOUT_BYTES;
    const what = load<u32>(layout);
    if (what == 0 || size < load<u32>(layout, WORDS)) break;
    const time = now + <f64>(head >> 5);
    if (time > until || isFull()) {
      lane.next = time;
      state = READY;
      break;
    }
    const word = wordOf(load<u32>(layout, WIDE));
    const ptr = load<u64>(fieldAt(record, layout, PTR)) & word;
    if (ptr == 0) {
      if (what < KFREE) break;
      add(NULL_FREES, 1);
      add(NULL_FREE_BYTES, <f64>(<u32>(next - at)));
    } else {
      const pid = load<u32>(fieldAt(record, layout, PID));
      if ((first & IN_INTERRUPT) == 0 && load<u8>(mayBeOwn + (pid & 0xffff)) != 0) break;
      const address = load<u64>(fieldAt(record, layout, CALL_SITE)) & word;
      const site = siteAt(<u32>address, <u32>(address >> 32));
      if (site < 0) break;
      // What is as good as random is not branched on: a free has no sizes.
      const sized = word & ((<i64>what - KFREE) >> 63);
      const req = load<i64>(fieldAt(record, layout, BYTES_REQ)) & sized;
      const alloc = load<i64>(fieldAt(record, layout, BYTES_ALLOC)) & sized;
      if (areNoSizes(req, alloc)) break;
      const i = addEvent();
      store<u8>(kind + i, what - 1);
      store<u32>(ptrLow + (i << 2), <u32>ptr);
      store<u32>(ptrHigh + (i << 2), <u32>(ptr >> 32));
      store<u32>(callSite + (i << 2), site);
      store<u16>(cpu + (i << 1), from);
      store<u32>(task + (i << 2), (first & IN_INTERRUPT) == 0 ? pid : NO_PID);
      store<f64>(timeNs + (i << 3), time);
      store<f64>(bytesReq + (i << 3), <f64>req);
      store<f64>(bytesAlloc + (i << 3), <f64>alloc);
      if (time < youngest) disordered += 1;
      else youngest = time;
      bytes += <u32>(next - at);
    }
    at = next;
    now = time;
    records += 1;
  }
  lane.at = at;
  lane.now = now;
  lane.records += records;
  lane.events += eventsNow() - before;
  lane.state = state;
  eventBytes += bytes;
}

// ---- the order ----------------------------------------------------------------------------------------------------------------

const NOTHING: i32 = -1;
const FULL: i32 = -2;

/**
 * Takes the records of the first `count` lanes of {@link order}, the oldest first, none younger than `limit`.
 *
 * @returns the lane that needs its caller; -1 where nothing more may be taken, -2 where the columns are full
 */
export function merge(count: u32, limit: f64): i32 {
  eventBytes = 0;
  disordered = 0;
  youngest = load<f64>(sums, YOUNGEST);
  const needs = mergeLanes(count, limit);
  add(EVENT_BYTES, <f64>eventBytes);
  add(DISORDERED, <f64>disordered);
  store<f64>(sums, youngest, YOUNGEST);
  return needs;
}

/** As {@link mergeLanes}, of two lanes for as long as both are ready: as a rule it is a few records' turn. */
function mergeTwo(first: Lane, second: Lane, limit: f64): void {
  while (first.state == READY && second.state == READY && !isFull()) {
    const a = first.next;
    const b = second.next;
    if (min(a, b) > limit) return;
    if (a <= b) take(first, min(limit, b));
    else take(second, min(limit, a));
  }
}

function mergeLanes(count: u32, limit: f64): i32 {
  if (count == 2) mergeTwo(laneOf(load<u32>(order)), laneOf(load<u32>(order, 4)), limit);
  while (true) {
    let first: u32 = 0;
    let firstTime: f64 = Infinity;
    let until = limit;
    for (let rank: u32 = 0; rank < count; rank++) {
      const index = load<u32>(order + ((<usize>rank) << 2));
      const lane = laneOf(index);
      if (lane.state == SILENT) continue;
      if (lane.state == STOPPED) return index;
      const next = lane.next;
      if (next < firstTime) {
        until = min(until, firstTime);
        firstTime = next;
        first = index;
      } else until = min(until, next);
    }
    if (firstTime > limit || firstTime == Infinity) return NOTHING;
    const lane = laneOf(first);
    if (lane.state == HELD) return first;
    if (isFull()) return FULL;
    take(lane, until);
  }
}
