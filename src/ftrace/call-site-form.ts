/**
 * What the kernel prints as a call site: `symbol+0x1f/0x90`, the same with ` [module]`, or an address where it knows no
 * symbol, with `0x` (%pS, lib/vsprintf.c) or without (%lx, before 4.20). Anything else was torn: an echoed word in the
 * middle would make a call site of its own. Asked once for each text, so it may look at every byte.
 */
import { BRACKET_CLOSE, BRACKET_OPEN, HEX, isDigit, NOT_HEX, SPACE, ZERO } from "./ascii.ts";

const PLUS = 0x2b;
const SLASH = 0x2f;
const X = 0x78;
const DOT = 0x2e;
const DOLLAR = 0x24;
const UNDERSCORE = 0x5f;
const DASH = 0x2d;

export function isCallSite(bytes: Uint8Array, from: number, end: number): boolean {
  let p = skipName(bytes, from, end);
  if (p === from) return false;
  // An address, or a symbol alone (%ps).
  if (p === end) return true;
  if (bytes[p] !== PLUS) return false;
  p = skipNumber(bytes, p + 1, end);
  if (p < 0 || bytes[p] !== SLASH) return false;
  p = skipNumber(bytes, p + 1, end);
  if (p === end) return true;
  if (p < 0 || bytes[p] !== SPACE || bytes[p + 1] !== BRACKET_OPEN) return false;
  const moduleEnd = skipName(bytes, p + 2, end);
  return moduleEnd > p + 2 && moduleEnd === end - 1 && bytes[moduleEnd] === BRACKET_CLOSE;
}

/** Letters, digits and what compilers put between them (`.isra.0`, `$`); a module's name may hold a dash. */
function skipName(bytes: Uint8Array, from: number, end: number): number {
  let p = from;
  for (; p < end; p++) {
    const byte = bytes[p];
    const letter = byte | 0x20;
    const isName =
      (letter >= 0x61 && letter <= 0x7a) ||
      isDigit(byte) ||
      byte === UNDERSCORE ||
      byte === DOT ||
      byte === DOLLAR ||
      byte === DASH;
    if (!isName) break;
  }
  return p;
}

/** Behind `0x` and digits, or -1. */
function skipNumber(bytes: Uint8Array, from: number, end: number): number {
  if (bytes[from] !== ZERO || bytes[from + 1] !== X) return -1;
  let p = from + 2;
  while (p < end && HEX[bytes[p]] !== NOT_HEX) p++;
  return p === from + 2 ? -1 : p;
}
