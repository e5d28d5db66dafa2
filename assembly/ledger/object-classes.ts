/**
 * What a live object is, as a small integer: src/accounting/object-classes.ts. And how many objects of each class began and ended since
 * the sums were last settled (site-sums.ts).
 */
import { allocate, moved } from "../memory";

/** What an event needs of a class, in half a cache line. */
const CLASS_BITS: usize = 5;
const REQ: usize = 0;
const ALLOC: usize = 8;
const SITE: usize = 16;
const TAG: usize = 20;
const BEGUN: usize = 24;
const ENDED: usize = 28;
/** What src/accounting reads of a class: four doubles. */
const ROW_BITS: usize = 5;

let capacity: u32 = 0;
let count: u32 = 0;
let classes: usize = 0;
let rows: usize = 0;
/** Open addressing, two a class and more: class id + 1, 0 where free. */
let slots: usize = 0;
let siteCapacity: u32 = 0;
/** The class each call site had last, since most allocate one size only: class id + 1. */
let latest: usize = 0;

/** Doubles, four a class: call site, bytes_req, bytes_alloc, tag. */
export function classesAt(): usize {
  return rows;
}

export function classesSize(): u32 {
  return count;
}

@inline
function recordOf(id: u32): usize {
  return classes + ((<usize>id) << CLASS_BITS);
}

@inline
export function siteOf(id: u32): u32 {
  return load<u32>(recordOf(id), SITE);
}

@inline
export function tagOf(id: u32): u32 {
  return load<u32>(recordOf(id), TAG);
}

@inline
export function reqOf(id: u32): f64 {
  return load<f64>(recordOf(id), REQ);
}

@inline
export function allocOf(id: u32): f64 {
  return load<f64>(recordOf(id), ALLOC);
}

@inline
export function countBegun(id: u32): void {
  const record = recordOf(id);
  store<u32>(record, load<u32>(record, BEGUN) + 1, BEGUN);
}

@inline
export function countEnded(id: u32): void {
  const record = recordOf(id);
  store<u32>(record, load<u32>(record, ENDED) + 1, ENDED);
}

/** Objects of the class that began, and that ended, since they were last asked for: in the upper and in the lower half. */
export function takeCounts(id: u32): u64 {
  const record = recordOf(id);
  const begun = load<u32>(record, BEGUN);
  const ended = load<u32>(record, ENDED);
  store<u64>(record, 0, BEGUN);
  return ((<u64>begun) << 32) | ended;
}

/** The id of a class; its call site must have been reserved for. */
@inline
export function classOf(site: u32, req: f64, alloc: f64, tag: u32): u32 {
  const last = load<u32>(latest + ((<usize>site) << 2));
  // No call site is asked for: it is that of its last class.
  return last != 0 && isOf(recordOf(last - 1), req, alloc, tag) ? last - 1 : findClass(site, req, alloc, tag);
}

@inline
function isOf(record: usize, req: f64, alloc: f64, tag: u32): bool {
  return load<f64>(record, REQ) == req && load<f64>(record, ALLOC) == alloc && load<u32>(record, TAG) == tag;
}

function findClass(site: u32, req: f64, alloc: f64, tag: u32): u32 {
  if (count == capacity) grow();
  const slot = slotOf(site, req, alloc, tag);
  let id = load<u32>(slot);
  if (id == 0) {
    id = ++count;
    store<u32>(slot, id);
    const record = recordOf(id - 1);
    store<f64>(record, req, REQ);
    store<f64>(record, alloc, ALLOC);
    store<u32>(record, site, SITE);
    store<u32>(record, tag, TAG);
    const row = rows + ((<usize>(id - 1)) << ROW_BITS);
    store<f64>(row, <f64>site);
    store<f64>(row, req, 8);
    store<f64>(row, alloc, 16);
    store<f64>(row, <f64>tag, 24);
  }
  store<u32>(latest + ((<usize>site) << 2), id);
  return id - 1;
}

/** The slot of a class, or the free one that it belongs in. */
function slotOf(site: u32, req: f64, alloc: f64, tag: u32): usize {
  const mask = capacity * 2 - 1;
  let hash =
    (site * 0x9e3779b1) ^ (<u32>(<u64>req) * 0x85ebca6b) ^ (<u32>(<u64>alloc) * 0xc2b2ae35) ^ (tag * 0x27d4eb2f);
  hash ^= hash >> 15;
  let slot = hash & mask;
  while (true) {
    const at = slots + ((<usize>slot) << 2);
    const id = load<u32>(at);
    if (id == 0) return at;
    const record = recordOf(id - 1);
    if (load<u32>(record, SITE) == site && isOf(record, req, alloc, tag)) return at;
    slot = (slot + 1) & mask;
  }
}

export function startClasses(): void {
  grow();
}

/** Makes room for every call site below `sites`. */
export function reserveLatest(sites: u32): void {
  latest = moved(latest, (<usize>siteCapacity) << 2, (<usize>sites) << 2);
  siteCapacity = sites;
}

function grow(): void {
  const more = max<u32>(1024, capacity * 2);
  classes = moved(classes, (<usize>capacity) << CLASS_BITS, (<usize>more) << CLASS_BITS);
  rows = moved(rows, (<usize>capacity) << ROW_BITS, (<usize>more) << ROW_BITS);
  capacity = more;
  slots = allocate((<usize>more) << 3, 64);
  for (let id: u32 = 0; id < count; id++) store<u32>(slotOf(siteOf(id), reqOf(id), allocOf(id), tagOf(id)), id + 1);
}
