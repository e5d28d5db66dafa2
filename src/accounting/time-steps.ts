/** Spans of time in steps of a power of two, as the kernel's histograms have them: below 1 µs, below 2 µs, below 4 µs, and so on. */

export const STEPS = 33;

/** The last step has no upper end: from 2³¹ µs on, 36 minutes. */
export function stepOf(ns: number): number {
  return 32 - Math.clz32(Math.min(0xffffffff, ns / 1000));
}

/** The upper end of a step, seconds; null of the last. */
export function endOf(step: number): number | null {
  return step === STEPS - 1 ? null : 2 ** step / 1e6;
}
