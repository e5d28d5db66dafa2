/** A directory's part of an account. */
import { expect, it } from "vitest";
import { branchOf } from "../../src/report/branch.ts";
import { branchNames } from "../../src/report/branch-names.ts";
import { accountOf } from "../support/account.ts";
import { charge } from "../support/callers.ts";

const CALLERS = [
  charge("a+0x1/0x2", { file: "fs/inode.c" }, 100),
  charge("b+0x1/0x2", { file: "fs/ext4/super.c" }, 10),
  charge("c+0x1/0x2", { file: "fs/ext4dev/super.c" }, 20),
  charge("d+0x1/0x2", { file: null }, 3),
];

it.each([
  ["fs", ["a", "b", "c"], 130],
  ["fs/ext4", ["b"], 10],
  ["./fs/ext4/", ["b"], 10],
  ["/fs/ext4", ["b"], 10],
  ["fs/ext4/super.c", ["b"], 10],
  [".", ["a", "b", "c", "d"], 133],
  ["(unattributed)", ["d"], 3],
  ["mm", [], 0],
])("%s holds %j", (branch, callers, netBytes) => {
  const part = branchOf({ ...accountOf(""), callers: CALLERS }, branchNames(branch));
  expect(part.callers.map(({ caller }) => caller[0])).toEqual(callers);
  expect(part.totals).toMatchObject({
    netBytes,
    totalBytes: 2 * netBytes,
    allocs: 2 * callers.length,
    callSites: callers.length,
  });
});

it.each([
  ["fat", ["x", "y"]],
  ["[fat]", ["x", "y"]],
  ["[fat]/x", ["x"]],
  ["built-in", ["a"]],
  ["ext4", []],
])("without sources %s holds %j", (branch, callers) => {
  const rows = ["a+0x1/0x2", "x+0x1/0x2 [fat]", "y+0x1/0x2 [fat]"].map((site) => charge(site, undefined, 1));
  const part = branchOf({ ...accountOf(""), callers: rows }, branchNames(branch));
  expect(part.callers.map(({ caller }) => caller[0])).toEqual(callers);
});
