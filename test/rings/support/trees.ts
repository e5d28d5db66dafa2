/** Trees in a line: `tree({ fs: { "inode.c": 30, ext4: { "super.c": 10 } } })` with net bytes at the tips. */
import type { SourceNode } from "../../../src/model/source-tree.ts";

export interface Bytes {
  readonly [name: string]: number | Bytes;
}

export function tree(below: Bytes, name = "kernel"): SourceNode {
  const children = Object.entries(below).map(([child, value]) =>
    typeof value === "number" ? leaf(child, value) : tree(value, child),
  );
  const netBytes = children.reduce((sum, { dynamic }) => sum + (dynamic?.netBytes ?? 0), 0);
  return { name, kind: "directory", dynamic: { ...NONE, netBytes }, children };
}

const NONE = { netBytes: 0, totalBytes: 0, wasteBytes: 0, liveObjects: 0, allocs: 0 };

function leaf(name: string, netBytes: number): SourceNode {
  return { name, kind: name.includes(".") ? "file" : "symbol", dynamic: { ...NONE, netBytes }, children: [] };
}

/** The same tree with net bytes of its tips changed; 0 takes a tip out, and directories add up what is left. */
export function changed(node: SourceNode, bytesOf: (path: readonly string[], bytes: number) => number): SourceNode {
  const visit = (at: SourceNode, path: readonly string[]): SourceNode | undefined => {
    const children = at.children.flatMap((child) => visit(child, [...path, child.name]) ?? []);
    const before = at.dynamic?.netBytes ?? 0;
    const netBytes =
      at.children.length > 0
        ? children.reduce((sum, { dynamic }) => sum + (dynamic?.netBytes ?? 0), 0)
        : Math.round(bytesOf(path, before));
    if (netBytes === 0 && before > 0) return undefined;
    return { ...at, dynamic: { ...NONE, ...at.dynamic, netBytes }, children };
  };
  return visit(node, []) ?? { ...node, children: [] };
}
