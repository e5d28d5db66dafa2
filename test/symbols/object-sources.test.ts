import { expect, it } from "vitest";
import { notElf } from "../../src/symbols/elf/elf-errors.ts";
import { ELF_MAGIC } from "../../src/symbols/elf/read-elf.ts";
import { ObjectSources } from "../../src/symbols/object-sources.ts";
import { openRandomAccess } from "../../src/transport/random-access.ts";
import { buildDirectory } from "../support/kernel-trees.ts";

const open = async (path: string) => {
  const file = await openRandomAccess(path, ELF_MAGIC);
  if (file === undefined) throw notElf(path, "it begins otherwise");
  return file;
};

it("says before each object of a tree how many were read, of how many", async () => {
  const tree = buildDirectory({
    "fs/x.o": "le64.o",
    "fs/x.c": "text:",
    "mm/y.o": "le64.o",
    "mm/y.c": "text:",
    "mm/broken.o": "text:no object",
    "mm/broken.c": "text:",
  });
  const told: number[][] = [];
  const { objects } = await ObjectSources.read(tree, open, (done, of) => void told.push([done, of]));
  expect(objects).toBe(2);
  expect(told).toEqual([
    [0, 3],
    [1, 3],
    [2, 3],
  ]);
});
