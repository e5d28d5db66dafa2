/** Lines of kmemtap's own agent, wherever they stand: behind `tracing_mark_write: `, on a line of their own, behind a prompt. */
import { ascii, startsWith } from "./ascii.ts";

const MARK = ascii("@kmemtap ");

/** Where `@kmemtap ` begins in `[from, end)`, or -1. */
export function findAgentLine(bytes: Uint8Array, from: number, end: number): number {
  for (let at = from; at + MARK.length <= end; at++) {
    if (bytes[at] === MARK[0] && startsWith(bytes, at, MARK)) return at;
  }
  return -1;
}
