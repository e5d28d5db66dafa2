/** A workload's verdict in words. Pure. */
import type { WorkloadView } from "../../model/workload-view.ts";

export interface Verdict {
  readonly word: "leak" | "clean" | "inconclusive" | "none yet";
  readonly reason: string;
}

const WORDS = { leak: "leak", clean: "clean", unsafe: "inconclusive" } as const;

/** What the rounds say so far. */
export function verdictOf({ repeat, exact, phases }: Pick<WorkloadView, "repeat" | "exact" | "phases">): Verdict {
  if (repeat !== null) return { word: WORDS[repeat.verdict], reason: repeat.reason };
  if (!exact)
    return { word: "inconclusive", reason: "events were lost: what was freed unseen looks as if it were left" };
  const reason =
    phases.length === 0 ? "no phase has ended" : "one round tells what it left; three or more tell a leak from a cache";
  return { word: "none yet", reason };
}

/** `3 rounds, 12 phases; round 4, load runs`. */
export function progressInWords({ progress }: Pick<WorkloadView, "progress">): string {
  const { phases, rounds, running, over } = progress;
  const state =
    running !== null ? `round ${running.round}, ${running.name} runs` : over ? "over" : "between two phases";
  return `${plural(rounds, "round")}, ${plural(phases, "phase")}; ${state}`;
}

/** Names of the phases that something was left of, in the order in which they ran first. */
export function phasesThatLeft({ phases, residue }: Pick<WorkloadView, "phases" | "residue">): string[] {
  const left = new Set(residue.callers.flatMap(({ byPhase }) => Object.keys(byPhase)));
  const inOrder = phases.map(({ name }) => name).filter((name) => left.has(name));
  return [...new Set([...inOrder, ...left])];
}

/** Whether its phases have several names, so that a row must say of which it is. */
export function isPhased({ phases }: Pick<WorkloadView, "phases">): boolean {
  return new Set(phases.map(({ name }) => name)).size > 1;
}

/** `load 3, use 12`. */
export function phasesInWords(byPhase: Readonly<Record<string, number>>): string {
  return Object.entries(byPhase)
    .map(([name, objects]) => `${name} ${objects}`)
    .join(", ");
}

export function plural(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
