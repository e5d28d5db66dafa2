import { describe, expect, it } from "vitest";
import { changeKindOf, differenceTreeOf } from "../../src/rings/difference-tree.ts";
import { leavesOf } from "../../src/rings/largest-leaves.ts";
import { type Bytes, tree } from "./support/trees.ts";

const between = (before: Bytes, after: Bytes) => differenceTreeOf(tree(before), tree(after), "current_dynamic");
const leaves = (before: Bytes, after: Bytes) =>
  leavesOf(between(before, after)).map((leaf) => [leaf.path.join("/"), changeKindOf(leaf), leaf.bytes]);

describe("a difference", () => {
  it("names what grew, shrank, came and went, and leaves out what stayed", () => {
    expect(
      leaves(
        { fs: { "inode.c": 100, "dcache.c": 50 }, mm: { "slab.c": 70 }, ipc: { "sem.c": 5 } },
        { fs: { "inode.c": 400, "dcache.c": 50 }, mm: { "slab.c": 30 }, net: { "sock.c": 8 } },
      ),
    ).toEqual([
      ["fs/inode.c", "grown", 300],
      ["mm/slab.c", "shrunk", 40],
      ["net/sock.c", "new", 8],
      ["ipc/sem.c", "gone", 5],
    ]);
  });

  it("of equal trees is nothing", () => {
    const same = { fs: { "inode.c": 100 }, mm: 7 };
    expect(between(same, same)).toMatchObject({ bytes: 0, children: [], change: { before: 107, after: 107 } });
  });

  it("does not hide what makes up for each other", () => {
    const root = between({ mm: { "a.c": 100, "b.c": 20 } }, { mm: { "a.c": 20, "b.c": 100 } });
    expect(root.children.map((mm) => [mm.bytes, changeKindOf(mm), mm.change])).toEqual([
      [160, "mixed", { before: 120, after: 120 }],
    ]);
  });

  it("counts what a directory has of its own", () => {
    const [before, after] = [tree({ fs: { "a.c": 10 } }), tree({ fs: { "a.c": 10 } })];
    const grown = { netBytes: 25, totalBytes: 0, wasteBytes: 0, liveObjects: 0, allocs: 0 };
    const more = { ...after, dynamic: grown, children: [{ ...after.children[0], dynamic: grown }] };
    const { bytes, children } = differenceTreeOf(before, more, "current_dynamic");
    expect([bytes, children.map(({ label, bytes: own }) => [label, own])]).toEqual([15, [["fs", 15]]]);
  });
});
