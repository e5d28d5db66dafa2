import { expect, it } from "vitest";
import { splitName } from "../../../src/dashboard/format/split-name.ts";

it.each([
  ["mas_preallocate+0x442", "mas_preallocate", "+0x442"],
  ["fat_fill_super+0xa3 [fat]", "fat_fill_super", "+0xa3 [fat]"],
  ["fat_alloc [fat]", "fat_alloc", " [fat]"],
  ["damon_split_region_at", "damon_split_re", "gion_at"],
  ["[fat]", "", "[fat]"],
  ["drivers/net/ethernet", "drivers/net/e", "thernet"],
])("cuts %s before its end", (name, head, tail) => {
  expect(splitName(name)).toEqual([head, tail]);
});
