import { Command, Option } from "@commander-js/extra-typings";
import type { SizeReport } from "../model/size.ts";
import { branchPath, selectBranch } from "../report/size-branch.ts";
import { formatSizeCsv, formatSizeDiffCsv } from "../report/size-csv.ts";
import { diffSizes } from "../report/size-diff.ts";
import { formatSizeDiff } from "../report/size-diff-text.ts";
import { formatSizeTable } from "../report/size-table.ts";
import { numberOf, usage } from "./arm-options.ts";
import { readSize } from "./read-size.ts";
import { say } from "./say.ts";
import { writeOutput } from "./write-output.ts";

const DEFAULT_DEPTH = 2;
const DEFAULT_TOP = 20;
const MAX_ROWS = 1_000_000;

/** `kmemtap size -k KERNEL`: what a kernel's image takes, before it allocates anything. */
export function sizeCommand() {
  return new Command("size")
    .description("what a kernel's image and modules take: text, rodata, data, bss by directory, file and symbol")
    .option(
      "-k, --kernel <PATH>",
      "a directory in which a kernel was built, or modules are installed; a vmlinux, .ko, .o",
    )
    .option("-b, --branch <DIR>", "only what is of this directory or file of the source: fs/ext4")
    .option("--diff <A B...>", "what grew and shrank from A to B: kernels as for -k, or what --format json has written")
    .addOption(
      new Option("--format <FORMAT>", "how to print it")
        .choices(["table", "json", "csv"] as const)
        .default("table" as const),
    )
    .option("-o, --output <FILE>", "where to write it (- is standard output)", "-")
    .option("--depth <N>", `table: levels below the root (default: ${DEFAULT_DEPTH})`)
    .option("--top <N>", `table: lines of each directory; the others are one line (default: ${DEFAULT_TOP})`)
    .option("--objects", "list the files that are counted, for size -t, and no more")
    .addHelpText(
      "after",
      `
Totals are those of GNU size for the same objects (its text is text and rodata here). JSON: docs/size.schema.json

Examples:
  kmemtap size -k ~/linux                        a built tree: built-in.a, modules
  kmemtap size -k ~/linux -b fs/ext4 --depth 3   a directory of it, down to functions
  kmemtap size -k ~/linux --objects | xargs size -t   the same with GNU size
  kmemtap size -k vmlinux --format json -o before.json
  kmemtap size --diff before.json vmlinux        as the kernel's bloat-o-meter`,
    )
    .action(async (options) => {
      const { kernel, diff, format } = options;
      if ((kernel === undefined) === (diff === undefined))
        throw usage("what to measure is not said", "give either -k KERNEL or --diff A B");
      if (options.objects === true) {
        if (kernel === undefined) throw usage("--objects lists those of one kernel", "give it with -k KERNEL");
        const { listObjects } = await import("./read-size.ts");
        await writeOutput(options.output, await listObjects(kernel));
        return;
      }
      const branch = branchPath(options.branch);
      const read = async (path: string): Promise<SizeReport> => {
        const report = selectBranch(await readSize(path, branch), branch);
        for (const note of report.notes) say(`${path}: ${note}`);
        return report;
      };
      if (kernel !== undefined) await writeOutput(options.output, formatSize(await read(kernel), options));
      else {
        const sides = diff ?? [];
        if (sides.length !== 2) throw usage("--diff compares two", "give it two: --diff A B");
        const [before, after] = sides;
        const changes = diffSizes(await read(before), await read(after));
        const formats = { table: formatSizeDiff, json: jsonOf, csv: formatSizeDiffCsv };
        await writeOutput(options.output, formats[format](changes));
      }
    });
}

interface SizeOptions {
  readonly format: "table" | "json" | "csv";
  readonly depth?: string;
  readonly top?: string;
}

function formatSize(report: SizeReport, { format, depth, top }: SizeOptions): string {
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
