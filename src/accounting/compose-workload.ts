/** A ledger's phases and residue as the account of a workload: O(call sites × phases + live objects), for its end. */
import { byCaller, callerOf } from "../model/caller.ts";
import {
  type PhaseCaller,
  type Residue,
  type ResidueCaller,
  SCOPE_NOTES,
  type Workload,
  WORKLOAD_SCHEMA,
  type WorkloadPhase,
} from "../model/workload.ts";
import { totalOf, withNet } from "./activity.ts";
import { judgeRounds } from "./judge-rounds.ts";
import { unseenFrees } from "./leak-verdict.ts";
import { completeRounds, isWithin } from "./phases-within.ts";
import { merged, type ResidueCell } from "./residue.ts";
import { sum } from "./sum.ts";
import type { PhaseRecord, WorkloadContext, WorkloadState } from "./workload-state.ts";
import { WorkloadSums } from "./workload-sums.ts";

export function composeWorkload(state: WorkloadState, context: WorkloadContext): Workload {
  const { snapshot, span } = context;
  const records = state.records.filter((record) => isWithin(record, span));
  const sums = new WorkloadSums(state, context);
  const rounds = completeRounds(state.records, span);
  return {
    schema: WORKLOAD_SCHEMA,
    exact: snapshot.exact,
    interrupted: context.interrupted === true || records.some((record) => !record.ended),
    target: context.target,
    scope: context.scope,
    scopeNote: SCOPE_NOTES[context.scope],
    phases: records.map((record) => phaseOf(record, sums, state)),
    residue: residueOf(records, sums, state, context),
    repeat: state.records.every(({ round }) => round === state.records[0].round)
      ? null
      : judgeRounds(sums, rounds, state, context),
    snapshot,
  };
}

function phaseOf(record: PhaseRecord, sums: WorkloadSums, state: WorkloadState): WorkloadPhase {
  const { name, command, round, status, output, startedNs, endedNs, phase } = record;
  const sites = sums.activity([phase]);
  const left = sums.cells(phase);
  const callers: PhaseCaller[] = [...sites].map(([callSite, activity]) => ({
    callSite,
    caller: callerOf(callSite),
    ...withNet(activity),
  }));
  callers.sort((a, b) => b.netBytes - a.netBytes || byCaller(a, b));
  return {
    name,
    command,
    round,
    status,
    interrupted: !record.begun || !record.ended,
    ...(output.length > 0 ? { output: [...output] } : {}),
    startedNs,
    endedNs,
    ...withNet(totalOf(sites.values())),
    unmatchedFrees: state.phases.unmatchedFrees(phase),
    leftObjects: sum(left, (cell) => cell.objects),
    leftBytes: sum(left, (cell) => cell.bytes),
    callers,
  };
}

function residueOf(
  records: readonly PhaseRecord[],
  sums: WorkloadSums,
  { nowNs }: WorkloadState,
  { addresses = 0 }: WorkloadContext,
): Residue {
  const rounds = new Set(records.map(({ round }) => round));
  const implied = sums.activityOf([...rounds]);
  const sites = new Map<string, { cell: ResidueCell; byPhase: Map<string, number> }>();
  for (const { phase, name } of records) {
    for (const cell of sums.cells(phase)) {
      const callSite = sums.callSite(cell.site, phase);
      const before = sites.get(callSite);
      const byPhase = before?.byPhase ?? new Map<string, number>();
      byPhase.set(name, (byPhase.get(name) ?? 0) + cell.objects);
      sites.set(callSite, { cell: before === undefined ? cell : merged(before.cell, cell, addresses), byPhase });
    }
  }
  const callers = [...sites].map(([callSite, { cell, byPhase }]): ResidueCaller => {
    const unseen = unseenFrees(callSite, implied.get(callSite)?.impliedFrees ?? 0, cell.objects);
    const doubt = sums.doubtful.get(callSite);
    return {
      callSite,
      caller: callerOf(callSite),
      objects: cell.objects,
      bytes: cell.bytes,
      requestedBytes: cell.requestedBytes,
      byPhase: Object.fromEntries(byPhase),
      ages: agesOf(cell, nowNs),
      ...(addresses > 0 ? { addresses: cell.oldest.map(({ pointer }) => `0x${pointer.toString(16)}`) } : {}),
      ...(doubt === undefined
        ? {}
        : {
            doubtfulObjects: Math.min(doubt.objects, cell.objects),
            doubtfulBytes: Math.min(doubt.bytes, cell.bytes),
          }),
      marks: [
        ...(unseen === undefined && doubt === undefined ? [] : (["unseen-frees"] as const)),
        ...(sums.isOwn(callSite) ? (["own"] as const) : []),
      ],
    };
  });
  callers.sort((a, b) => b.bytes - a.bytes || byCaller(a, b));
  return {
    objects: sum(callers, (row) => row.objects),
    bytes: sum(callers, (row) => row.bytes),
    requestedBytes: sum(callers, (row) => row.requestedBytes),
    callers,
  };
}

function agesOf({ oldestNs, youngestNs }: ResidueCell, nowNs: number | null): ResidueCaller["ages"] {
  if (nowNs === null || oldestNs === null || youngestNs === null) return null;
  // Not below zero: the kernel's merged stream steps back by some milliseconds now and then.
  const age = (timeNs: number) => Math.max(0, nowNs - timeNs) / 1e9;
  return { oldestS: age(oldestNs), youngestS: age(youngestNs) };
}
