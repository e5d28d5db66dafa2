/** Lines of kmemtap's own agent, wherever they stand: behind `tracing_mark_write: `, on a line of their own, behind a prompt. */
import { ascii, isDigit, SPACE, startsWith, ZERO } from "./ascii.ts";

const MARK = ascii("@kmemtap ");

/** Where `@kmemtap ` begins in `[from, end)`, or -1. */
export function findAgentLine(bytes: Uint8Array, from: number, end: number): number {
  for (let at = from; at + MARK.length <= end; at++) {
    if (bytes[at] === MARK[0] && startsWith(bytes, at, MARK)) return at;
  }
  return -1;
}

/** True where the agent's line at `at` ends at `end` and has the length that it says it has: `@kmemtap … ~87`. */
export function isWholeAgentLine(bytes: Uint8Array, at: number, end: number): boolean {
  let p = end;
  let length = 0;
  for (let unit = 1; p > at && isDigit(bytes[p - 1]); unit *= 10) length += (bytes[--p] - ZERO) * unit;
  const bodyEnd = p - LENGTH_MARK_BYTES;
  if (p === end || bytes[p - 1] !== TILDE || bytes[bodyEnd] !== SPACE) return false;
  return bodyEnd - (at + MARK.length) === length;
}

const TILDE = 0x7e;
/** ` ~` */
const LENGTH_MARK_BYTES = 2;
