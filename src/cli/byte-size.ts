import { usage } from "./arm-options.ts";

const UNITS: Readonly<Record<string, number>> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** `4k`, `1.5M`, `65536` in bytes; undefined where it is none. */
export function bytesIn(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([kmg]?)(?:i?b)?$/i.exec(text);
  if (match === null) return undefined;
  const bytes = Math.round(Number(match[1]) * UNITS[match[2].toLowerCase()]);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** Of an option; undefined where it was not given. */
export function byteSizeOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const bytes = bytesIn(text);
  if (bytes === undefined)
    throw usage(`${option} ${text}: not a number of bytes`, `for example ${option} 4k (k, m, g)`);
  return bytes;
}
