/** Phases of a workload as spans of the trace clock. Pure. */
import type { Mark } from "../../model/wire.ts";
import type { Span } from "../view/view.ts";

export interface PhaseSpan {
  readonly name: string;
  readonly fromS: number;
  /** Null while it runs. */
  readonly toS: number | null;
}

/** In the order in which they began; an end without a beginning (it is older than the marks that are kept) is left out. */
export function phasesOf(marks: readonly Mark[]): PhaseSpan[] {
  const phases: PhaseSpan[] = [];
  for (const { kind, timeNs, text } of marks) {
    if (kind === "phase-begin") phases.push({ name: text, fromS: timeNs / 1e9, toS: null });
    if (kind !== "phase-end") continue;
    const open = phases.findLastIndex(({ name, toS }) => toS === null && isEndOf(name, text));
    if (open >= 0) phases[open] = { ...phases[open], toS: timeNs / 1e9 };
  }
  return phases;
}

/** An end says of a command that failed how: `load, round 2: exit status 1`. */
function isEndOf(name: string, text: string): boolean {
  return text === name || text.startsWith(`${name}: exit status `);
}

/** Whether a part of it lies in the window; what has no window is wholly in it. */
export function isIn({ fromS, toS }: Pick<PhaseSpan, "fromS" | "toS">, window: Span | null): boolean {
  return window === null || (fromS <= window.max && (toS ?? Infinity) >= window.min);
}
