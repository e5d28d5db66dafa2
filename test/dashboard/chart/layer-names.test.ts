import { expect, it } from "vitest";
import { layerNames } from "../../../src/dashboard/chart/layer-names.ts";

it("calls layers by their functions, and tells two places of one function apart", () => {
  const layers = ["kstrdup+0x2f/0x60", "kstrdup+0x41/0x60", "fat_alloc+0x1/0x2 [fat]", "fat_alloc+0x1/0x2", "fs/ext4"];
  expect([...layerNames(layers).values()]).toEqual([
    "kstrdup+0x2f",
    "kstrdup+0x41",
    "fat_alloc [fat]",
    "fat_alloc",
    "fs/ext4",
  ]);
});
