/**
 * The sums of call sites and of the account. What nothing is compared with at an event, all but the net bytes and their peaks, is not
 * added up at the event: the classes count (object-classes.ts), and {@link settle} makes the sums of it when somebody asks.
 */
import { moved } from "../memory";
import { allocOf, classesSize, countBegun, countEnded, reqOf, siteOf, takeCounts } from "./object-classes";

/** Doubles: net bytes, net requested bytes, live objects, peak net bytes, unmatched frees. */
export const totals: usize = memory.data(5 * 8, 16);
const NET: usize = 0;
const NET_REQUESTED: usize = 8;
const LIVE: usize = 16;
const PEAK: usize = 24;
const UNMATCHED: usize = 32;

/** src/accounting/site-rows.ts, Column, in bytes. */
const ALLOCS: usize = 0;
const FREES: usize = 8;
const IMPLIED_FREES: usize = 16;
const TOTAL_BYTES: usize = 24;
const REQUESTED_BYTES: usize = 32;
const NET_BYTES: usize = 40;
const NET_REQUESTED_BYTES: usize = 48;
const PEAK_NET_BYTES: usize = 56;
const ROW_BITS: usize = 6;

let capacity: u32 = 0;
let rows: usize = 0;

/** Rows of call sites, 8 doubles each. */
export function rowsAt(): usize {
  return rows;
}

/** Makes room for every call site below `sites`. */
export function reserveRows(sites: u32): void {
  rows = moved(rows, (<usize>capacity) << ROW_BITS, (<usize>sites) << ROW_BITS);
  capacity = sites;
}

@inline
function rowOf(site: u32): usize {
  return rows + ((<usize>site) << ROW_BITS);
}

@inline
function add(at: usize, column: usize, value: f64): void {
  store<f64>(at + column, load<f64>(at + column) + value);
}

/** An object of a class begins. */
@inline
export function begin(objectClass: u32): void {
  countBegun(objectClass);
  const alloc = allocOf(objectClass);
  const row = rowOf(siteOf(objectClass));
  const net = load<f64>(row, NET_BYTES) + alloc;
  store<f64>(row, net, NET_BYTES);
  if (net > load<f64>(row, PEAK_NET_BYTES)) store<f64>(row, net, PEAK_NET_BYTES);
  const all = load<f64>(totals, NET) + alloc;
  store<f64>(totals, all, NET);
  if (all > load<f64>(totals, PEAK)) store<f64>(totals, all, PEAK);
}

/** An object of a class ends. */
@inline
export function end(objectClass: u32): void {
  countEnded(objectClass);
  const alloc = allocOf(objectClass);
  add(rowOf(siteOf(objectClass)), NET_BYTES, -alloc);
  add(totals, NET, -alloc);
}

/** An object of a class ends without a free: its place was given to another. */
export function endUnseen(objectClass: u32): void {
  end(objectClass);
  const row = rowOf(siteOf(objectClass));
  add(row, FREES, -1);
  add(row, IMPLIED_FREES, 1);
}

/** An allocation of which no end will be known: it counts, and is not held. */
export function countOnly(site: u32, req: f64, alloc: f64): void {
  const row = rowOf(site);
  add(row, ALLOCS, 1);
  add(row, TOTAL_BYTES, alloc);
  add(row, REQUESTED_BYTES, req);
}

@inline
export function countUnmatchedFree(): void {
  add(totals, UNMATCHED, 1);
}

/** Brings all sums up to date. O(classes). */
export function settle(): void {
  for (let id: u32 = 0; id < classesSize(); id++) {
    const counts = takeCounts(id);
    if (counts == 0) continue;
    const begun = <f64>(<u32>(counts >> 32));
    const ended = <f64>(<u32>counts);
    const req = reqOf(id);
    const row = rowOf(siteOf(id));
    add(row, ALLOCS, begun);
    add(row, FREES, ended);
    add(row, TOTAL_BYTES, begun * allocOf(id));
    add(row, REQUESTED_BYTES, begun * req);
    add(row, NET_REQUESTED_BYTES, (begun - ended) * req);
    add(totals, NET_REQUESTED, (begun - ended) * req);
    add(totals, LIVE, begun - ended);
  }
}
