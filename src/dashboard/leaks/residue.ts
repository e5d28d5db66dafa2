/** What a workload left, as rows. Pure. */
import type { Workload } from "../../model/workload.ts";
import { formatSpan } from "../format/time.ts";

/** More phases than this are no columns. */
const MOST_PHASES = 8;

export interface ResidueRow {
  readonly caller: string;
  readonly bytes: number;
  /** Objects by the name of the phase that allocated them. */
  readonly byPhase: Readonly<Record<string, number | undefined>>;
  /** `2.1 s to 8.4 s` */
  readonly ages: string;
}

/** Names of the phases in the order in which they ran, each once. */
export function phaseNames({ phases }: Pick<Workload, "phases">): string[] {
  return [...new Set(phases.map(({ name }) => name))].slice(0, MOST_PHASES);
}

export function residueRows({ residue }: Pick<Workload, "residue">): ResidueRow[] {
  return residue.callers.map(({ caller, bytes, byPhase, ages }) => ({
    caller,
    bytes,
    byPhase,
    ages: ages === null ? "" : `${formatSpan(ages.youngestS)} to ${formatSpan(ages.oldestS)}`,
  }));
}
