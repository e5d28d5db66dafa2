import type { SizeReport } from "../model/size.ts";
import { branchPath, selectBranch } from "../report/size-branch.ts";
import { formatSizeCsv, formatSizeDiffCsv } from "../report/size-csv.ts";
import { diffSizes } from "../report/size-diff.ts";
import { formatSizeDiff } from "../report/size-diff-text.ts";
import { formatSizeTable } from "../report/size-table.ts";
import { numberOf, usage } from "./arm-options.ts";
import { listObjects } from "./read-size.ts";
import { measured } from "./static-tree.ts";
import { writeOutput } from "./write-output.ts";

const DEFAULT_DEPTH = 2;
const DEFAULT_TOP = 20;
const MAX_ROWS = 1_000_000;

interface TableOptions {
  readonly format: "table" | "json" | "csv";
  readonly depth?: string;
  readonly top?: string;
}

export interface SizeOptions extends TableOptions {
  readonly kernel?: string;
  readonly branch?: string;
  readonly diff?: readonly string[];
  readonly output: string;
  readonly objects?: true;
}

export async function runSize(options: SizeOptions): Promise<void> {
  const { kernel, diff, format } = options;
  if ((kernel === undefined) === (diff === undefined))
    throw usage("what to measure is not said", "give either -k KERNEL or --diff A B");
  if (options.objects === true) {
    if (kernel === undefined) throw usage("--objects lists those of one kernel", "give it with -k KERNEL");
    await writeOutput(options.output, await listObjects(kernel));
    return;
  }
  const branch = branchPath(options.branch);
  const read = async (path: string) => selectBranch(await measured(path, branch), branch);
  if (kernel !== undefined) await writeOutput(options.output, formatSize(await read(kernel), options));
  else {
    const sides = diff ?? [];
    if (sides.length !== 2) throw usage("--diff compares two", "give it two: --diff A B");
    const [before, after] = sides;
    const changes = diffSizes(await read(before), await read(after));
    const formats = { table: formatSizeDiff, json: jsonOf, csv: formatSizeDiffCsv };
    await writeOutput(options.output, formats[format](changes));
  }
}

function formatSize(report: SizeReport, { format, depth, top }: TableOptions): string {
  if (format === "json") return jsonOf(report);
  if (format === "csv") return formatSizeCsv(report);
  return formatSizeTable(report, {
    depth: numberOf("--depth", depth, 0, 64) ?? DEFAULT_DEPTH,
    top: numberOf("--top", top, 1, MAX_ROWS) ?? DEFAULT_TOP,
  });
}

function jsonOf(value: object): string {
  return JSON.stringify(value, null, 1) + "\n";
}
