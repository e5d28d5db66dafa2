/** The CPUs' records as one sequence by time, because an object is often freed on another CPU. */
import type { CpuStream } from "./cpu-stream.ts";

export interface MergeRules {
  /** Nothing younger is taken. */
  readonly untilNs: number;
  /** For a stream that has nothing to say at the moment: no record older than this is still to come from it. */
  readonly safeNsOf: (stream: CpuStream) => number;
  /** Takes what the stream has found, and clears it; false stops the merge, and the same is handed over again at the next. */
  readonly take: (stream: CpuStream) => boolean;
  /** Takes what it can of the records from the next one on, as long as they are not younger than `limitNs`. */
  readonly takeMore: (stream: CpuStream, limitNs: number) => void;
}

/** Takes all records whose turn is certain. */
export function mergeStreams(streams: readonly CpuStream[], rules: MergeRules): void {
  const { untilNs, safeNsOf } = rules;
  for (;;) {
    let first: CpuStream | undefined;
    let firstNs = Infinity;
    let limitNs = untilNs;
    for (const stream of streams) {
      const nextNs = nextOf(stream);
      if (nextNs < 0) limitNs = Math.min(limitNs, safeNsOf(stream));
      else if (first === undefined || nextNs < firstNs) {
        limitNs = Math.min(limitNs, firstNs);
        first = stream;
        firstNs = nextNs;
      } else limitNs = Math.min(limitNs, nextNs);
    }
    if (first === undefined || firstNs > limitNs || !takeUntil(first, limitNs, rules)) return;
  }
}

/** When the stream's next record was; -1 where there is none yet. */
function nextOf(stream: CpuStream): number {
  if (stream.nextNs >= 0) return stream.nextNs;
  return stream.found !== undefined || stream.advance() ? stream.timeNs : -1;
}

/** Takes the stream's records up to `limitNs`; false where one of them stops the merge. */
function takeUntil(stream: CpuStream, limitNs: number, { take, takeMore }: MergeRules): boolean {
  for (;;) {
    takeMore(stream, limitNs);
    const nextNs = nextOf(stream);
    if (nextNs < 0 || nextNs > limitNs) return true;
    if (!take(stream)) return false;
  }
}
