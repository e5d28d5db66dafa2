/** Which phases and rounds of a workload a part of the trace is of. A phase's sums cannot be divided: it is told whole. */
import type { ClockSpan, PhaseRecord } from "./workload-state.ts";

type Times = Pick<PhaseRecord, "startedNs" | "endedNs">;

/** Whether a part of it ran then. */
export function isWithin({ startedNs, endedNs }: Times, span: ClockSpan | undefined): boolean {
  return span === undefined || ((startedNs ?? -Infinity) <= span.toNs && (endedNs ?? Infinity) >= span.fromNs);
}

/** Whether all of it did. */
export function isWhole({ startedNs, endedNs }: Times, span: ClockSpan | undefined): boolean {
  return span === undefined || ((startedNs ?? -Infinity) >= span.fromNs && (endedNs ?? Infinity) <= span.toNs);
}

/** Rounds of which every phase was seen from its beginning to its end, and then, and that have as many phases as the first of all. */
export function completeRounds(records: readonly PhaseRecord[], span: ClockSpan | undefined): number[] {
  const rounds = [...new Set(records.map((record) => record.round))];
  const of = (round: number) => records.filter((record) => record.round === round);
  const phases = rounds.length === 0 ? 0 : of(rounds[0]).length;
  return rounds.filter((round) => {
    const own = of(round);
    return own.length >= phases && own.every((record) => record.begun && record.ended && isWhole(record, span));
  });
}
