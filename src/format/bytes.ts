import { formatCount } from "./count.ts";

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** Powers of 1024, as kernel developers count memory: `812 B`, `4.0 KiB`, `−1.5 MiB`. */
export function humanBytes(bytes: number, decimals = 1): string {
  let size = Math.abs(bytes);
  let unit = 0;
  // Not `size >= 1024`: 1023.7 KiB, which would be written as 1024 KiB, is 1.0 MiB.
  while (unit < UNITS.length - 1 && Math.round(size) >= 1024) {
    size /= 1024;
    unit++;
  }
  // No fraction from 1000 on: four digits are precise enough, and keep the columns narrow.
  const fraction = unit === 0 || size >= 999.5 ? 0 : decimals;
  return `${bytes < 0 ? "−" : ""}${size.toFixed(fraction)} ${UNITS[unit]}`;
}

/** `12,914,688 bytes` */
export function exactBytes(bytes: number): string {
  return `${formatCount(bytes)} ${Math.abs(bytes) === 1 ? "byte" : "bytes"}`;
}
