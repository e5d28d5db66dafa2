import { byBytes, type RingNode } from "./ring-tree.ts";

/** A chart names the largest of thousands; more than a legend holds is not kept. */
const MOST = 24;

/** The largest of what has nothing below it, functions mostly, where that is not the first ring itself. Sections are no symbols: `(.text)`. */
export function largestLeaves(tree: RingNode): readonly RingNode[] {
  return leavesOf(tree, 2)
    .filter(({ label }) => !label.startsWith("("))
    .slice(0, MOST);
}

/** All that has nothing below it, largest first, from a ring on: 1 is the innermost. */
export function leavesOf(tree: RingNode, from = 1): RingNode[] {
  const leaves: RingNode[] = [];
  const visit = (node: RingNode, depth: number) => {
    if (node.children.length === 0 && depth >= from) leaves.push(node);
    for (const child of node.children) visit(child, depth + 1);
  };
  visit(tree, 0);
  return leaves.sort(byBytes);
}
