/** The CPUs' records as one sequence by time, because an object is often freed on another CPU. */
import type { CpuStream } from "./cpu-stream.ts";
import type { RawCore, SeenPids } from "./raw-core.ts";

export interface MergeRules {
  /** Nothing younger is taken. */
  readonly untilNs: number;
  /** Whose events {@link take} must look at. */
  readonly mayBeOwn: SeenPids;
  /** For a stream that has nothing to say at the moment: no record older than this is still to come from it. */
  readonly safeNsOf: (stream: CpuStream) => number;
  /** Takes what the stream has found, and clears it; false stops the merge, and the same is handed over again at the next. */
  readonly take: (stream: CpuStream) => boolean;
}

/** Takes all records whose turn is certain: the usual ones by the core, where the streams have lent it their pages. */
export function mergeStreams(streams: readonly CpuStream[], core: RawCore, rules: MergeRules): void {
  core.begin(
    streams.map(({ lane }) => lane),
    rules.mayBeOwn,
  );
  const byLane: CpuStream[] = [];
  const lent = new Set<CpuStream>();
  let limitNs = rules.untilNs;
  const place = (stream: CpuStream) => {
    if (stream.lend() || (stream.found === undefined && stream.advance() && stream.lend())) lent.add(stream);
    else if (stream.found !== undefined) core.hold(stream.lane, stream.timeNs);
    else limitNs = Math.min(limitNs, rules.safeNsOf(stream));
  };
  for (const stream of streams) {
    byLane[stream.lane] = stream;
    place(stream);
  }
  for (;;) {
    const needs = core.merge(streams.length, limitNs);
    if (needs === undefined) break;
    const stream = byLane[needs];
    if (lent.delete(stream)) stream.takeBack();
    else {
      core.flush();
      if (!rules.take(stream)) break;
      core.release(stream.lane);
    }
    place(stream);
  }
  for (const stream of lent) stream.takeBack();
  core.flush();
}
