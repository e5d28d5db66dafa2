/** `-k`: call sites to their source; `-b`: a directory of it. */
import { existsSync, readFileSync } from "node:fs";
import type { KernelChoice } from "../capture/with-sources.ts";
import { KmemtapError, messageOf } from "../model/errors.ts";
import { branchNames } from "../report/branch-names.ts";
import { usage } from "./arm-options.ts";

export interface KernelOptions {
  readonly kernel?: string;
  readonly kallsyms?: string;
  readonly force?: true;
  /** Of the source with a kernel, else of the modules: see report/branch.ts. */
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
  lines: ["--lines", "with -k: file and line behind each caller in a file, too, which else has trace_analyze's layout"],
  branch: [
    "-b, --branch <DIR>",
    "with -k: only callers in this directory or file of the source (fs/ext4), without: in this module (fat, built-in); a ring chart begins there",
  ],
  startBranch: ["--start-branch <DIR>", "the same, as trace_analyze names it"],
} as const;

/**
 * Undefined where no kernel was named.
 *
 * @throws {KmemtapError} `cli/usage`, `symbols/no-kernel`, `input/unreadable`
 */
export function kernelChoiceOf(options: KernelOptions): KernelChoice | undefined {
  const { kernel, kallsyms, force, lines } = options;
  // Before a capture, too.
  branchNames(options.branch ?? options.startBranch);
  if (kernel !== undefined) {
    // Before a capture, which is not to be made for nothing.
    if (!existsSync(kernel))
      throw new KmemtapError("symbols/no-kernel", `${kernel}: no such file or directory`, {
        nextStep: "name a built kernel tree, a vmlinux, or a debug package's directory such as /usr/lib/debug",
      });
    return { kernel, kallsyms: kallsyms === undefined ? undefined : textOf(kallsyms), force: force === true };
  }
  const needing = {
    "--kallsyms": kallsyms,
    "--force": force,
    "--lines": lines,
  };
  const [option] = Object.entries(needing).find(([, value]) => value !== undefined) ?? [];
  if (option !== undefined) throw usage(`${option} needs the kernel`, "name it: -k /usr/lib/debug, or a vmlinux");
  return undefined;
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
