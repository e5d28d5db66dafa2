/** The CPUs' records as one sequence by time, because an object is often freed on another CPU. */
import type { CpuStream } from "./cpu-stream.ts";

export interface MergeRules {
  /** Nothing younger is taken. */
  readonly untilNs: number;
  /** For a stream that has nothing to say at the moment: no record older than this is still to come from it. */
  readonly safeNsOf: (stream: CpuStream) => number;
  /** Takes what the stream has found, and clears it; false stops the merge, and the same is handed over again at the next. */
  readonly take: (stream: CpuStream) => boolean;
}

/** Takes all records whose turn is certain. */
export function mergeStreams(streams: readonly CpuStream[], { untilNs, safeNsOf, take }: MergeRules): void {
  for (;;) {
    let first: CpuStream | undefined;
    let limitNs = untilNs;
    for (const stream of streams) {
      if (stream.found === undefined && !stream.advance()) limitNs = Math.min(limitNs, safeNsOf(stream));
      else if (first === undefined || stream.timeNs < first.timeNs) {
        if (first !== undefined) limitNs = Math.min(limitNs, first.timeNs);
        first = stream;
      } else limitNs = Math.min(limitNs, stream.timeNs);
    }
    if (first === undefined || first.timeNs > limitNs) return;
    do {
      if (!take(first)) return;
    } while (first.advance() && first.timeNs <= limitNs);
  }
}
