import type { DiffVerdict } from "../model/diff.ts";
import { ExitCode } from "../model/errors.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { branchOf, isBySource, noPlace, placesOf } from "../report/branch.ts";
import { branchNames } from "../report/branch-names.ts";
import { compareSnapshots } from "../report/diff/compare-snapshots.ts";
import { formatDiff } from "../report/diff/diff-report.ts";
import type { Budget } from "../report/diff/judge.ts";
import { knowsSources } from "../compare/source-of.ts";
import type { OrderBy } from "../report/order.ts";
import { filterOf } from "./account-filter.ts";
import { memoryMbOf, numberOf, usage } from "./arm-options.ts";
import { readBudgets } from "./budgets.ts";
import { byteSizeOf } from "./byte-size.ts";
import { type DifferenceOptions, differenceChartsOf } from "./difference-options.ts";
import { kernelChoiceOf, type KernelOptions } from "./kernel-option.ts";
import { PHASE_ALONE } from "./phase-heading.ts";
import { ReadProgress } from "./read-progress.ts";
import { fileOf, readSide, type ReadSide, type SideOptions, spanUpTo } from "./read-side.ts";
import { clearStatus } from "./status-line.ts";
import { partOf } from "./window-options.ts";
import { writeOutput } from "./write-output.ts";

const DEFAULT_TOP = 20;
const STATUS: Readonly<Record<DiffVerdict, ExitCode>> = {
  within: ExitCode.done,
  over: ExitCode.gateFailed,
  inconclusive: ExitCode.eventsLost,
};

export interface DiffOptions extends KernelOptions, DifferenceOptions {
  /** What B is of, where that is not A's kernel. */
  readonly kernelB?: string;
  readonly at?: string;
  readonly from?: string;
  readonly to?: string;
  readonly phase?: string;
  readonly residue?: true;
  readonly failOver?: string;
  readonly budgets?: string;
  readonly noise?: string;
  readonly orderBy: OrderBy;
  readonly top?: string;
  readonly sites?: true;
  readonly json?: true;
  readonly malloc?: true;
  readonly cache?: true;
  readonly memoryMb?: string;
  readonly strict?: true;
}

export async function runDiff(a: string, b: string, options: DiffOptions): Promise<ExitCode> {
  if (a === "-" && b === "-") throw usage("standard input cannot be both sides", "give one of them as a file");
  const failOver = byteSizeOf("--fail-over", options.failOver);
  const noiseBytes = byteSizeOf("--noise", options.noise);
  const top = numberOf("--top", options.top, 1, 1_000_000) ?? DEFAULT_TOP;
  const budgets: Budget[] = [
    ...(failOver === undefined ? [] : [{ kind: "total", name: "--fail-over", growth: failOver } as const]),
    ...(options.budgets === undefined ? [] : readBudgets(options.budgets)),
  ];
  const { residue } = options;
  const memoryMb = memoryMbOf(options.memoryMb);
  const wanted = { filter: filterOf(options), part: partOfBoth(options), residue: residue === true, memoryMb };
  const names = branchNames(options.branch ?? options.startBranch);
  const charts = differenceChartsOf(options, names);
  kernelChoiceOf(options);
  const { kernelB = options.kernel } = options;
  if (options.kernel === undefined && kernelB !== undefined)
    throw usage("--kernel-b is B's kernel where -k is A's", "give both; -k alone is of both sides");
  const sideOptions = { ...wanted, progress: new ReadProgress([fileOf(a), fileOf(b)]) };
  const [sideA, sideB] = [await readSide(a, sideOptions), await readSide(b, sideOptions)];
  clearStatus();
  const wholes = [
    await attributed(sideA.snapshot, options),
    await attributed(sideB.snapshot, { ...options, ...(kernelB && { kernel: kernelB }) }),
  ] as const;
  const [left, right] = partsOf(wholes, names, charts !== undefined);
  checkComparable(left, right, budgets);
  const diff = compareSnapshots(left, right, {
    noiseBytes,
    budgets,
    notes: phaseNotes(sideA, sideB),
    ...(sideA.rounds !== undefined && sideB.rounds !== undefined && { rounds: [sideA.rounds, sideB.rounds] }),
  });
  const text =
    options.json === true
      ? JSON.stringify(diff, null, 2) + "\n"
      : formatDiff(diff, { orderBy: options.orderBy, top, sites: options.sites === true });
  // First: only the charts know whether an image has the place that -b names.
  if (charts !== undefined) {
    const { drawDifference } = await import("./draw-difference.ts");
    const builds = [
      { snapshot: left, kernel: options.kernel },
      { snapshot: right, kernel: kernelB },
    ] as const;
    await drawDifference(charts, builds, diff);
  }
  await writeOutput("-", text);
  if (diff.verdict !== null) return STATUS[diff.verdict];
  return options.strict === true && !diff.exact ? ExitCode.eventsLost : ExitCode.done;
}

function phaseNotes(...sides: readonly [ReadSide, ReadSide]): string[] {
  return sides.flatMap(({ phase }, i) =>
    phase === undefined ? [] : [`${"AB"[i]} is what phase ${phase} allocated and had alive at its end; ${PHASE_ALONE}`],
  );
}

/** What both sides are of, where they do not say it themselves. */
function partOfBoth(options: DiffOptions): SideOptions["part"] {
  const part = partOf(options);
  if (options.at === undefined) return part;
  if (part !== undefined) throw usage("--at with --phase, --from or --to", "give one or the other");
  return spanUpTo(options.at);
}

async function attributed(snapshot: Snapshot, options: KernelOptions): Promise<Snapshot> {
  if (options.kernel === undefined) return snapshot;
  const { attributedBy } = await import("./apply-kernel.ts");
  return (await attributedBy(snapshot, options)).snapshot;
}

/** Of both what is in the place that -b names: one of them may have nothing there. A chart judges that itself. */
function partsOf(
  wholes: readonly [Snapshot, Snapshot],
  names: readonly string[],
  isCharted: boolean,
): readonly [Snapshot, Snapshot] {
  if (names.length === 0) return wholes;
  const bySource = wholes.every(isBySource);
  const [left, right] = [branchOf(wholes[0], names, bySource), branchOf(wholes[1], names, bySource)];
  if (left.callers.length + right.callers.length === 0 && !isCharted)
    throw noPlace(
      names,
      wholes.map((whole) => placesOf(whole, bySource)),
    );
  return [left, right];
}

function checkComparable(a: Snapshot, b: Snapshot, budgets: readonly Budget[]): void {
  if (a.filter !== b.filter)
    throw usage(
      `${a.source.label} accounts ${a.filter}, ${b.source.label} ${b.filter}`,
      "compare what was accounted alike: all, malloc or cache",
    );
  const folder = budgets.find(({ kind }) => kind === "directory");
  if (folder !== undefined && !(knowsSources(a) && knowsSources(b)))
    throw usage(
      `a budget for ${folder.name} needs accounts that know source files`,
      "give the kernel with -k, or budgets by module and caller",
    );
}
