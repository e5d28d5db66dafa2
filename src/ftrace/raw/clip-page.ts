/**
 * A sub-buffer with no more than its records of some time. They stay as they are: the page's own time becomes that before the first
 * of them, from which its delta counts (kernel/trace/ring_buffer.c; sub-buffer.ts has its layout).
 */
import type { PageFormat } from "./event-format.ts";
import { MISSED_EVENTS, MISSED_STORED } from "./sub-buffer.ts";
import { dataOf, walkPage } from "./walk-page.ts";

const MISSED_FLAGS = MISSED_EVENTS | MISSED_STORED;

export interface ClipSpan {
  /** Trace clock. */
  readonly fromNs: number;
  /** Not in it any more. */
  readonly toNs: number;
}

/** The page itself where all of it is within; undefined where nothing is. What cannot be read of it is left out. */
export function clipPage(page: Uint8Array, format: PageFormat, le: boolean, span: ClipSpan): Uint8Array | undefined {
  const { longSize, dataOffset, dataSize } = format;
  const view = new DataView(page.buffer, page.byteOffset, page.length);
  const data = dataOf(view, format, le);
  if (data === undefined) return undefined;
  const { commitAt, commit, length, end } = data;
  const kept = within(view, le, dataOffset, end, span);
  if (kept === undefined) return undefined;
  const { from, to, beforeNs } = kept;
  if (from === dataOffset && to === end) return page;
  const clipped = new Uint8Array(page.length);
  const out = new DataView(clipped.buffer);
  clipped.set(page.subarray(from, to), dataOffset);
  out.setBigUint64(0, BigInt(beforeNs), le);
  // What was lost was lost before the page's first record.
  const missed = from === dataOffset ? commit & MISSED_FLAGS : 0;
  const counted = (missed & MISSED_STORED) !== 0 && length + longSize <= dataSize;
  if (counted) clipped.set(page.subarray(end, end + longSize), dataOffset + to - from);
  out.setUint32(commitAt, ((counted ? missed : missed & ~MISSED_STORED) | (to - from)) >>> 0, le);
  return clipped;
}

/** Where the first and the last of the records are, which are in order of their time, and the time before the first. */
function within(view: DataView, le: boolean, start: number, end: number, { fromNs, toNs }: ClipSpan) {
  let kept: { from: number; to: number; beforeNs: number } | undefined;
  const pageNs = Number(view.getBigUint64(0, le));
  let isFirst = true;
  const records = walkPage(view, start, end, le);
  let next = records.next();
  for (; next.done !== true && next.value.timeNs < toNs; next = records.next()) {
    const { at, timeNs, beforeNs, isPadding, end: to } = next.value;
    if (isPadding) continue;
    if (timeNs >= fromNs) {
      kept ??= isFirst ? { from: start, to: at, beforeNs: pageNs } : { from: at, to: at, beforeNs };
      kept.to = to;
    }
    isFirst = false;
  }
  if (kept !== undefined && next.done === true && next.value === end) kept.to = end;
  return kept;
}
