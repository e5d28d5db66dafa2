/** Two moments or two runs, by function: what grew, what shrank, what is new and what has gone. Pure. */
import { difference, NO_FIGURES, sumOf } from "../../compare/figures.ts";
import { matchFunctions } from "../../compare/match-functions.ts";
import { statusOf } from "../../compare/status-of.ts";
import type { DiffFigures, DiffStatus } from "../../model/diff.ts";
import type { CallerRow } from "../../model/snapshot.ts";

export interface ComparedFunction {
  /** `fat_fill_super [fat]`. */
  readonly name: string;
  readonly file: string | undefined;
  readonly status: DiffStatus;
  readonly before: DiffFigures;
  readonly after: DiffFigures;
  readonly delta: DiffFigures;
}

export interface Comparison {
  /** Those that differ, the largest change of net bytes first. */
  readonly functions: readonly ComparedFunction[];
  readonly statuses: Readonly<Record<DiffStatus, number>>;
  readonly delta: DiffFigures;
}

export const STATUSES = ["grown", "new", "shrunk", "gone"] as const satisfies readonly DiffStatus[];

export function compareCallers(before: Iterable<CallerRow>, after: Iterable<CallerRow>): Comparison {
  const [a, b] = [[...before], [...after]];
  const statuses = { new: 0, gone: 0, grown: 0, shrunk: 0, same: 0 };
  const functions = matchFunctions({ callers: a }, { callers: b }).map((match): ComparedFunction => {
    const held = sumOf(match.a);
    // A caller that nothing moved of is the same row: most are, between two moments.
    const isSame = match.a.length === match.b.length && match.a.every((row, i) => row === match.b[i]);
    const holds = isSame ? held : sumOf(match.b);
    const delta = isSame ? NO_FIGURES : difference(held, holds);
    const status = statusOf(match, delta);
    statuses[status] += 1;
    const name = match.module === null ? match.name : `${match.name} [${match.module}]`;
    return { name, file: match.file, status, before: held, after: holds, delta };
  });
  return {
    functions: functions.filter(({ status }) => status !== "same").sort(largestChangeFirst),
    statuses,
    delta: difference(sumOf(a), sumOf(b)),
  };
}

function largestChangeFirst(a: ComparedFunction, b: ComparedFunction): number {
  return Math.abs(b.delta.netBytes) - Math.abs(a.delta.netBytes) || (a.name < b.name ? -1 : 1);
}
