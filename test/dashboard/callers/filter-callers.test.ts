import { describe, expect, it } from "vitest";
import {
  directoriesOf,
  filterCallers,
  modulesOf,
  NO_FILTER,
  sizesOf,
} from "../../../src/dashboard/callers/filter-callers.ts";
import { holdsKind } from "../../../src/model/caller-filter.ts";
import { row } from "../make.ts";

const source = (file: string | null) => ({ file, line: 1, function: null, module: null, chain: [] });
const rows = [
  row("ext4_fill+0x1/0x9 [ext4]", { netBytes: 10, source: source("fs/ext4/super.c") }),
  row("d_alloc+0x1/0x9", { netBytes: 30, source: source("fs/dcache.c") }),
  row("fsnotify+0x1/0x9", { netBytes: 5, source: source("fs2/mark.c") }),
  row("ffffffff81000000", { netBytes: 1 }),
];
const names = (list: readonly { callSite: string }[]) => list.map(({ callSite }) => callSite.split("+")[0]);

describe("filterCallers", () => {
  it("finds words in the file as in the call site", () => {
    expect(names(filterCallers(rows, { ...NO_FILTER, text: "SUPER fill" }))).toEqual(["ext4_fill"]);
  });

  it("takes a directory with what is below it, and not what begins alike", () => {
    expect(names(filterCallers(rows, { ...NO_FILTER, directory: "fs" }))).toEqual(["ext4_fill", "d_alloc"]);
    expect(names(filterCallers(rows, { ...NO_FILTER, directory: "fs/ext4" }))).toEqual(["ext4_fill"]);
  });

  it("takes a module, the image, and bare addresses", () => {
    expect(names(filterCallers(rows, { ...NO_FILTER, module: "ext4" }))).toEqual(["ext4_fill"]);
    expect(names(filterCallers(rows, { ...NO_FILTER, module: "built-in" }))).toEqual(["d_alloc", "fsnotify"]);
    expect(names(filterCallers(rows, { ...NO_FILTER, module: "address" }))).toEqual(["ffffffff81000000"]);
  });

  it("notices a source that became known later", () => {
    const before = row("late+0x1/0x9");
    expect(filterCallers([before], { ...NO_FILTER, directory: "mm" })).toEqual([]);
    const after = { ...before, source: source("mm/slab.c") };
    expect(filterCallers([after], { ...NO_FILTER, directory: "mm" })).toEqual([after]);
  });
});

describe("kinds of live objects", () => {
  const sizes = new Map([
    ["a", [{ kind: "kmalloc" as const, bytesReq: 60, bytesAlloc: 64, liveObjects: 3 }]],
    ["b", [{ kind: "cache" as const, bytesReq: 192, bytesAlloc: 192, liveObjects: 1 }]],
  ]);

  it("are what a caller is known by", () => {
    const holders = (kind: string) => ["a", "b", "c"].filter((callSite) => holdsKind(kind, sizes)({ callSite }));
    expect(holders("kmalloc")).toEqual(["a"]);
    expect(holders("192")).toEqual(["b"]);
    expect(holders("8")).toEqual([]);
  });

  it("are listed by size, the heaviest first", () => {
    expect(sizesOf(sizes)).toEqual([
      { bytesAlloc: 64, bytes: 192 },
      { bytesAlloc: 192, bytes: 192 },
    ]);
  });
});

describe("what there is to choose from", () => {
  it("is directories of two names with what they hold", () => {
    expect(directoriesOf(rows).map(({ name, netBytes }) => [name, netBytes])).toEqual([
      ["fs", 40],
      ["fs/ext4", 10],
      ["fs2", 5],
    ]);
  });

  it("is modules, the largest first", () => {
    expect(modulesOf(rows).map(({ name, callers }) => [name, callers])).toEqual([
      ["built-in", 2],
      ["ext4", 1],
      ["address", 1],
    ]);
  });
});
