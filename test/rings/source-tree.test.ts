/** The source tree of a snapshot's callers: nothing vanishes. */
import { describe, expect, it } from "vitest";
import { charge } from "../support/callers.ts";
import { nodeAt } from "../../src/rings/ring-tree.ts";
import { joinTrees, sourceTreeOf } from "../../src/rings/source-tree.ts";
import type { SourceNode } from "../../src/model/source-tree.ts";

const CALLERS = [
  charge("alloc_inode+0x59/0xc0", { file: "fs/inode.c" }, 100),
  charge("alloc_inode+0x69/0xc0", { file: "fs/inode.c" }, 20),
  charge("ext4_alloc+0x1/0x20 [ext4]", { file: "fs/ext4/super.c", module: "ext4" }, 30),
  charge("gone+0x1/0x20 [zram]", { file: null, module: "zram" }, 7),
  charge("0xffffffffc028d533", { file: null }, 3),
  charge("start+0x1/0x20", undefined, 1),
];

/** `fs/inode.c/alloc_inode 120`, a line each. */
function lines(node: SourceNode, path = ""): string[] {
  const own = `${path}${node.name} ${String(node.dynamic?.netBytes)}`;
  return [own, ...node.children.flatMap((child) => lines(child, path === "" ? "" : `${path}${node.name}/`))];
}

const tree = sourceTreeOf({ callers: CALLERS }, "6.1");
const at = (root: SourceNode, path: string) => nodeAt(root, path === "" ? [] : path.split("/"));
const net = (path: string) => at(tree, path)?.dynamic?.netBytes;

describe("a tree of callers", () => {
  it("has directories, files and functions, each with the sum of what is below", () => {
    expect([net(""), net("fs"), net("fs/inode.c"), net("fs/ext4"), net("fs/nothing")]).toEqual([
      161,
      150,
      120,
      30,
      undefined,
    ]);
    const inode = at(tree, "fs/inode.c");
    expect(inode?.kind).toBe("file");
    expect(inode?.children).toEqual([
      {
        name: "alloc_inode",
        kind: "symbol",
        dynamic: { netBytes: 120, totalBytes: 240, wasteBytes: 2, liveObjects: 2, allocs: 4 },
        children: [],
      },
    ]);
  });

  it("shows what is in no file, by module", () => {
    expect(net("(unattributed)")).toBe(11);
    expect(net("(unattributed)/[zram]")).toBe(7);
    expect(at(tree, "(unattributed)")?.children.map(({ name }) => name)).toEqual([
      "0xffffffffc028d533",
      "[zram]",
      "start",
    ]);
  });

  it("of nothing is a root", () => {
    expect(sourceTreeOf({ callers: [] }, "6.1")).toEqual({ name: "6.1", kind: "directory", children: [] });
  });
});

describe("joined with a static tree", () => {
  const bytes = { text: 10, rodata: 1, data: 2, bss: 3 };
  const file = (name: string): SourceNode => ({
    name,
    kind: "file",
    static: bytes,
    children: [{ name: "alloc_inode", kind: "symbol", static: bytes, children: [] }],
  });
  const fixed: SourceNode = {
    name: "vmlinux",
    kind: "directory",
    static: bytes,
    children: [{ name: "fs", kind: "directory", static: bytes, children: [file("inode.c"), file("only.c")] }],
  };

  it("nodes of one place have both figures, others their own", () => {
    const both = joinTrees(tree, fixed);
    expect(both).toMatchObject({ name: "6.1", static: bytes, dynamic: tree.dynamic });
    expect(at(both, "fs/inode.c")).toMatchObject({ static: bytes, dynamic: { netBytes: 120 } });
    expect(at(both, "fs/inode.c")?.children).toHaveLength(1);
    expect(at(both, "fs/only.c")).toEqual(file("only.c"));
    expect(at(both, "fs/ext4")).toEqual(at(tree, "fs/ext4"));
    expect(lines(both).length).toBe(lines(tree).length + 2);
  });
});
