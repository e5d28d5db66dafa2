/** A workload's verdict in words. Pure. */
import { MIN_ROUNDS, ROUNDS_NEEDED } from "../../model/workload-rounds.ts";
import type { WorkloadView } from "../../model/workload-view.ts";

type WindowFacts = Pick<WorkloadView, "repeat" | "window" | "phases" | "earlierPhases">;

export interface Verdict {
  readonly word: "leak" | "clean" | "inconclusive" | "none yet" | "no verdict";
  readonly reason: string;
}

const WORDS = { leak: "leak", clean: "clean", unsafe: "inconclusive" } as const;

/** What the rounds say so far, or those of the window. */
export function verdictOf(workload: Pick<WorkloadView, "repeat" | "exact" | "phases" | "window">): Verdict {
  const { repeat, exact, phases, window } = workload;
  if (window !== undefined && repeat !== null && repeat.rounds < MIN_ROUNDS)
    return {
      word: "no verdict",
      reason: `the window holds ${repeat.rounds === 0 ? "no round" : plural(repeat.rounds, "round")} whole, and a verdict takes ${MIN_ROUNDS}: a longer window tells`,
    };
  if (repeat !== null) return { word: WORDS[repeat.verdict], reason: repeat.reason };
  if (!exact)
    return { word: "inconclusive", reason: "events were lost: what was freed unseen looks as if it were left" };
  const reason = phases.length === 0 ? "no phase has ended" : `one round tells what it left; ${ROUNDS_NEEDED}`;
  return { word: "none yet", reason };
}

/** Mode hist has phases run, but cannot say what they left. */
const NO_JUDGE =
  "mode hist cannot judge it: sums that the kernel makes do not tell phases apart. kmemtap run takes mode text or raw by itself; for this page start kmemtap with --mode text";

/** What stands where no workload is accounted. @param ran phases that are marks of the capture */
export function noAccountInWords(mode: string | undefined, ran: number): string {
  if (mode === "hist" && ran > 0) return `A workload ran (${plural(ran, "phase")}), but ${NO_JUDGE}.`;
  if (mode === "hist") return `No workload has run in this capture; one can be run under Control, but ${NO_JUDGE}.`;
  return `No workload has run in this capture. Whoever may act on the target starts one under Control; ${ROUNDS_NEEDED}.`;
}

/** What Control says of a workload before it runs; empty where nothing is in its way. */
export function beforeRunInWords(mode: string | undefined): string {
  return mode === "hist" ? `It runs, but ${NO_JUDGE}.` : "";
}

/** `Of the window: 2 whole rounds (2 to 3), 5 phases; 1 reaches beyond it, told whole all the same. …` */
export function windowInWords({ repeat, window, phases, earlierPhases }: WindowFacts): string {
  const beyond = window?.phasesBeyond ?? 0;
  const ran = `${repeat === null ? "" : `${roundsInWords(repeat)}, `}${plural(phases.length + earlierPhases, "phase")}`;
  const reach = `; ${beyond} ${beyond === 1 ? "reaches" : "reach"} beyond it, told whole all the same`;
  return `Of the window: ${ran}${beyond === 0 ? "" : reach}. What they left is what is there now, not what was at its end.`;
}

function roundsInWords({ rounds, perRound, roundsBeyond }: NonNullable<WorkloadView["repeat"]>): string {
  const [first, last] = [perRound.at(0)?.round, perRound.at(-1)?.round];
  const which = first === last ? `${first}` : `${first} to ${last}`;
  return plural(rounds, "whole round") + (rounds === 0 || roundsBeyond > 0 ? "" : ` (${which})`);
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
