/**
 * The account and what it is made of, in one memory: what {@link EventLedger} (src/accounting/ledger.ts) does to every event. It knows no
 * text and no rule but the plain ones; where an event needs more, it stops and says so.
 */
import { BULK_FREE, bytesAlloc, bytesReq, callSite, CAPACITY, KFREE, kind, ptrHigh, ptrLow, RCU_FREE } from "./columns";
import { countFree, noteUnmatched, reserveFreeing, sizeFreed } from "./ledger/freed-sizes";
import {
  AHEAD,
  growths,
  listLive,
  liveObjects as entries,
  NONE,
  SINGLE,
  setLiveAt,
  startLive,
  takeLiveAt,
  touchLive,
} from "./ledger/live-objects";
import { allocOf, classOf as idOfClass, reserveLatest, startClasses, tagOf } from "./ledger/object-classes";
import { begin, countUnmatchedFree, end, endUnseen, reserveRows, settle } from "./ledger/site-sums";

export { bytesAlloc, bytesReq, callSite, CAPACITY, cpu, kind, ptrHigh, ptrLow, timeNs } from "./columns";
export { countFree, freeingAt, hiddenAllocsSeen, noteUnmatched, SIZES, unmatchedBySize } from "./ledger/freed-sizes";
export { beginList, liveBytes } from "./ledger/live-objects";
export { classesAt, classesSize } from "./ledger/object-classes";
export { countOnly, countUnmatchedFree, rowsAt, settle, totals } from "./ledger/site-sums";

/** Bit {@link EventKind}: does the account hold allocations, and unmatched frees, of this kind? */
let counted: u32 = 0;
let maxObjects: u32 = 0;
let siteCapacity: u32 = 0;

export function start(countedKinds: u32, mostObjects: f64): void {
  counted = countedKinds;
  maxObjects = <u32>min(mostObjects, 4294967295.0);
  startLive();
  startClasses();
}

/** Events since the last {@link settle}; a class counts its own in 32 bits. */
let unsettled: u32 = 0;
const MOST_UNSETTLED: u32 = 1 << 31;

/** Makes room for every call site below `sites`, and for so many events more. */
export function prepare(sites: u32, events: u32): void {
  unsettled += events;
  if (unsettled >= MOST_UNSETTLED) {
    settle();
    unsettled = events;
  }
  if (sites <= siteCapacity) return;
  siteCapacity = max<u32>(sites, siteCapacity * 2);
  reserveRows(siteCapacity);
  reserveLatest(siteCapacity);
  reserveFreeing(siteCapacity);
}

/** The id of a class; its call site must have been reserved for. */
export function classOf(site: u32, req: f64, alloc: f64, tag: u32): u32 {
  return idOfClass(site, req, alloc, tag);
}

function counts(kind: u32): bool {
  return ((counted >> kind) & 1) != 0;
}

/** An object of a class begins. */
export function open(objectClass: u32): void {
  if (counts(tagOf(objectClass) & 1)) begin(objectClass);
}

/** An object of a class ends: freed, or unseen. */
export function close(objectClass: u32, isFreed: bool): void {
  if (!counts(tagOf(objectClass) & 1)) return;
  if (isFreed) end(objectClass);
  else endUnseen(objectClass);
}

/** A call site has freed an object of a class. */
export function noteFreed(site: u32, objectClass: u32): void {
  sizeFreed(site, allocOf(objectClass));
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

@inline
function remember(place: u32, low: u32, high: u32, value: u32): i32 {
  const replaced = setLiveAt(place, low, high, value);
  if (replaced != DOOMED) return replaced;
  doomed -= 1;
  return NONE;
}

@inline
function forget(place: u32, low: u32, high: u32): i32 {
  const held = takeLiveAt(place, low, high);
  if (held == DOOMED) doomed -= 1;
  return held;
}

/** Remembers `value` for the pointer; the value of the live object that it replaces, or -1. */
export function setLive(low: u32, high: u32, value: u32): i32 {
  touchLive(SINGLE, low, high);
  return remember(SINGLE, low, high, value);
}

/** Forgets the pointer; the value it had, {@link DOOMED} among them, or -1. */
export function takeLive(low: u32, high: u32): i32 {
  touchLive(SINGLE, low, high);
  return forget(SINGLE, low, high);
}

/** The pointer's object, which is not in the table any more, was freed by kfree_rcu. */
export function doom(low: u32, high: u32): void {
  if (entries() >= maxObjects) return;
  setLive(low, high, DOOMED);
  doomed += 1;
}

// ---- events -------------------------------------------------------------------------------------------------------------------

/** Keeps the compiler from leaving {@link touch} out. */
let touched: u32 = 0;

/** Has the objects of events `[from, to)`, {@link AHEAD} at most, fetched. */
function touch(from: u32, to: u32): void {
  for (let i = from; i < to; i++)
    touched ^= touchLive(i % AHEAD, load<u32>(ptrLow + ((<usize>i) << 2)), load<u32>(ptrHigh + ((<usize>i) << 2)));
}

/**
 * Events `[from, to)` of the columns. Stops at one with a hidden pointer, and at an allocation where the objects are as many
 * as may be: the caller takes that one and goes on behind it.
 *
 * @returns where it stopped
 */
export function apply(from: u32, to: u32): u32 {
  let touchedTo = from;
  let grown = growths;
  for (let i = from; i < to; i++) {
    if (i == touchedTo || growths != grown) {
      grown = growths;
      touchedTo = min(i + AHEAD, to);
      touch(i, touchedTo);
    }
    const low = load<u32>(ptrLow + ((<usize>i) << 2));
    const high = load<u32>(ptrHigh + ((<usize>i) << 2));
    if ((low | high) == 0) return i;
    const site = load<u32>(callSite + ((<usize>i) << 2));
    const what = load<u8>(kind + <usize>i);
    if (what < KFREE) {
      if (entries() >= maxObjects) return i;
      const req = load<f64>(bytesReq + ((<usize>i) << 3));
      const alloc = load<f64>(bytesAlloc + ((<usize>i) << 3));
      const objectClass = idOfClass(site, req, alloc, what);
      const replaced = remember(i % AHEAD, low, high, objectClass);
      if (replaced != NONE) close(replaced, false);
      if (counts(what)) begin(objectClass);
      continue;
    }
    const held = forget(i % AHEAD, low, high);
    if (held != DOOMED) {
      const isCounted = counts(what);
      if (isCounted) countFree(site);
      if (held != NONE) {
        close(held, true);
        noteFreed(site, held);
      } else {
        if (isCounted) countUnmatchedFree();
        noteUnmatched(site, low, high, what != BULK_FREE);
      }
    }
    if (what == RCU_FREE) doom(low, high);
  }
  return to;
}

/** The next live objects with their values, in the columns of pointers and call sites; how many, 0 at the end. */
export function list(): u32 {
  return listLive(ptrLow, ptrHigh, callSite, CAPACITY);
}
