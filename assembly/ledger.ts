/**
 * The sums of the account and what they are made of, in one memory: what {@link EventLedger} (src/accounting/ledger.ts) does to
 * every event. It knows no text and no rule but the plain ones; where an event needs more, it stops and says so.
 */
import {
  freeingAt,
  hiddenAllocsSeen,
  noteUnmatched,
  reserveFreeing,
  SIZES,
  sizeFreed,
  unmatchedBySize,
} from "./freed-sizes";
import { allocate } from "./memory";
import { BULK_FREE, bytesAlloc, bytesReq, callSite, CAPACITY, KFREE, kind, ptrHigh, ptrLow, RCU_FREE } from "./columns";
import {
  beginList,
  listLive,
  liveBytes,
  liveObjects as entries,
  NONE,
  setLive as remember,
  startLive,
  takeLive as forget,
  touchLive,
} from "./live-objects";

export { bytesAlloc, bytesReq, callSite, CAPACITY, cpu, kind, ptrHigh, ptrLow, timeNs } from "./columns";
export { beginList, liveBytes };
export { freeingAt, hiddenAllocsSeen, noteUnmatched, SIZES, unmatchedBySize };

// ---- sums -------------------------------------------------------------------------------------------------------------------

/** Doubles: net bytes, net requested bytes, live objects, peak net bytes, unmatched frees. */
export const totals: usize = memory.data(5 * 8, 16);
const NET: usize = 0;
const NET_REQUESTED: usize = 8;
const LIVE: usize = 16;
const PEAK: usize = 24;
const UNMATCHED: usize = 32;

/** src/accounting/site-rows.ts, Column, in bytes. */
const ALLOCS: usize = 0;
const TOTAL_BYTES: usize = 24;
const REQUESTED_BYTES: usize = 32;
const NET_BYTES: usize = 40;
const NET_REQUESTED_BYTES: usize = 48;
const PEAK_NET_BYTES: usize = 56;
const FREES_COLUMN: u32 = 1;
const IMPLIED_FREES_COLUMN: u32 = 2;
const ROW_BITS: usize = 6;

let siteCapacity: u32 = 0;
let rows: usize = 0;
/** Frees by the call site that freed, doubles. */
let freed: usize = 0;
/** The class each call site had last, since most allocate one size only: class id + 1. */
let latest: usize = 0;

/** Rows of call sites, 8 doubles each. */
export function rowsAt(): usize {
  return rows;
}

export function freedAt(): usize {
  return freed;
}

/** Makes room for every call site below `sites`. */
export function reserveSites(sites: u32): void {
  if (sites <= siteCapacity) return;
  const capacity = max<u32>(sites, siteCapacity * 2);
  rows = moved(rows, (<usize>siteCapacity) << ROW_BITS, (<usize>capacity) << ROW_BITS);
  freed = moved(freed, (<usize>siteCapacity) << 3, (<usize>capacity) << 3);
  latest = moved(latest, (<usize>siteCapacity) << 2, (<usize>capacity) << 2);
  reserveFreeing(capacity);
  siteCapacity = capacity;
}

function moved(from: usize, bytes: usize, capacity: usize): usize {
  const to = allocate(capacity, 64);
  memory.copy(to, from, bytes);
  return to;
}

// ---- classes: what an object is, see src/accounting/object-classes.ts ---------------------------------------------------------

const CLASS_BITS: usize = 5;
const CLASS_REQ: usize = 8;
const CLASS_ALLOC: usize = 16;
const CLASS_TAG: usize = 24;

let classCapacity: u32 = 0;
let classCount: u32 = 0;
/** Doubles, four a class: call site, bytes_req, bytes_alloc, tag. */
let classes: usize = 0;
/** Open addressing, two a class and more: class id + 1, 0 where free. */
let slots: usize = 0;

export function classesAt(): usize {
  return classes;
}

export function classesSize(): u32 {
  return classCount;
}

function growClasses(): void {
  const capacity = max<u32>(1024, classCapacity * 2);
  classes = moved(classes, (<usize>classCapacity) << CLASS_BITS, (<usize>capacity) << CLASS_BITS);
  classCapacity = capacity;
  slots = allocate((<usize>capacity) << 3, 64);
  for (let id: u32 = 0; id < classCount; id++) {
    const at = classes + ((<usize>id) << CLASS_BITS);
    const hash = classHash(
      <u32>load<f64>(at),
      load<f64>(at, CLASS_REQ),
      load<f64>(at, CLASS_ALLOC),
      <u32>load<f64>(at, CLASS_TAG),
    );
    store<u32>(slotOf(hash, -1, 0, 0, 0), id + 1);
  }
}

function classHash(site: u32, req: f64, alloc: f64, tag: u32): u32 {
  const hash =
    (site * 0x9e3779b1) ^ (<u32>(<u64>req) * 0x85ebca6b) ^ (<u32>(<u64>alloc) * 0xc2b2ae35) ^ (tag * 0x27d4eb2f);
  return hash ^ (hash >> 15);
}

function isClass(id: u32, site: f64, req: f64, alloc: f64, tag: f64): bool {
  const at = classes + ((<usize>id) << CLASS_BITS);
  return (
    load<f64>(at, CLASS_REQ) == req &&
    load<f64>(at, CLASS_ALLOC) == alloc &&
    load<f64>(at, CLASS_TAG) == tag &&
    load<f64>(at) == site
  );
}

/** The slot of a class, or the free one that it belongs in; a call site below zero is none that is there. */
function slotOf(hash: u32, site: f64, req: f64, alloc: f64, tag: f64): usize {
  const mask = classCapacity * 2 - 1;
  let slot = hash & mask;
  while (true) {
    const at = slots + ((<usize>slot) << 2);
    const id = load<u32>(at);
    if (id == 0 || isClass(id - 1, site, req, alloc, tag)) return at;
    slot = (slot + 1) & mask;
  }
}

/** The id of a class; its call site must have been reserved for. */
export function classOf(site: u32, req: f64, alloc: f64, tag: u32): u32 {
  const last = load<u32>(latest + ((<usize>site) << 2));
  if (last > 0 && isClass(last - 1, <f64>site, req, alloc, <f64>tag)) return last - 1;
  if (classCount == classCapacity) growClasses();
  const slot = slotOf(classHash(site, req, alloc, tag), <f64>site, req, alloc, <f64>tag);
  let id = load<u32>(slot);
  if (id == 0) {
    id = ++classCount;
    store<u32>(slot, id);
    const at = classes + ((<usize>(id - 1)) << CLASS_BITS);
    store<f64>(at, <f64>site);
    store<f64>(at, req, CLASS_REQ);
    store<f64>(at, alloc, CLASS_ALLOC);
    store<f64>(at, <f64>tag, CLASS_TAG);
  }
  store<u32>(latest + ((<usize>site) << 2), id);
  return id - 1;
}

// ---- events -------------------------------------------------------------------------------------------------------------------

/** Bit {@link EventKind}: does the account hold allocations, and unmatched frees, of this kind? */
let counted: u32 = 0;
let maxObjects: f64 = 0;

export function start(countedKinds: u32, mostObjects: f64): void {
  counted = countedKinds;
  maxObjects = mostObjects;
  startLive();
  growClasses();
}

function counts(kind: u32): bool {
  return ((counted >> kind) & 1) != 0;
}

/** An object begins. */
export function open(site: u32, req: f64, alloc: f64): void {
  const row = rows + ((<usize>site) << ROW_BITS);
  store<f64>(row, load<f64>(row, ALLOCS) + 1, ALLOCS);
  store<f64>(row, load<f64>(row, TOTAL_BYTES) + alloc, TOTAL_BYTES);
  store<f64>(row, load<f64>(row, REQUESTED_BYTES) + req, REQUESTED_BYTES);
  store<f64>(row, load<f64>(row, NET_REQUESTED_BYTES) + req, NET_REQUESTED_BYTES);
  const net = load<f64>(row, NET_BYTES) + alloc;
  store<f64>(row, net, NET_BYTES);
  if (net > load<f64>(row, PEAK_NET_BYTES)) store<f64>(row, net, PEAK_NET_BYTES);
  const all = load<f64>(totals, NET) + alloc;
  store<f64>(totals, all, NET);
  if (all > load<f64>(totals, PEAK)) store<f64>(totals, all, PEAK);
  store<f64>(totals, load<f64>(totals, NET_REQUESTED) + req, NET_REQUESTED);
  store<f64>(totals, load<f64>(totals, LIVE) + 1, LIVE);
}

/** An object of a class ends, counted in `column` of its call site's row. */
export function close(objectClass: u32, column: u32): void {
  const at = classes + ((<usize>objectClass) << CLASS_BITS);
  if (!counts((<u32>load<f64>(at, CLASS_TAG)) & 1)) return;
  const row = rows + ((<usize>load<f64>(at)) << ROW_BITS);
  const counter = row + ((<usize>column) << 3);
  const alloc = load<f64>(at, CLASS_ALLOC);
  const req = load<f64>(at, CLASS_REQ);
  store<f64>(counter, load<f64>(counter) + 1);
  store<f64>(row, load<f64>(row, NET_BYTES) - alloc, NET_BYTES);
  store<f64>(row, load<f64>(row, NET_REQUESTED_BYTES) - req, NET_REQUESTED_BYTES);
  store<f64>(totals, load<f64>(totals, NET) - alloc, NET);
  store<f64>(totals, load<f64>(totals, NET_REQUESTED) - req, NET_REQUESTED);
  store<f64>(totals, load<f64>(totals, LIVE) - 1, LIVE);
}

/** A free that a call site asked for; whether it ended an object is told apart. */
export function countFree(site: u32): void {
  const at = freed + ((<usize>site) << 3);
  store<f64>(at, load<f64>(at) + 1);
}

export function countUnmatchedFree(): void {
  store<f64>(totals, load<f64>(totals, UNMATCHED) + 1, UNMATCHED);
}

/** A call site has freed an object of a class. */
export function noteFreed(site: u32, objectClass: u32): void {
  sizeFreed(site, load<f64>(classes + ((<usize>objectClass) << CLASS_BITS), CLASS_ALLOC));
}

// ---- objects that wait for RCU ------------------------------------------------------------------------------------------------

/**
 * In place of a live object's value: freed by kfree_rcu, and not seen again. The kernel gives it back after a grace period, with an
 * event or without; that is no free of its own. Above every class and every place of an object.
 */
const DOOMED: i32 = 0x7fffffff;
let doomed: u32 = 0;

/** Objects that are alive. */
export function liveObjects(): u32 {
  return entries() - doomed;
}

/** Remembers `value` for the pointer; the value of the live object that it replaces, or -1. */
export function setLive(low: u32, high: u32, value: u32): i32 {
  const replaced = remember(low, high, value);
  if (replaced != DOOMED) return replaced;
  doomed -= 1;
  return NONE;
}

/** Forgets the pointer; the value it had, {@link DOOMED} among them, or -1. */
export function takeLive(low: u32, high: u32): i32 {
  const held = forget(low, high);
  if (held == DOOMED) doomed -= 1;
  return held;
}

/** The pointer's object, which is not in the table any more, was freed by kfree_rcu. */
export function doom(low: u32, high: u32): void {
  if (<f64>entries() >= maxObjects) return;
  remember(low, high, DOOMED);
  doomed += 1;
}

/** Events whose objects are fetched at once. */
const AHEAD: u32 = 32;
/** Keeps the compiler from leaving {@link touch} out. */
let touched: u32 = 0;

function touch(from: u32, to: u32): void {
  for (let i = from; i < to; i++)
    touched ^= touchLive(load<u32>(ptrLow + ((<usize>i) << 2)), load<u32>(ptrHigh + ((<usize>i) << 2)));
}

/**
 * Events `[from, to)` of the columns. Stops at one with a hidden pointer, and at an allocation where the objects are as many
 * as may be: the caller takes that one and goes on behind it.
 *
 * @returns where it stopped
 */
export function apply(from: u32, to: u32): u32 {
  let touchedTo = from;
  for (let i = from; i < to; i++) {
    if (i == touchedTo) {
      touchedTo = min(i + AHEAD, to);
      touch(i, touchedTo);
    }
    const low = load<u32>(ptrLow + ((<usize>i) << 2));
    const high = load<u32>(ptrHigh + ((<usize>i) << 2));
    if ((low | high) == 0) return i;
    const site = load<u32>(callSite + ((<usize>i) << 2));
    const what = load<u8>(kind + <usize>i);
    if (what < KFREE) {
      if (<f64>entries() >= maxObjects) return i;
      const req = load<f64>(bytesReq + ((<usize>i) << 3));
      const alloc = load<f64>(bytesAlloc + ((<usize>i) << 3));
      const replaced = setLive(low, high, classOf(site, req, alloc, what));
      if (replaced != NONE) close(replaced, IMPLIED_FREES_COLUMN);
      if (counts(what)) open(site, req, alloc);
    } else {
      const held = takeLive(low, high);
      if (held == DOOMED) {
        if (what == RCU_FREE) doom(low, high);
        continue;
      }
      const isCounted = counts(what);
      if (isCounted) countFree(site);
      if (held != NONE) {
        close(held, FREES_COLUMN);
        noteFreed(site, held);
      } else {
        if (isCounted) countUnmatchedFree();
        noteUnmatched(site, low, high, what != BULK_FREE);
      }
      if (what == RCU_FREE) doom(low, high);
    }
  }
  return to;
}

/** The next live objects with their values, in the columns of pointers and call sites; how many, 0 at the end. */
export function list(): u32 {
  return listLive(ptrLow, ptrHigh, callSite, CAPACITY);
}
