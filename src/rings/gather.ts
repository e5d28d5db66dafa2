/** What is too small to be seen alone is drawn together, and says how many it is. */
import type { RingNode } from "./ring-tree.ts";

export interface GatherLimits {
  /** The least part of the whole chart that a slice may be. */
  readonly leastShare: number;
  /** Rings outside the centre. */
  readonly rings: number;
}

/** The tree without what is below the limits: small siblings become one `N others` without children. */
export function gather(root: RingNode, limits: GatherLimits): RingNode {
  return gatherBelow(root, root.bytes * limits.leastShare, limits.rings);
}

function gatherBelow(node: RingNode, leastBytes: number, rings: number): RingNode {
  if (rings === 0) return { ...node, children: [] };
  const small = node.children.filter(({ bytes }) => bytes < leastBytes);
  // One alone keeps its name: "1 other" would tell less in the same place.
  const seen = small.length > 1 ? node.children.filter(({ bytes }) => bytes >= leastBytes) : node.children;
  const children = seen.map((child) => gatherBelow(child, leastBytes, rings - 1));
  if (small.length > 1) children.push(othersOf(node.path, small));
  return { ...node, children };
}

/** @param path of the parent of the nodes */
export function othersOf(path: readonly string[], nodes: readonly RingNode[]): RingNode {
  return {
    path,
    label: `${String(nodes.length)} others`,
    kind: "others",
    bytes: nodes.reduce((sum, { bytes }) => sum + bytes, 0),
    children: [],
    gathered: nodes.length,
    ...(nodes.some(({ change }) => change !== undefined) && {
      change: {
        before: nodes.reduce((sum, { change }) => sum + (change?.before ?? 0), 0),
        after: nodes.reduce((sum, { change }) => sum + (change?.after ?? 0), 0),
      },
    }),
  };
}
