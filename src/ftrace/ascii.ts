/** Bytes of trace text, by name. */
export const NEWLINE = 0x0a;
export const RETURN = 0x0d;
export const SPACE = 0x20;
export const HASH = 0x23;
export const PAREN_OPEN = 0x28;
export const PAREN_CLOSE = 0x29;
export const DASH = 0x2d;
export const DOT = 0x2e;
export const ZERO = 0x30;
const NINE = 0x39;
export const COLON = 0x3a;
export const EQUALS = 0x3d;
export const BRACKET_OPEN = 0x5b;
export const BRACKET_CLOSE = 0x5d;

/** Value of a hexadecimal digit, lower case as `%p` prints it or upper; {@link NOT_HEX} for any other byte. */
export const NOT_HEX = 0x80;
export const HEX = new Uint8Array(256).fill(NOT_HEX);
for (let digit = 0; digit < 16; digit++) {
  HEX[digit.toString(16).charCodeAt(0)] = digit;
  HEX[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

/** Value of two hexadecimal digits by the little-endian 16 bits that hold them; above 0xff for anything else. */
export const HEX_PAIRS = new Uint16Array(65536).fill(0xffff);
const HEX_DIGITS = ascii("0123456789abcdefABCDEF");
for (const first of HEX_DIGITS) {
  for (const second of HEX_DIGITS) HEX_PAIRS[first | (second << 8)] = (HEX[first] << 4) | HEX[second];
}

export function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

/** Four bytes of text as the little-endian word that a DataView reads: one comparison instead of four. */
export function word(text: string): number {
  return (
    (text.charCodeAt(0) | (text.charCodeAt(1) << 8) | (text.charCodeAt(2) << 16) | (text.charCodeAt(3) << 24)) >>> 0
  );
}

/** True where `bytes` holds `literal` at `at`. */
export function startsWith(bytes: Uint8Array, at: number, literal: Uint8Array): boolean {
  for (let i = 0; i < literal.length; i++) if (bytes[at + i] !== literal[i]) return false;
  return true;
}

export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}
