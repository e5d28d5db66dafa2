/** What became of a workload's phases, as whoever ran them is told. Pure. */
import { printable } from "../../model/printable.ts";
import type { CaptureMode } from "../../model/target-facts.ts";

/** A phase in all of its rounds. */
export interface PhaseOutcome {
  readonly name: string;
  /** Exit status of each round; null where it is not known. */
  readonly statuses: readonly (number | null)[];
  /** Its last round, and what it printed then. */
  readonly round: number;
  readonly output: string;
}

/** What a phase printed is told as far as this; the rest is the business of `kmemtap run`. */
const OUTPUT_LENGTH = 600;
/** Mode hist's sums do not tell phases apart. */
const NOT_JUDGED = "mode hist cannot judge what it left: --mode text can, and kmemtap run takes it by itself";

/** `load: exit status 0 in 5 rounds; use: exit status 1`. */
export function statusesInWords(phases: readonly PhaseOutcome[], mode: CaptureMode | undefined): string {
  const parts = phases.map(({ name, statuses }) => `${name}: ${exitsOf(statuses)}`);
  return [...parts, ...(mode === "hist" ? [NOT_JUDGED] : [])].join("; ");
}

/** The same, and below it what each phase printed in its last round, under a line with its name: whole lines, the last ones. */
export function phasesInWords(phases: readonly PhaseOutcome[], mode: CaptureMode | undefined): string {
  const printed = phases.flatMap(({ name, statuses, round, output }) => {
    const lines = lastLines(printable(output));
    const heading = statuses.length === 1 ? `${name} printed:` : `${name} printed in round ${String(round)}:`;
    return lines.length === 0 ? [] : [heading, ...lines.map((line) => `  ${line}`)];
  });
  return [statusesInWords(phases, mode), ...printed].join("\n");
}

/** What is cut begins with `…` and a whole line; of one that is longer than all of it, its end. */
function lastLines(output: string): string[] {
  const text = output.replace(/^\n+|\s+$/g, "");
  if (text === "") return [];
  if (text.length <= OUTPUT_LENGTH) return text.split("\n");
  const lines = text.slice(-OUTPUT_LENGTH).split("\n");
  return ["…", ...(lines.length > 1 ? lines.slice(1) : lines)];
}

/** `exit status 0`; of several rounds `exit status 0 in 4 rounds, 1 in one round`. */
function exitsOf(statuses: readonly (number | null)[]): string {
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

const roundsOf = (times: number) => (times === 1 ? "one round" : `${String(times)} rounds`);
