/** What became of a workload's phases, as whoever ran them is told. Pure. */
import type { CaptureMode } from "../../model/target-facts.ts";

/** Of each phase the exit status of every round; null where it is not known. */
export type PhaseStatuses = ReadonlyMap<{ readonly name: string }, readonly (number | null)[]>;

/** Mode hist's sums do not tell phases apart. */
const NOT_JUDGED = "mode hist cannot judge what it left: --mode text can, and kmemtap run takes it by itself";

/** `load: exit status 0 in 5 rounds; use: exit status 1`; what they printed. */
export function phasesInWords(statuses: PhaseStatuses, output: string, mode: CaptureMode | undefined): string {
  const parts = [...statuses].map(([{ name }, of]) => `${name}: ${statusesInWords(of)}`);
  if (output !== "") parts.push(output);
  if (mode === "hist") parts.push(NOT_JUDGED);
  return parts.join("; ").replaceAll(/\s+/g, " ");
}

/** `exit status 0`; of several rounds `exit status 0 in 4 rounds, 1 in one round`. */
function statusesInWords(statuses: readonly (number | null)[]): string {
  const rounds = new Map<string, number>();
  for (const status of statuses) {
    const word = String(status ?? "unknown");
    rounds.set(word, (rounds.get(word) ?? 0) + 1);
  }
  const words = [...rounds].map(([status, times]) =>
    statuses.length === 1 ? status : `${status} in ${roundsOf(times)}`,
  );
  return `exit status ${words.join(", ")}`;
}

const roundsOf = (times: number) => (times === 1 ? "one round" : `${times} rounds`);
