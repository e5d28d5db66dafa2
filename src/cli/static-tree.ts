/** What the kernel that `-k` names takes before it allocates anything. */
import type { SizeReport } from "../model/size.ts";
import type { SourceNode } from "../model/source-tree.ts";
import { branchPath, selectBranch } from "../report/size-branch.ts";
import { findKernel } from "../symbols/find-kernel.ts";
import { readSize } from "./read-size.ts";
import { say } from "./say.ts";

/**
 * The tree from the kernel's root on, with nothing but the branch in it where one is named; undefined where there is a System.map and no image.
 *
 * @param release of several kernels in a directory that one is meant
 * @throws {KmemtapError} `symbols/…`, `input/…`
 */
export async function staticTreeOf(
  kernel: string,
  release: string | undefined,
  branch: string | undefined,
): Promise<SourceNode | undefined> {
  const { tree, path, kind } = await findKernel(kernel, release);
  if (tree === undefined && kind === "System.map") {
    say(`${path} tells no sizes of data: the chart has what is allocated alone`);
    return undefined;
  }
  const report = await readSize(tree ?? path, branchPath(branch));
  for (const note of report.notes) say(`${report.kernel.path}: ${note}`);
  return report.tree;
}

/** The footprint of a kernel or of a branch of it; what it says for people is said. */
export async function measured(path: string, branch: string | undefined): Promise<SizeReport> {
  const place = branchPath(branch);
  const report = selectBranch(await readSize(path, place), place);
  for (const note of report.notes) say(`${path}: ${note}`);
  return report;
}
