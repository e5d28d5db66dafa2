import { describe, expect, it } from "vitest";
import { filterCallers, NO_FILTER } from "../../../src/dashboard/callers/filter-callers.ts";
import { changeOf } from "../../../src/dashboard/flame/flame-change.ts";
import { stacksOf } from "../../../src/dashboard/flame/flame-filter.ts";
import { flameLayout, frameForKey } from "../../../src/dashboard/flame/flame-layout.ts";
import { flameNodeAt, flameTreeOf } from "../../../src/dashboard/flame/flame-tree.ts";
import { row } from "../make.ts";

const stack = (frames: string[], netBytes: number) => ({
  frames,
  caller: frames[0],
  allocs: 1,
  totalBytes: netBytes * 2,
  netBytes,
  liveObjects: 1,
});
const STACKS = [
  stack(["kmalloc+0x1/0x2", "fat_fill+0x3/0x9 [fat]", "mount+0x5/0x9"], 60),
  stack(["kmalloc+0x7/0x9", "open+0x1/0x9", "mount+0x8/0x9"], 30),
  stack(["kmalloc+0x1/0x2", "write+0x1/0x9"], 10),
  stack(["freed+0x1/0x9"], 0),
];

describe("flameTreeOf", () => {
  const root = flameTreeOf(STACKS, "netBytes");

  it("begins with the outermost function, whatever the place in it", () => {
    expect(root.value).toBe(100);
    expect(root.children.map(({ name, value }) => [name, value])).toEqual([
      ["mount", 90],
      ["write", 10],
    ]);
    expect(flameNodeAt(root, ["mount", "fat_fill [fat]", "kmalloc"])?.value).toBe(60);
    expect(flameNodeAt(root, ["mount", "nothing"])).toBeUndefined();
  });

  it("has no width for what fell, nor takes it from what grew beside it", () => {
    const fell = stack(["kmalloc+0x1/0x2", "close+0x1/0x9", "mount+0x5/0x9"], -500);
    expect(flameTreeOf([...STACKS, fell], "netBytes")).toEqual(root);
  });

  it("is of what it is asked for", () => {
    expect(flameTreeOf(STACKS, "totalBytes").value).toBe(200);
    expect(flameTreeOf(STACKS, "allocs").value).toBe(4);
  });
});

describe("changeOf", () => {
  it("tells what fell, by caller, from what grew", () => {
    const change = (caller: string, netBytes: number) => ({ caller, netBytes, liveObjects: -netBytes });
    const some = [change("a", 10), change("b", -4), change("c", -5), change("b", -3), change("d", 0), change("a", 2)];
    expect(changeOf(some, "netBytes")).toEqual({
      grew: { stacks: 2, amount: 12 },
      fell: {
        stacks: 3,
        amount: 12,
        callers: [
          { caller: "b", amount: 7 },
          { caller: "c", amount: 5 },
        ],
      },
    });
    expect(changeOf(some, "liveObjects").fell).toEqual({
      stacks: 2,
      amount: 12,
      callers: [{ caller: "a", amount: 12 }],
    });
  });
});

describe("flameLayout", () => {
  const root = flameTreeOf(STACKS, "netBytes");

  it("gives each its share of its caller's width", () => {
    const frames = flameLayout(root, [], 1000);
    const of = (name: string) => frames.find(({ node }) => node.name === name);
    expect(of("mount")).toMatchObject({ depth: 1, x: 0, width: 900 });
    expect(of("write")).toMatchObject({ depth: 1, x: 900, width: 100 });
    expect(of("open")).toMatchObject({ depth: 2, x: 600, width: 300 });
  });

  it("gives the chosen one all of it, with its callers above", () => {
    const frames = flameLayout(root, ["mount", "open"], 1000);
    expect(frames.map(({ node, width }) => [node.name, width])).toEqual([
      ["all stacks", 1000],
      ["mount", 1000],
      ["open", 1000],
      ["kmalloc", 1000],
    ]);
  });

  it("leaves out what is too narrow to be seen", () => {
    expect(flameLayout(root, [], 15).map(({ node }) => node.name)).not.toContain("write");
  });

  it("is walked through by arrow keys", () => {
    const frames = flameLayout(root, [], 1000);
    const at = (name: string) => frames.findIndex(({ node }) => node.name === name);
    expect(frameForKey(frames, at("mount"), "ArrowRight")).toBe(at("write"));
    expect(frameForKey(frames, at("mount"), "ArrowDown")).toBe(at("fat_fill [fat]"));
    expect(frameForKey(frames, at("open"), "ArrowUp")).toBe(at("mount"));
    expect(frameForKey(frames, 0, "ArrowUp")).toBe(0);
    expect(frameForKey(frames, 0, "x")).toBeNull();
  });
});

describe("stacksOf", () => {
  const source = { file: "fs/fat/inode.c", line: 3, function: "fat_fill", module: "fat", chain: [] };
  const rows = [row("fat_fill+0x3/0x9 [fat]", { source }), row("open+0x1/0x9"), row("write+0x1/0x9")];
  const stacks = [
    // Charged past its wrapper, at the wrapper, and with a frame of another caller further out.
    { frames: ["kmalloc+0x1/0x2", "fat_fill+0x3/0x9 [fat]", "mount+0x5/0x9"], caller: "fat_fill+0x3 [fat]" },
    { frames: ["open+0x1/0x9", "fat_fill+0x3/0x9 [fat]"], caller: "open+0x1" },
    // Of one with too many frames the charged one may not be listed.
    { frames: ["kmalloc+0x1/0x2"], caller: "write+0x1" },
  ];
  const shownBy = (filter: Partial<typeof NO_FILTER>) =>
    stacksOf(stacks, filterCallers(rows, { ...NO_FILTER, ...filter })).map(({ caller }) => caller);

  it.each([
    [{}, ["fat_fill+0x3 [fat]", "open+0x1", "write+0x1"]],
    [{ text: "FAT_" }, ["fat_fill+0x3 [fat]"]],
    [{ directory: "fs" }, ["fat_fill+0x3 [fat]"]],
    [{ module: "fat" }, ["fat_fill+0x3 [fat]"]],
    [{ text: "write" }, ["write+0x1"]],
    [{ text: "kmalloc" }, []],
  ])("has those whose caller the table shows by %j", (filter, expected) => {
    expect(shownBy(filter)).toEqual(expected);
  });
});
