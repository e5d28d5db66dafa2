/** Spans of time in steps of a power of two, as the kernel's histograms have them: below 1 µs, below 2 µs, below 4 µs, and so on. */

export const STEPS = 33;

/** The last step has no upper end: from 2³¹ µs on, 36 minutes. */
export function stepOf(ns: number): number {
  return 32 - Math.clz32(Math.min(0xffffffff, ns / 1000));
}

/** The lower end of a step, seconds. */
export function startOf(step: number): number {
  return step === 0 ? 0 : 2 ** (step - 1) / 1e6;
}

/** The upper end of a step, seconds; null of the last. */
export function endOf(step: number): number | null {
  return step === STEPS - 1 ? null : 2 ** step / 1e6;
}

/**
 * The median of spans of which their steps alone are known, seconds: an estimate, as if those of its step lay evenly in it, which spans of what
 * comes steadily do. Null of none, and in a step without an end.
 *
 * @param longestS the longest of them, where it is known
 */
export function medianOf(steps: readonly number[], longestS = Infinity): number | null {
  const half = steps.reduce((sum, count) => sum + count, 0) / 2;
  let below = 0;
  for (const [step, count] of steps.entries()) {
    if (count > 0 && below + count >= half) {
      const end = Math.min(endOf(step) ?? Infinity, longestS);
      const start = Math.min(startOf(step), end);
      return end === Infinity ? null : start + ((half - below) / count) * (end - start);
    }
    below += count;
  }
  return null;
}
