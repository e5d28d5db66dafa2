/** A sub-buffer's records one by one, for whoever writes it again (sub-buffer.ts has its layout). Decoding has a faster way. */
import type { PageFormat } from "./event-format.ts";
import { COMMIT_MASK, MAX_TYPE_LEN, PADDING, TIME_EXTEND, TWO_27 } from "./sub-buffer.ts";

const TWO_59 = 2n ** 59n;

export interface PageRecord {
  /** Of its first word, of its data, and of what is behind it; in the page. */
  readonly at: number;
  readonly dataAt: number;
  readonly end: number;
  /** Trace clock, and that from which its delta counts. */
  readonly timeNs: number;
  readonly beforeNs: number;
  /** An event that was discarded. */
  readonly isPadding: boolean;
}

export interface PageData {
  /** Where the commit word stands, and what it says: flags above the data's length. */
  readonly commitAt: number;
  readonly commit: number;
  readonly length: number;
  readonly start: number;
  readonly end: number;
}

/** Where a page's data begins and ends; undefined where it says that it has more than it holds. */
export function dataOf(view: DataView, format: PageFormat, le: boolean): PageData | undefined {
  const { commitOffset, longSize, dataOffset, dataSize } = format;
  const commitAt = commitOffset + (le || longSize === 4 ? 0 : 4);
  const commit = view.getUint32(commitAt, le);
  const length = commit & COMMIT_MASK;
  return length > dataSize ? undefined : { commitAt, commit, length, start: dataOffset, end: dataOffset + length };
}

/** @returns where it ended: before the data's end where a record does not fit */
export function* walkPage(view: DataView, start: number, end: number, le: boolean): Generator<PageRecord, number> {
  let nowNs = Number(view.getBigUint64(0, le));
  let at = start;
  while (at + 4 <= end) {
    const word = view.getUint32(at, le);
    const type = le ? word & 31 : word >>> 27;
    const delta = le ? word >>> 5 : word & 0x7ffffff;
    // A null one fills the rest.
    if (type === PADDING && delta === 0) return end;
    const second = at + 8 <= end ? view.getUint32(at + 4, le) : 0;
    if (type > PADDING) {
      const stamp = delta + second * TWO_27;
      nowNs = type === TIME_EXTEND ? nowNs + stamp : absolute(nowNs, stamp);
      at += 8;
      continue;
    }
    const isShort = type > 0 && type <= MAX_TYPE_LEN;
    const bytes = isShort ? 4 + type * 4 : 4 + second;
    if (bytes < 8 || at + bytes > end) return at;
    const timeNs = nowNs + delta;
    const dataAt = at + (isShort ? 4 : 8);
    yield { at, dataAt, end: at + bytes, timeNs, beforeNs: nowNs, isPadding: type === PADDING };
    nowNs = timeNs;
    at += bytes;
  }
  return at;
}

/** A time stamp has 59 bits; the rest is that of the time before it. */
function absolute(beforeNs: number, stamp: number): number {
  const high = BigInt(beforeNs) / TWO_59;
  const time = Number(high * TWO_59 + BigInt(stamp));
  return time < beforeNs && high > 0n ? time + Number(TWO_59) : time;
}
