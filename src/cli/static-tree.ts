/** What the kernel that `-k` names takes before it allocates anything. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { SizeReport } from "../model/size.ts";
import type { SourceNode } from "../model/source-tree.ts";
import { branchPath } from "../report/size-branch.ts";
import { findKernel } from "../symbols/find-kernel.ts";
import { readSize } from "./read-size.ts";
import { say } from "./say.ts";

/**
 * What is to be measured of the kernel that `-k` names: a built tree, which by its objects has files for all data, or the linked image where
 * kbuild's archives have gone; undefined where there is a System.map alone.
 *
 * @param release of several kernels in a directory that one is meant
 * @throws {KmemtapError} `symbols/no-kernel`
 */
export async function footprintPathOf(kernel: string, release: string | undefined): Promise<string | undefined> {
  const { tree, path, kind } = await findKernel(kernel, release);
  if (tree !== undefined && ["vmlinux.a", "built-in.a"].some((name) => existsSync(join(tree, name)))) return tree;
  return kind === "vmlinux" ? path : undefined;
}

/**
 * The tree from the kernel's root on, with nothing but the branch in it where one is named; undefined where there is a System.map and no image.
 *
 * @throws {KmemtapError} `symbols/…`, `input/…`
 */
export async function staticTreeOf(
  kernel: string,
  release: string | undefined,
  branch: string | undefined,
): Promise<SourceNode | undefined> {
  const path = await footprintPathOf(kernel, release);
  if (path !== undefined) return (await measured(path, branchPath(branch))).tree;
  say(`${kernel} tells no sizes of data: the chart has what is allocated alone`);
  return undefined;
}

/** The footprint of a kernel from its root on, with nothing but the branch in it where one is named; its notes are said. */
export async function measured(path: string, branch: string | undefined): Promise<SizeReport> {
  const report = await readSize(path, branch);
  for (const note of report.notes) say(`${path}: ${note}`);
  return report;
}
