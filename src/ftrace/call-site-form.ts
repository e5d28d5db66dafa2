/**
 * What the kernel prints as a call site: `symbol+0x1f/0x90`, the same with ` [module]`, or an address where it knows no
 * symbol, with `0x` (%pS, lib/vsprintf.c) or without (%lx, before 4.20). Anything else was torn: an echoed word in the
 * middle would make a call site of its own.
 */
import { ascii, BRACKET_CLOSE, BRACKET_OPEN, HEX, NOT_HEX, SPACE, ZERO } from "./ascii.ts";

const PLUS = 0x2b;
const SLASH = 0x2f;
const DELIMITERS = ascii("+/[]=<>");
const X = 0x78;
const MIN_ADDRESS_DIGITS = 8;

/**
 * The form of the call sites of one trace. A kernel prints symbols or bare addresses, never both, and addresses of one
 * width, so the first ones say what to expect.
 */
export class CallSiteForm {
  #hasSymbols = false;
  /** Digits of bare addresses; 0 before the first. */
  #addressDigits = 0;

  /** True where the text in `[from, end)` is a call site of this trace. Asked once for each text. */
  accepts(bytes: Uint8Array, from: number, end: number): boolean {
    if (isSymbol(bytes, from, end)) {
      this.#hasSymbols = true;
      return true;
    }
    const hasPrefix = bytes[from] === ZERO && bytes[from + 1] === X;
    const digits = skipHex(bytes, hasPrefix ? from + 2 : from, end);
    // What a module leaves behind, once it is gone, on a kernel that prints symbols.
    if (hasPrefix) return digits === end && end - from > 2;
    if (this.#hasSymbols) return false;
    if (digits < end || end - from < MIN_ADDRESS_DIGITS) return end > from && skipName(bytes, from, end) === end;
    if (this.#addressDigits === 0) this.#addressDigits = end - from;
    return end - from === this.#addressDigits;
  }
}

/** `symbol+0x1f/0x90`, perhaps with ` [module]`; nothing calls from behind its function's end. */
function isSymbol(bytes: Uint8Array, from: number, end: number): boolean {
  const nameEnd = skipName(bytes, from, end);
  if (nameEnd === from || bytes[nameEnd] !== PLUS) return false;
  const offsetEnd = skipNumber(bytes, nameEnd + 1, end);
  if (offsetEnd < 0 || bytes[offsetEnd] !== SLASH) return false;
  const sizeEnd = skipNumber(bytes, offsetEnd + 1, end);
  if (sizeEnd < 0 || hexValue(bytes, nameEnd + 3, offsetEnd) > hexValue(bytes, offsetEnd + 3, sizeEnd)) return false;
  if (sizeEnd === end) return true;
  if (bytes[sizeEnd] !== SPACE || bytes[sizeEnd + 1] !== BRACKET_OPEN) return false;
  const moduleAt = sizeEnd + 2;
  const moduleEnd = skipName(bytes, moduleAt, end);
  return moduleEnd > moduleAt && moduleEnd === end - 1 && bytes[moduleEnd] === BRACKET_CLOSE;
}

/** Whatever compilers and languages make of a name (`.isra.0`, `$`, bytes beyond ASCII), but what delimits it here. */
function skipName(bytes: Uint8Array, from: number, end: number): number {
  let p = from;
  while (p < end && bytes[p] > SPACE && !DELIMITERS.includes(bytes[p])) p++;
  return p;
}

/** Behind `0x` and digits, or -1. */
function skipNumber(bytes: Uint8Array, from: number, end: number): number {
  if (bytes[from] !== ZERO || bytes[from + 1] !== X) return -1;
  const digitsEnd = skipHex(bytes, from + 2, end);
  return digitsEnd === from + 2 ? -1 : digitsEnd;
}

function skipHex(bytes: Uint8Array, from: number, end: number): number {
  let p = from;
  while (p < end && HEX[bytes[p]] !== NOT_HEX) p++;
  return p;
}

function hexValue(bytes: Uint8Array, from: number, end: number): number {
  let value = 0;
  for (let p = from; p < end; p++) value = value * 16 + HEX[bytes[p]];
  return value;
}
