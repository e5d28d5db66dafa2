/** Stacks as a tree, outermost function first: what each function holds through whom it called. Pure. */
import { functionOf } from "../../model/function-name.ts";

export const FLAME_MEASURES = ["netBytes", "totalBytes", "liveObjects", "allocs"] as const;
export type FlameMeasure = (typeof FLAME_MEASURES)[number];

/** Of a run, or what a stack changed by in a window. */
export type FlameStack = Readonly<Partial<Record<FlameMeasure, number>>> & {
  /** Call sites, from the allocation outwards. */
  readonly frames: readonly string[];
  /** The row that is charged. */
  readonly caller: string;
};

export interface FlameNode {
  /** `vfs_write`, `fat_fill_super [fat]`. */
  readonly name: string;
  readonly value: number;
  /** The largest first. */
  readonly children: readonly FlameNode[];
}

interface Growing {
  name: string;
  value: number;
  children: Map<string, Growing>;
}

/** What is below zero is not in it. */
export function flameTreeOf(stacks: readonly FlameStack[], measure: FlameMeasure): FlameNode {
  const root: Growing = { name: "all stacks", value: 0, children: new Map() };
  for (const stack of stacks) {
    const value = stack[measure] ?? 0;
    if (value <= 0) continue;
    root.value += value;
    let node = root;
    for (let i = stack.frames.length - 1; i >= 0; i--) {
      const name = labelOf(stack.frames[i]);
      let child = node.children.get(name);
      if (child === undefined) node.children.set(name, (child = { name, value: 0, children: new Map() }));
      child.value += value;
      node = child;
    }
  }
  return finished(root);
}

function finished({ name, value, children }: Growing): FlameNode {
  const sorted = [...children.values()].map(finished);
  sorted.sort((a, b) => b.value - a.value || (a.name < b.name ? -1 : 1));
  return { name, value, children: sorted };
}

function labelOf(frame: string): string {
  const { name, module } = functionOf(frame);
  return module === null ? name : `${name} [${module}]`;
}

/** The node at a path of names below the root; undefined where it is not, or no longer. */
export function flameNodeAt(root: FlameNode, path: readonly string[]): FlameNode | undefined {
  let node: FlameNode | undefined = root;
  for (const name of path) node = node?.children.find((child) => child.name === name);
  return node;
}
