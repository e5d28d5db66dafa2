/** `-k`: call sites to their source; `-b`: a directory of it. */
import { readFileSync } from "node:fs";
import { type KernelChoice, withSources } from "../capture/with-sources.ts";
import { KmemtapError, messageOf } from "../model/errors.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { branchOf } from "../report/branch.ts";
import { usage } from "./arm-options.ts";
import { say } from "./say.ts";

export interface KernelOptions {
  readonly kernel?: string;
  readonly kallsyms?: string;
  readonly force?: true;
  readonly branch?: string;
  /** trace_analyze's name for it. */
  readonly startBranch?: string;
  readonly lines?: true;
}

export const KERNEL_OPTIONS = {
  kernel: [
    "-k, --kernel <PATH>",
    "where callers are in the source, by a built tree, a debug package's directory, a vmlinux or a System.map",
  ],
  kallsyms: ["--kallsyms <FILE>", "with -k: the target's /proc/kallsyms, where its trace has bare addresses"],
  force: ["--force", "with -k: go on with a kernel that is not the capture's"],
  lines: ["--lines", "with -k: print file and line behind each caller"],
  branch: ["-b, --branch <DIR>", "with -k: only callers in this directory or file of the source (fs/ext4)"],
  startBranch: ["--start-branch <DIR>", "the same, as trace_analyze names it"],
} as const;

/** Undefined where no kernel was named. */
export function kernelChoiceOf({
  kernel,
  kallsyms,
  force,
  lines,
  branch,
  startBranch,
}: KernelOptions): KernelChoice | undefined {
  if (kernel !== undefined)
    return { kernel, kallsyms: kallsyms === undefined ? undefined : textOf(kallsyms), force: force === true };
  const needing = {
    "--kallsyms": kallsyms,
    "--force": force,
    "--lines": lines,
    "--branch": branch,
    "--start-branch": startBranch,
  };
  const [option] = Object.entries(needing).find(([, value]) => value !== undefined) ?? [];
  if (option !== undefined) throw usage(`${option} needs the kernel`, "name it: -k /usr/lib/debug, or a vmlinux");
  return undefined;
}

/** The snapshot with what the options add to it, and of it what they leave. */
export async function applyKernel(snapshot: Snapshot, options: KernelOptions): Promise<Snapshot> {
  const choice = kernelChoiceOf(options);
  if (choice === undefined) return snapshot;
  const whole = await withSources(snapshot, choice);
  for (const notice of symbolNotices(whole)) say(notice);
  const branch = options.branch ?? options.startBranch;
  if (branch === undefined) return whole;
  const part = branchOf(whole, branch);
  if (part.callers.length === 0) say(`no caller is in ${branch}`);
  return part;
}

/** How far call sites became source, a line each. */
export function symbolNotices({ symbols }: Snapshot): readonly string[] {
  if (symbols === undefined) return [];
  const { attributed, unattributed, findings } = symbols;
  const all = attributed.totalBytes + unattributed.totalBytes;
  const percent = all === 0 ? 100 : (100 * attributed.totalBytes) / all;
  // Down, so that 100 % is said of nothing less.
  const share = (Math.floor(percent * 100) / 100).toString();
  const rest = unattributed.callSites === 0 ? "" : `; ${String(unattributed.callSites)} callers are (unattributed)`;
  return [
    `${share} % of the bytes allocated are attributed to a source file, by ${symbols.kernel}${rest}`,
    ...findings,
  ];
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch (thrown) {
    throw new KmemtapError("input/unreadable", `cannot read ${path}: ${messageOf(thrown)}`, {
      nextStep: "as root on the target: cat /proc/kallsyms > FILE",
      cause: thrown,
    });
  }
}
