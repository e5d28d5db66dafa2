import { expect, it } from "vitest";
import { compacted, unpacked } from "../../src/rings/compact-tree.ts";
import { moduleTreeOf } from "../../src/rings/module-tree.ts";
import { row } from "../dashboard/make.ts";
import { cloudKernel } from "./support/cloud-kernel.ts";

it("callers become modules and functions, whose call sites are added up", () => {
  const root = moduleTreeOf(
    [
      row("alloc_inode+0x59/0xc0", { netBytes: 100, liveObjects: 2 }),
      row("alloc_inode+0x80/0xc0", { netBytes: 30 }),
      row("fat_alloc_inode+0x1b/0x40 [fat]", { netBytes: 7 }),
      row("0xffffffffc028d533", { netBytes: 3 }),
      row("c104deff", { netBytes: 2 }),
    ],
    "6.1",
  );
  const shown = root.children.map(({ name, kind, dynamic, children }) => [
    name,
    kind,
    dynamic?.netBytes,
    children.map((child) => `${child.kind} ${child.name} ${String(child.dynamic?.netBytes)}`),
  ]);
  expect(shown).toEqual([
    ["(unattributed)", "directory", 5, ["symbol 0xffffffffc028d533 3", "symbol c104deff 2"]],
    ["[fat]", "directory", 7, ["symbol fat_alloc_inode 7"]],
    ["built-in", "directory", 130, ["symbol alloc_inode 130"]],
  ]);
  expect(root.dynamic?.netBytes).toBe(142);
});

it("a page gets the tree as it is", () => {
  for (const parts of [{}, { static: false }, { dynamic: false }]) {
    const root = cloudKernel(parts);
    expect(unpacked(JSON.parse(JSON.stringify(compacted(root))) as ReturnType<typeof compacted>)).toEqual(root);
  }
});
