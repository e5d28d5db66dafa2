/** Two snapshots to their difference. */
import { type Diff, DIFF_SCHEMA, type DiffFunction, type DiffGroup, type DiffSide } from "../../model/diff.ts";
import { functionOf } from "../../model/function-name.ts";
import type { CallerRow, Snapshot } from "../../model/snapshot.ts";
import { lossNotice, unfinishedNotice } from "../loss-notice.ts";
import { difference, sumOf } from "../../compare/figures.ts";
import { type Budget, judgeBudgets, verdictOf } from "./judge.ts";
import { matchFunctions, type MatchedFunction } from "../../compare/match-functions.ts";
import {
  areTooManyNew,
  DEFAULT_NOISE_BYTES,
  isNoise,
  isOfWorkers,
  judgeNoise,
  type Workers,
  workersOf,
} from "./noise.ts";
import { pairSites } from "../../compare/pair-sites.ts";
import { statusOf } from "../../compare/status-of.ts";
import { BY_DIRECTORY, BY_MODULE, type Grouping, knowsSources } from "../../compare/source-of.ts";

export interface DiffOptions {
  /** What one function may differ by, bytes; {@link DEFAULT_NOISE_BYTES} unless given. */
  readonly noiseBytes?: number | undefined;
  readonly budgets?: readonly Budget[];
  /** By directory where both know source files, else by module, unless given. */
  readonly grouping?: Grouping;
  /** What else there is to know of the sides, a line each. */
  readonly notes?: readonly string[];
  /** Of residues: the rounds of each workload. */
  readonly rounds?: readonly [a: number, b: number] | undefined;
}

/** The two are of the same filter. */
export function compareSnapshots(a: Snapshot, b: Snapshot, options: DiffOptions = {}): Diff {
  const noiseBytes = options.noiseBytes ?? DEFAULT_NOISE_BYTES;
  const grouping = options.grouping ?? (knowsSources(a) && knowsSources(b) ? BY_DIRECTORY : BY_MODULE);
  const matches = matchFunctions(a, b);
  const workers = noiseBytes === 0 ? { more: 0, tasks: 0 } : workersOf(matches);
  const modules = modulesOnBoth(matches);
  const judging = { grouping, noiseBytes, workers, modules, doubtIn: doubtIn(b) };
  const differing = matches.map((match) => diffOf(match, judging)).sort(growthFirst);
  const small = differing.filter((row) => row.isNoise && isOneSided(row)).map(({ delta }) => delta.netBytes);
  const areNew = areTooManyNew(small, noiseBytes);
  const functions = differing.map((row) => (areNew && isOneSided(row) ? { ...row, isNoise: false } : row));
  const isWorkers = (row: DiffFunction) => row.isNoise && Math.abs(row.delta.netBytes) > noiseBytes;
  const noisy = functions.filter((row) => row.isNoise && !isWorkers(row));
  const netOf = (rows: readonly DiffFunction[]) => rows.reduce((sum, row) => sum + row.delta.netBytes, 0);
  const noise = judgeNoise(
    {
      ...{ functions: noisy.length, newOrGone: noisy.filter(isOneSided).length, bytes: netOf(noisy) },
      ...{ workers: workers.more, workerBytes: netOf(functions.filter(isWorkers)) },
    },
    noiseBytes,
    a.totals.netBytes,
  );
  const countedOf = (row: DiffFunction) =>
    row.isNoise && (!noise.isCounted || isWorkers(row)) ? 0 : row.delta.netBytes;
  const gates = judgeBudgets(options.budgets ?? [], functions, countedOf);
  const exact = a.exact && b.exact;
  const { rounds } = options;
  const [sideA, sideB] = [sideOf(a, rounds?.[0]), sideOf(b, rounds?.[1])];
  return {
    schema: DIFF_SCHEMA,
    filter: a.filter,
    compared: rounds === undefined ? "account" : "residue",
    exact,
    a: sideA,
    b: sideB,
    delta: difference(sideA.figures, sideB.figures),
    growthBytes: functions.reduce((sum, row) => sum + countedOf(row), 0),
    noise,
    statuses: statusesOf(functions),
    groupedBy: grouping.by,
    groups: groupsOf(functions, countedOf),
    functions,
    gates,
    verdict: verdictOf(gates, exact),
    notes: [...(options.notes ?? []), ...notesOf(a, b, { a: sideA, b: sideB, functions })],
  };
}

interface Judging {
  readonly grouping: Grouping;
  readonly noiseBytes: number;
  readonly workers: Workers;
  /** That both sides have calls from; null is the kernel's image. */
  readonly modules: ReadonlySet<string | null>;
  /** Bytes of a row of B that may be gone. */
  readonly doubtIn: (row: CallerRow) => number;
}

function diffOf(match: MatchedFunction, judging: Judging): DiffFunction {
  const { grouping, noiseBytes, workers, modules, doubtIn } = judging;
  const [a, b] = [sumOf(match.a), sumOf(match.b)];
  const delta = difference(a, b);
  const isOnBoth = match.a.length > 0 && match.b.length > 0;
  const isModuleOnBoth = modules.has(match.module);
  const doubtfulBytes = Math.min(
    Math.max(0, delta.netBytes),
    match.b.reduce((sum, row) => sum + doubtIn(row), 0),
  );
  const differs = delta.netBytes !== 0 || delta.liveObjects !== 0;
  return {
    function: match.name,
    module: match.module,
    ...(match.file !== undefined && { file: match.file }),
    group: grouping.groupOf(match),
    status: statusOf(match, delta),
    isNoise:
      differs &&
      (isNoise({ bytes: delta.netBytes, isOnBoth, isModuleOnBoth }, noiseBytes) ||
        (match.module === null && isOnBoth && isOfWorkers(match.name, a.netBytes, b.netBytes, workers))),
    marks: [...match.a, ...match.b].some((row) => freesUnseen(row) || row.doubtfulObjects !== undefined)
      ? ["unseen-frees"]
      : [],
    ...(doubtfulBytes > 0 && { doubtfulBytes }),
    a,
    b,
    delta,
    sites: pairSites(match.a, match.b),
  };
}

function isOneSided({ status }: DiffFunction): boolean {
  return status === "new" || status === "gone";
}

function modulesOnBoth(matches: readonly MatchedFunction[]): ReadonlySet<string | null> {
  const of = (side: "a" | "b") => new Set(matches.filter((row) => row[side].length > 0).map(({ module }) => module));
  const inB = of("b");
  return new Set([null, ...[...of("a")].filter((module) => inB.has(module))]);
}

/** As a leak's verdict has it: an implied free for ten that look alive. */
function freesUnseen({ impliedFrees, liveObjects }: CallerRow): boolean {
  return impliedFrees > 0 && impliedFrees * 10 >= liveObjects;
}

/** By what the slabs lack; where they were not read, any of a function's whose frees raise no event. */
function doubtIn({ reconciliation }: Snapshot): (row: CallerRow) => number {
  return (row) => row.doubtfulBytes ?? (reconciliation === undefined && freesUnseen(row) ? row.netBytes : 0);
}

function growthFirst(a: DiffFunction, b: DiffFunction): number {
  return (
    b.delta.netBytes - a.delta.netBytes ||
    b.delta.liveObjects - a.delta.liveObjects ||
    compareText(a.function, b.function) ||
    compareText(a.module ?? "", b.module ?? "")
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function statusesOf(functions: readonly DiffFunction[]): Diff["statuses"] {
  const statuses = { new: 0, gone: 0, grown: 0, shrunk: 0, same: 0 };
  for (const { status } of functions) statuses[status] += 1;
  return statuses;
}

function groupsOf(functions: readonly DiffFunction[], countedOf: (row: DiffFunction) => number): DiffGroup[] {
  const rows = new Map<string, DiffFunction[]>();
  for (const row of functions) rows.set(row.group, [...(rows.get(row.group) ?? []), row]);
  return [...rows]
    .map(([name, members]) => {
      const [a, b] = [sumOf(members.map((row) => row.a)), sumOf(members.map((row) => row.b))];
      const countedBytes = members.reduce((sum, row) => sum + countedOf(row), 0);
      return { name, a, b, delta: difference(a, b), countedBytes };
    })
    .sort((a, b) => b.delta.netBytes - a.delta.netBytes || compareText(a.name, b.name));
}

function sideOf(snapshot: Snapshot, rounds: number | undefined): DiffSide {
  const { source, exact, release, window, callers } = snapshot;
  const { firstEventNs, lastEventNs } = window;
  const notExact = lossNotice(snapshot);
  return {
    label: source.label,
    exact,
    ...(notExact !== undefined && { notExact }),
    ...(release !== undefined && { release }),
    ...(rounds !== undefined && { rounds }),
    seconds: firstEventNs === null || lastEventNs === null ? null : (lastEventNs - firstEventNs) / 1e9,
    callSites: callers.length,
    addresses: callers.filter(({ callSite }) => functionOf(callSite).offset === null).length,
    figures: sumOf(callers),
  };
}

function notesOf(a: Snapshot, b: Snapshot, compared: Pick<Diff, "a" | "b" | "functions">): string[] {
  const notes: string[] = [a, b].flatMap((side, i) => {
    const unfinished = unfinishedNotice(side);
    return unfinished === undefined ? [] : [`${"AB"[i]}: ${unfinished}`];
  });
  if (a.release !== undefined && b.release !== undefined && a.release !== b.release)
    notes.push(`two kernels: ${a.release} and ${b.release}`);
  const { rounds } = compared.a;
  if (rounds !== compared.b.rounds) notes.push(`the workload ran ${rounds} times in A and ${compared.b.rounds} in B`);
  const addresses = compared.a.addresses + compared.b.addresses;
  if (addresses > 0 && addresses < compared.a.callSites + compared.b.callSites) {
    notes.push(
      `${compared.a.addresses} call sites of A and ${compared.b.addresses} of B are bare addresses, as of modules that have ` +
        "gone: between boots they do not match",
    );
  }
  const loader = compared.functions.find((row) => row.function === MODULE_LOADER);
  if (loader !== undefined && loader.delta.liveObjects > 0) {
    notes.push(
      `the module loader holds more in B (${MODULE_LOADER}, +${loader.delta.liveObjects} objects): of modules that were loaded, ` +
        "those that allocate nothing themselves have no row",
    );
  }
  if (knowsSources(a) !== knowsSources(b))
    notes.push(`only ${knowsSources(a) ? "A" : "B"} knows source files: grouped by module`);
  return notes;
}

/** kernel/module/sysfs.c: of every module, whatever it is. */
const MODULE_LOADER = "mod_sysfs_setup";
