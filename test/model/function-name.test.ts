import { expect, it } from "vitest";
import { functionOf } from "../../src/model/function-name.ts";

it.each([
  ["alloc_inode+0x59/0xc0", "alloc_inode", null, 0x59],
  ["alloc_inode+0x59", "alloc_inode", null, 0x59],
  ["fat_fill_super+0xa3/0xc70 [fat]", "fat_fill_super", "fat", 0xa3],
  ["put_pid.part.0+0x36/0x50", "put_pid", null, 0x36],
  ["d.isra.0.cold+0x1/0x2 [m]", "d", "m", 1],
  ["x.constprop.0.isra.12+0x10/0x20", "x", null, 0x10],
  ["kstrdup_noprof+0x2f/0x60", "kstrdup", null, 0x2f],
  ["f.llvm.123456789+0x1/0x9", "f", null, 1],
  [".part.0+0x1/0x2", ".part.0", null, 1],
  ["0xffffffffc028d533", "0xffffffffc028d533", null, null],
  ["c104deff", "c104deff", null, null],
  ["", "", null, null],
])("%s is %s of %s", (callSite, name, module, offset) => {
  expect(functionOf(callSite)).toEqual({ name, module, offset });
});
