/**
 * The one line at the bottom of a terminal that says how far a long job is. Whatever else is written to standard error takes it away first
 * ({@link clearStatus}), so that the two never mix. Where standard error is no terminal there is none.
 */

/** Often enough to look alive, seldom enough for a serial console. */
const LEAST_MS = 200;
const ERASE = "\r\x1b[2K";

let isShown = false;
let held: ((text: string) => void) | undefined;
let lastMs = 0;

export const hasStatus = process.stderr.isTTY;

/** @param text evaluated when it is time for it */
export function showStatus(text: () => string): void {
  const nowMs = Date.now();
  if (!hasStatus || held !== undefined || nowMs - lastMs < LEAST_MS) return;
  lastMs = nowMs;
  isShown = true;
  // A line that wraps could not be erased.
  process.stderr.write(ERASE + text().slice(0, Math.max(10, (process.stderr.columns || 80) - 1)));
}

export function clearStatus(): void {
  if (!isShown) return;
  isShown = false;
  // What is shown next is of something else.
  lastMs = 0;
  process.stderr.write(ERASE);
}

/**
 * The terminal is a screen: what would be said on standard error goes to `take`, until what this returns is called.
 */
export function holdTerminal(take: (text: string) => void): () => void {
  clearStatus();
  held = take;
  return () => {
    held = undefined;
  };
}

/** Takes what would be said, while the terminal is a screen. */
export function heldTerminal(): ((text: string) => void) | undefined {
  return held;
}

/** `1 m 5 s`. */
export function spanOf(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  if (h > 0) return `${String(h)} h ${String(m)} m`;
  return m > 0 ? `${String(m)} m ${String(s)} s` : `${String(s)} s`;
}
