/**
 * The one line at the bottom of a terminal that says how far a long job is. Whatever else is written to standard error takes it away first
 * ({@link clearStatus}), so that the two never mix. Where standard error is no terminal there is none.
 */

/** Often enough to look alive, seldom enough for a serial console. */
const LEAST_MS = 200;
const ERASE = "\r\x1b[2K";

let isShown = false;
let lastMs = 0;

export const hasStatus = process.stderr.isTTY;

/** @param text evaluated when it is time for it */
export function showStatus(text: () => string): void {
  const nowMs = Date.now();
  if (!hasStatus || nowMs - lastMs < LEAST_MS) return;
  lastMs = nowMs;
  isShown = true;
  // A line that wraps could not be erased.
  process.stderr.write(ERASE + text().slice(0, Math.max(10, (process.stderr.columns || 80) - 1)));
}

export function clearStatus(): void {
  if (!isShown) return;
  isShown = false;
  process.stderr.write(ERASE);
}

/** `1 m 5 s`. */
export function spanOf(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  if (h > 0) return `${String(h)} h ${String(m)} m`;
  return m > 0 ? `${String(m)} m ${String(s)} s` : `${String(s)} s`;
}
