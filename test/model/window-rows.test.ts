import { expect, it } from "vitest";
import { windowRows } from "../../src/model/window-rows.ts";
import { row } from "../dashboard/make.ts";

it("tells the allocations of a window that are neither freed nor alive: implied frees, which moments do not keep", () => {
  const figures = { netBytes: 16384, totalBytes: 65536, allocs: 4, frees: 0, liveObjects: 1 };
  const rows = windowRows([{ callSite: "a/0x2", caller: "a", ...figures }], new Map());
  expect(rows.get("a/0x2")).toMatchObject({ ...figures, impliedFrees: 3 });
});

it("a window's rows have what is known of their callers now", () => {
  const source = { file: "fs/fat/inode.c", line: 3, function: "fat_fill", module: "fat", chain: [] };
  const rows = windowRows(
    [
      { callSite: "a/0x2", caller: "a", netBytes: -64, totalBytes: 0, allocs: 0, frees: 1, liveObjects: -1 },
      { callSite: "gone/0x2", caller: "gone", netBytes: 8, totalBytes: 8, allocs: 1, frees: 0, liveObjects: 1 },
    ],
    new Map([["a/0x2", { ...row("a/0x2"), source }]]),
  );
  expect(rows.get("a/0x2")).toMatchObject({ netBytes: -64, frees: 1, liveObjects: -1, source });
  expect(rows.get("gone/0x2")).toMatchObject({ netBytes: 8, totalBytes: 8 });
});
