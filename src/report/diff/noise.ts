/**
 * What two runs of the same differ by: a socket buffer in flight, a route that was looked up, a timer's work.
 *
 * Measured on boots of Debian's 6.1 (two CPUs, a shell by SSH; docs/diff.md): 6 to 12 of 530 functions differed, none by more than
 * 1,280 bytes, all together by less than 2 KiB of 15 MB.
 */
import type { DiffNoise } from "../../model/diff.ts";

/** Bytes; what one function may differ by. */
export const DEFAULT_NOISE_BYTES = 2048;
/** Together so many times as much, or so much of A, is no noise any more: a struct that grew by a word shows everywhere. */
const TOGETHER = 8;
const TOGETHER_OF_NET = 0.001;

export interface Differing {
  /** b less a */
  readonly bytes: number;
  /** What has no counterpart is a change of the code, not of the run. */
  readonly isOnBoth: boolean;
}

export function isNoise({ bytes, isOnBoth }: Differing, noiseBytes: number): boolean {
  return isOnBoth && Math.abs(bytes) <= noiseBytes;
}

/** @param noise of the functions that differ no more than that: how many, and bytes together */
export function judgeNoise(
  noise: Pick<DiffNoise, "functions" | "bytes">,
  noiseBytes: number,
  netBytesA: number,
): DiffNoise {
  const most = Math.max(noiseBytes * TOGETHER, noiseBytes === 0 ? 0 : netBytesA * TOGETHER_OF_NET);
  return { bytesAFunction: noiseBytes, ...noise, isCounted: Math.abs(noise.bytes) > most };
}
