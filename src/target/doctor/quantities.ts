/** Numbers as a finding says them. */

/** `92,912` */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en");
}

/** Of kibibytes: `512 kB`, `8 MB`, `1.5 GB`. */
export function sizeOfKb(kb: number): string {
  if (kb < 1024) return `${Math.round(kb)} kB`;
  if (kb < 1024 * 1024) return `${rounded(kb / 1024)} MB`;
  return `${rounded(kb / 1024 / 1024)} GB`;
}

/** Of bytes a second: `11.5 kB/s`, `470 MB/s`. */
export function speedOf(bytesPerSecond: number): string {
  if (bytesPerSecond < 1e6) return `${rounded(bytesPerSecond / 1e3)} kB/s`;
  return `${rounded(bytesPerSecond / 1e6)} MB/s`;
}

/** `46 ms`, `1.4 s`, `12 s`, `3 min`. */
export function timeOf(seconds: number): string {
  if (seconds < 1) return `${Math.ceil(seconds * 1000)} ms`;
  if (seconds < 120) return `${rounded(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

/** One figure behind the point below ten. */
export function rounded(value: number): string {
  return value < 10 ? String(Math.round(value * 10) / 10) : count(value);
}
