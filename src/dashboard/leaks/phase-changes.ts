/** What the phases of workloads changed, each time they ran. Pure. */
import type { HistoryPoint, Mark } from "../../model/wire.ts";
import { type PhaseSpan, phasesOf } from "../chart/phases.ts";

export interface PhaseChange extends PhaseSpan {
  /** Which time a phase of this name ran, from 1. */
  readonly round: number;
  /** Net bytes at its end, or now, less those at its beginning; null where it was shorter than the history's moments are apart. */
  readonly netBytes: number | null;
}

/** In the order in which they began. */
export function phaseChanges(marks: readonly Mark[], history: readonly HistoryPoint[]): PhaseChange[] {
  const rounds = new Map<string, number>();
  return phasesOf(marks).map((phase) => {
    const round = (rounds.get(phase.name) ?? 0) + 1;
    rounds.set(phase.name, round);
    const toS = phase.toS ?? Infinity;
    const isSeen = history.some(([time]) => time > phase.fromS && time <= toS);
    const netBytes = isSeen ? netAt(history, toS) - netAt(history, phase.fromS) : null;
    return { ...phase, round, netBytes };
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
