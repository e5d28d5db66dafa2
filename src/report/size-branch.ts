/** A part of a footprint: a directory or a file of it. */
import type { SizeNode, SizeReport } from "../model/size.ts";
import { noPlace } from "./branch.ts";
import { branchNames } from "./branch-names.ts";

/** `fs/ext4` of `./fs/ext4/`; undefined for the whole. */
export function branchPath(text: string | undefined): string | undefined {
  const parts = branchNames(text);
  return parts.length === 0 ? undefined : parts.join("/");
}

/** @throws {KmemtapError} `cli/usage` where it has no such part */
export function selectBranch(report: SizeReport, branch: string | undefined): SizeReport {
  if (branch === undefined || branch === report.branch) return report;
  const node = nodeAt(report.tree, branch);
  if (node === undefined) throw noPlace(branchNames(branch), [report.tree]);
  return { ...report, branch, totals: node.static, image: null, tree: { ...node, name: branch } };
}

function nodeAt(root: SizeNode, path: string): SizeNode | undefined {
  let node: SizeNode | undefined = root;
  for (const part of path.split("/"))
    node = node?.children.find(({ name, kind }) => name === part && kind !== "symbol");
  return node;
}
