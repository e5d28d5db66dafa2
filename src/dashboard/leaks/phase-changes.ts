/** What the phases of workloads changed, each time they ran. Pure. */
import type { HistoryPoint, Mark } from "../../model/wire.ts";
import type { WorkloadPhase } from "../../model/workload.ts";
import { type PhaseSpan, phasesOf } from "../chart/phases.ts";
import { momentsApart } from "../window/moments-apart.ts";

export interface PhaseChange extends PhaseSpan {
  /** Which time a phase of this name ran, from 1. */
  readonly round: number;
  /** By the workload's account what it allocated less what it freed; by the chart what the target held more at its end, or now, than at its beginning. */
  readonly by: "account" | "chart";
  /** Null where only the chart has it, and it was shorter than the chart's moments are apart: what is read off there is mostly that of others. */
  readonly netBytes: number | null;
}

/**
 * In the order in which they began.
 *
 * @param told phases of the workload's account, which has those of the workload that ran last
 */
export function phaseChanges(
  marks: readonly Mark[],
  history: readonly HistoryPoint[],
  told: readonly Pick<WorkloadPhase, "startedNs" | "netBytes">[],
): PhaseChange[] {
  const rounds = new Map<string, number>();
  const times = history.map(([time]) => time);
  // A phase begins at one moment of the trace clock in its mark and in its account.
  const account = new Map(told.flatMap((phase) => (phase.startedNs === null ? [] : [[phase.startedNs / 1e9, phase]])));
  return phasesOf(marks).map((phase) => {
    const round = (rounds.get(phase.name) ?? 0) + 1;
    rounds.set(phase.name, round);
    const own = account.get(phase.fromS);
    if (own !== undefined) return { ...phase, round, by: "account", netBytes: own.netBytes };
    const toS = phase.toS ?? Infinity;
    const apart = momentsApart(times, { min: phase.fromS, max: toS });
    const isSeen = apart !== null && toS - phase.fromS >= apart;
    const netBytes = isSeen ? netAt(history, toS) - netAt(history, phase.fromS) : null;
    return { ...phase, round, by: "chart", netBytes };
  });
}

/** As it was last noted before a moment. */
function netAt(history: readonly HistoryPoint[], seconds: number): number {
  let net = 0;
  for (const [time, bytes] of history) {
    if (time > seconds) break;
    net = bytes;
  }
  return net;
}
