import { describe, expect, it } from "vitest";
import { layerNameOf, stackNow } from "../../../src/dashboard/chart/stack-now.ts";
import { directoryOf } from "../../../src/server/hub/place.ts";
import { row } from "../make.ts";

const source = (file: string | null) => ({ file, line: 1, function: null, module: null, chain: [] });
const rows = [
  row("a+0x1/0x2", { netBytes: 50 }),
  row("b+0x1/0x2 [fat]", { netBytes: 7 }),
  row("c+0x1/0x2 [fat]", { netBytes: 3 }),
  row("d+0x1/0x2", { netBytes: 9, source: source("fs/ext4/super.c") }),
  row("e+0x1/0x2", { source: source("top.c") }),
  row("0xffffffffc0201234"),
  row("f+0x1/0x2", { source: { ...source(null), module: "xfs", reason: "unknown" } }),
];
const callers = new Map(rows.map((one) => [one.callSite, one]));

describe("the stack up to the present", () => {
  it("ends with what the table has of each caller", () => {
    const stack = { times: [1, 3], layers: [{ name: "a+0x1/0x2", net: [10, 30] }] };
    expect(stackNow(stack, "callers", callers, 5)).toEqual({
      times: [1, 3, 5],
      layers: [{ name: "a+0x1/0x2", net: [10, 30, 50] }],
    });
  });

  it("adds callers up by directory and module", () => {
    const layers = ["[fat]", "fs/ext4", "gone"].map((name) => ({ name, net: [1] }));
    expect(stackNow({ times: [1], layers }, "directories", callers, 5).layers.map(({ net }) => net[1])).toEqual([
      10, 9, 0,
    ]);
  });

  it("is what it was where the last moment is the present", () => {
    const stack = { times: [1, 3], layers: [{ name: "a", net: [10, 30] }] };
    expect(stackNow(stack, "callers", callers, 3)).toEqual(stack);
  });

  it("calls directories as the server does", () => {
    expect(rows.map(layerNameOf)).toEqual(rows.map(directoryOf));
  });
});
