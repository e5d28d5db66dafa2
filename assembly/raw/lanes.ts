/** The CPUs: what of their sub-buffers is here, and how far each of them is. */
import { allocate } from "../memory";

@unmanaged
export class Lane {
  /** Time of the next record. */
  next: f64 = 0;
  /** Time of the record before it. */
  now: f64 = 0;
  /** Records taken since the pages were lent. */
  records: u32 = 0;
  /** Events of it in the columns that nobody has asked for. */
  events: u32 = 0;
  /** Copies of the pages, and how far they reach. */
  pages: usize = 0;
  pagesEnd: usize = 0;
  /** The page that is open, and in it the next record and the data's end. */
  page: usize = 0;
  at: usize = 0;
  end: usize = 0;
  /** What every page of the CPU has: its size, and where its length and its records stand in it (events/header_page). */
  pageBytes: usize = 0;
  commitOffset: usize = 0;
  dataOffset: usize = 0;
  /** Layouts by event id: src/ftrace/raw/usual-layouts.ts. */
  layouts: usize = 0;
  layoutCount: u32 = 0;
  cpu: u32 = 0;
  state: u32 = SILENT;
}

/** Nothing is known of it, and nothing asked. */
export const SILENT: u32 = 0;
/** Its next record is one of the usual, as far as it was looked at. */
export const READY: u32 = 1;
/** Its next record is for the caller to take when its turn has come. */
export const HELD: u32 = 2;
/** What comes next is for the caller to find out. */
export const STOPPED: u32 = 3;

/** NR_CPUS of any kernel. */
export const MAX_LANES: u32 = 8192;
const lanes: usize = memory.data(MAX_LANES * 4, 16);
let laneCount: u32 = 0;
/** Lanes by rank: of two records of the same time the first one's comes first. */
export const order: usize = memory.data(MAX_LANES * 4, 16);

export function laneOf(index: u32): Lane {
  return changetype<Lane>(<usize>load<u32>(lanes + ((<usize>index) << 2)));
}

/** Of a layout: src/ftrace/raw/usual-layouts.ts. */
export const LAYOUT_BYTES: usize = 32;

/** A place for layouts of so many event ids, each as src/ftrace/raw/usual-layouts.ts has it. */
export function placeForLayouts(count: u32): usize {
  return allocate(<usize>count * LAYOUT_BYTES, 16);
}

/** A CPU; its number among the lanes. Of its pages there is room for `pages` at a time. */
export function addLane(
  cpu: u32,
  layouts: usize,
  layoutCount: u32,
  pages: u32,
  pageBytes: u32,
  commitOffset: u32,
  dataOffset: u32,
): u32 {
  const lane = changetype<Lane>(allocate(offsetof<Lane>(), 16));
  lane.cpu = cpu;
  lane.layouts = layouts;
  lane.layoutCount = layoutCount;
  // A word is read as two, and masked.
  lane.pages = allocate(<usize>pages * pageBytes + 4, 16);
  lane.pageBytes = pageBytes;
  lane.commitOffset = commitOffset;
  lane.dataOffset = dataOffset;
  store<u32>(lanes + ((<usize>laneCount) << 2), <u32>changetype<usize>(lane));
  return laneCount++;
}

/** Where a lane's pages belong, of which there are so many. */
export function placeForPages(index: u32, count: u32): usize {
  const lane = laneOf(index);
  lane.pagesEnd = lane.pages + <usize>count * lane.pageBytes;
  return lane.pages;
}

/** The lane's next record is of this time, and the caller's. */
export function hold(index: u32, time: f64): void {
  const lane = laneOf(index);
  lane.state = HELD;
  lane.next = time;
}

/** The lane is the caller's again: {@link pageOf}, {@link atOf}, {@link endOf}, {@link nowOf} and {@link recordsOf} tell how far it came. */
export function release(index: u32): void {
  laneOf(index).state = SILENT;
}

/** Which of its pages is open. */
export function pageOf(index: u32): u32 {
  const lane = laneOf(index);
  return <u32>((lane.page - lane.pages) / lane.pageBytes);
}

/** Offset in the page of the data's end. */
export function endOf(index: u32): u32 {
  const lane = laneOf(index);
  return <u32>(lane.end - lane.page);
}

/** Offset in the page of the record that comes next. */
export function atOf(index: u32): u32 {
  const lane = laneOf(index);
  return <u32>(lane.at - lane.page);
}

/** How many of the events that are given out next are of this lane; none from then on. */
export function takeLaneEvents(index: u32): u32 {
  const lane = laneOf(index);
  const events = lane.events;
  lane.events = 0;
  return events;
}

export function nowOf(index: u32): f64 {
  return laneOf(index).now;
}

export function recordsOf(index: u32): u32 {
  return laneOf(index).records;
}
