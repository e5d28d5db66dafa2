/**
 * A sub-buffer with no more than its records of some time. They stay as they are: the page's own time becomes that before the first
 * of them, from which its delta counts (kernel/trace/ring_buffer.c; sub-buffer.ts has its layout).
 */
import type { PageFormat } from "./event-format.ts";
import { COMMIT_MASK, MAX_TYPE_LEN, MISSED_EVENTS, MISSED_STORED, PADDING, TIME_EXTEND, TWO_27 } from "./sub-buffer.ts";

const MISSED_FLAGS = MISSED_EVENTS | MISSED_STORED;
const TWO_59 = 2n ** 59n;

export interface ClipSpan {
  /** Trace clock. */
  readonly fromNs: number;
  /** Not in it any more. */
  readonly toNs: number;
}

/** The page itself where all of it is within; undefined where nothing is. What cannot be read of it is left out. */
export function clipPage(page: Uint8Array, format: PageFormat, le: boolean, span: ClipSpan): Uint8Array | undefined {
  const { commitOffset, longSize, dataOffset, dataSize } = format;
  const view = new DataView(page.buffer, page.byteOffset, page.length);
  const commitAt = commitOffset + (le || longSize === 4 ? 0 : 4);
  const commit = view.getUint32(commitAt, le);
  const length = commit & COMMIT_MASK;
  if (length > dataSize) return undefined;
  const end = dataOffset + length;
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
  let nowNs = pageNs;
  let isFirst = true;
  let at = start;
  while (at + 4 <= end) {
    const word = view.getUint32(at, le);
    const type = le ? word & 31 : word >>> 27;
    const delta = le ? word >>> 5 : word & 0x7ffffff;
    // A null one fills the rest.
    if (type === PADDING && delta === 0) {
      at = end;
      break;
    }
    const second = at + 8 <= end ? view.getUint32(at + 4, le) : 0;
    if (type > PADDING) {
      const stamp = delta + second * TWO_27;
      nowNs = type === TIME_EXTEND ? nowNs + stamp : absolute(nowNs, stamp);
      at += 8;
      continue;
    }
    const bytes = type > 0 && type <= MAX_TYPE_LEN ? 4 + type * 4 : 4 + second;
    if (bytes < 8 || at + bytes > end) break;
    const timeNs = nowNs + delta;
    if (timeNs >= toNs) break;
    if (type !== PADDING) {
      if (timeNs >= fromNs) {
        kept ??= isFirst ? { from: start, to: at, beforeNs: pageNs } : { from: at, to: at, beforeNs: nowNs };
        kept.to = at + bytes;
      }
      isFirst = false;
    }
    nowNs = timeNs;
    at += bytes;
  }
  if (kept !== undefined && at === end) kept.to = end;
  return kept;
}

/** A time stamp has 59 bits; the rest is that of the time before it. */
function absolute(beforeNs: number, stamp: number): number {
  const high = BigInt(beforeNs) / TWO_59;
  const time = Number(high * TWO_59 + BigInt(stamp));
  return time < beforeNs && high > 0n ? time + Number(TWO_59) : time;
}
