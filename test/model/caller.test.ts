import { expect, it } from "vitest";
import { byCaller, callerOf } from "../../src/model/caller.ts";

it.each([
  ["alloc_inode+0x59/0xc0", "alloc_inode+0x59"],
  ["fat_fill_super+0xa3/0xc70 [fat]", "fat_fill_super+0xa3 [fat]"],
  ["put_pid.part.0+0x36/0x50", "put_pid.part.0+0x36"],
  ["c104dd2f", "c104dd2f"],
  ["0xffffffffc028d533", "0xffffffffc028d533"],
])("the caller of %s is %s", (callSite, caller) => {
  expect(callerOf(callSite)).toBe(caller);
});

it("orders by caller, then by call site, in code units: the same on every machine", () => {
  const rows = ["b+0x1/0x2", "a+0x1/0x3", "a+0x1/0x2", "B+0x1/0x2"].map((callSite) => ({
    callSite,
    caller: callerOf(callSite),
  }));
  expect(rows.sort(byCaller).map(({ callSite }) => callSite)).toEqual([
    "B+0x1/0x2",
    "a+0x1/0x2",
    "a+0x1/0x3",
    "b+0x1/0x2",
  ]);
});
