/**
 * A source tree as rings have it: by one attribute, largest first, chains of single directories in one piece.
 */
import { bytesOf, type RingAttribute, type SourceNode } from "../model/source-tree.ts";

/** Bytes of a place before and after. */
export interface Change {
  readonly before: number;
  readonly after: number;
}

export interface RingNode {
  /** Names from the kernel's root down; empty for the root itself. What colours and zooming go by. */
  readonly path: readonly string[];
  /** What is written on it: the last name, or the joined names of a chain (`net/ethernet/intel`). */
  readonly label: string;
  readonly kind: SourceNode["kind"] | "others";
  /** By the attribute; of a node the sum may be more than its children's, and never less. */
  readonly bytes: number;
  readonly children: readonly RingNode[];
  /** Of `others`: how many siblings are gathered in it. */
  readonly gathered?: number;
  /** Of a difference: bytes before and after; `bytes` is then how much changed. */
  readonly change?: Change;
}

/** The node at a path of names, and its path; undefined where there is none. */
export function nodeAt(root: SourceNode, path: readonly string[]): SourceNode | undefined {
  let node: SourceNode | undefined = root;
  for (const name of path) node = node?.children.find((child) => child.name === name);
  return node;
}

/**
 * @param path where the chart begins, names from the root down
 */
export function ringTreeOf(root: SourceNode, attribute: RingAttribute, path: readonly string[] = []): RingNode {
  const start = nodeAt(root, path);
  if (start === undefined) throw new RangeError(`no ${path.join("/")} in the tree`);
  return toRingNode(start, attribute, path, start.name);
}

/** The tree with siblings by another weight, largest first: so that two charts have them in one order. */
export function ordered(node: RingNode, weightOf: (node: RingNode) => number): RingNode {
  const children = node.children.map((child) => ordered(child, weightOf));
  return { ...node, children: children.sort((a, b) => weightOf(b) - weightOf(a) || byBytes(a, b)) };
}

function toRingNode(node: SourceNode, attribute: RingAttribute, path: readonly string[], label: string): RingNode {
  const children: RingNode[] = [];
  let sum = 0;
  for (const child of node.children) {
    const ring = joinChain(toRingNode(child, attribute, [...path, child.name], child.name));
    // A sum below zero (sums of a window in which more was freed) has no angle; the tables have it.
    if (ring.bytes <= 0) continue;
    sum += ring.bytes;
    children.push(ring);
  }
  children.sort(byBytes);
  return { path, label, kind: node.kind, bytes: Math.max(sum, bytesOf(node, attribute)), children };
}

/** A directory that holds one directory and nothing else is one slice with it. */
export function joinChain(node: RingNode): RingNode {
  if (node.kind !== "directory" || node.children.length !== 1) return node;
  const [only] = node.children;
  if (only.kind !== "directory" || only.bytes !== node.bytes) return node;
  return { ...only, label: `${node.label}/${only.label}` };
}

/** Largest first; ties by name, so that the same figures give the same chart. */
export function byBytes(a: RingNode, b: RingNode): number {
  return b.bytes - a.bytes || (a.label < b.label ? -1 : a.label > b.label ? 1 : 0);
}
