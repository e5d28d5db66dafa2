/** The account of a workload cut to what a viewer draws: the newest phases and rounds, the largest callers. Sums and verdict stay whole. */
import type { GrowingCaller, Repeat, Workload } from "../model/workload.ts";
import { MOST, WORKLOAD_VIEW_SCHEMA, type WorkloadProgress, type WorkloadView } from "../model/workload-view.ts";
import { isWhole } from "./phases-within.ts";
import type { ClockSpan } from "./workload-state.ts";

/** @param span that the workload was composed of, where it is a part */
export function viewOfWorkload(workload: Workload, progress: WorkloadProgress, span?: ClockSpan): WorkloadView {
  const { snapshot, phases, residue, repeat, ...rest } = workload;
  return {
    ...rest,
    schema: WORKLOAD_VIEW_SCHEMA,
    run: snapshot.source.run,
    progress,
    ...(span !== undefined && {
      window: {
        fromNs: Number.isFinite(span.fromNs) ? span.fromNs : null,
        toNs: Number.isFinite(span.toNs) ? span.toNs : null,
        phasesBeyond: phases.filter((phase) => !isWhole(phase, span)).length,
      },
    }),
    phases: phases
      .slice(-MOST.phases)
      .map((phase) => ({ ...phase, callers: phase.callers.slice(0, MOST.phaseCallers) })),
    earlierPhases: Math.max(0, phases.length - MOST.phases),
    residue: {
      ...residue,
      callers: residue.callers.slice(0, MOST.callers),
      callersBeyond: Math.max(0, residue.callers.length - MOST.callers),
    },
    repeat: repeat === null ? null : cut(repeat),
  };
}

function cut(repeat: Repeat): NonNullable<WorkloadView["repeat"]> {
  return {
    ...repeat,
    perRound: repeat.perRound.slice(-MOST.rounds),
    roundsBeyond: Math.max(0, repeat.perRound.length - MOST.rounds),
    growing: repeat.growing.slice(0, MOST.callers).map(newest),
    growingBeyond: Math.max(0, repeat.growing.length - MOST.callers),
  };
}

function newest(caller: GrowingCaller): GrowingCaller {
  const { perRound, objectsPerRound, survivorsPerRound } = caller;
  return {
    ...caller,
    perRound: perRound.slice(-MOST.rounds),
    objectsPerRound: objectsPerRound.slice(-MOST.rounds),
    survivorsPerRound: survivorsPerRound.slice(-MOST.rounds),
  };
}
