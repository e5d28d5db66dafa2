/** `kmemtap report -k KERNEL` without a trace: the static report, as trace_analyze gave it without -f. */
import { branchPath, selectBranch } from "../report/size-branch.ts";
import { formatSizeTable } from "../report/size-table.ts";
import { usage } from "./arm-options.ts";
import type { KernelOptions } from "./kernel-option.ts";
import type { RingsChoice } from "./rings-options.ts";
import { footprintPathOf, measured } from "./static-tree.ts";
import { writeOutput } from "./write-output.ts";
import { writeRings } from "./write-rings.ts";

export interface StaticOutputs extends KernelOptions {
  readonly accountFile?: string;
  readonly callersFile?: string;
  readonly slabAccount?: string | true;
  readonly json?: true;
  readonly pprof?: string;
}

const TABLE = { depth: 2, top: 20 };

export async function reportStatic(
  kernel: string,
  options: StaticOutputs,
  rings: RingsChoice | undefined,
): Promise<void> {
  const { accountFile, callersFile, slabAccount, pprof, json, branch, startBranch } = options;
  if ((callersFile ?? slabAccount ?? pprof) !== undefined)
    throw usage("without a trace there are no callers", "name a trace, or leave -l, --slab-account and --pprof out");
  if (rings?.attribute !== undefined && rings.attribute !== "static" && rings.attribute !== "current")
    throw usage(`--rings-attr ${rings.attribute} is of what was allocated`, "name a trace, or draw -a static");
  const place = branchPath(branch ?? startBranch);
  const path = await footprintPathOf(kernel, undefined);
  if (path === undefined)
    throw usage(`${kernel} tells no sizes of data`, "give a built kernel tree, or a vmlinux: -k /usr/lib/debug");
  const whole = await measured(path, place);
  const report = selectBranch(whole, place);
  if (json === true) await writeOutput("-", JSON.stringify(report, null, 1) + "\n");
  if (accountFile !== undefined || (json !== true && rings === undefined))
    await writeOutput(accountFile ?? "-", formatSizeTable(report, TABLE));
  if (rings === undefined) return;
  const { release } = whole.kernel;
  await writeRings({ ...rings, attribute: "static" }, whole.tree, {
    source: kernel,
    rings: "directory, file, symbol",
    ...(release !== null && { kernel: release }),
  });
}
