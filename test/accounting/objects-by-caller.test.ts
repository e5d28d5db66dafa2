import { expect, it } from "vitest";
import { ledgerOf, type TestEvent } from "../support/events.ts";

const alloc = (
  site: string,
  ptr: number,
  req: number,
  size: number,
  kind: "kmalloc" | "cacheAlloc" = "kmalloc",
): TestEvent => ({
  kind,
  ptr: BigInt(ptr),
  site,
  req,
  alloc: size,
});

it("the live objects of each caller, by what it asked for and how", () => {
  const ledger = ledgerOf([
    [
      alloc("a+0x1/0x9", 1, 60, 64),
      alloc("a+0x1/0x9", 2, 60, 64),
      alloc("a+0x1/0x9", 3, 100, 128),
      alloc("a+0x1/0x9", 4, 60, 64, "cacheAlloc"),
      alloc("b+0x1/0x9", 5, 8, 8),
      { kind: "kfree", ptr: 5n, site: "c+0x1/0x9" },
      { kind: "kfree", ptr: 2n, site: "c+0x1/0x9" },
    ],
  ]);
  expect(ledger.objectsByCaller()).toEqual([
    {
      callSite: "a+0x1/0x9",
      sizes: [
        { kind: "kmalloc", bytesReq: 60, bytesAlloc: 64, liveObjects: 1 },
        { kind: "cache", bytesReq: 60, bytesAlloc: 64, liveObjects: 1 },
        { kind: "kmalloc", bytesReq: 100, bytesAlloc: 128, liveObjects: 1 },
      ],
    },
  ]);
});
