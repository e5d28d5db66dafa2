import { describe, expect, it } from "vitest";
import { compareCallers } from "../../../src/dashboard/compare/compare-callers.ts";
import { choicesOf, parseAgainst } from "../../../src/dashboard/compare/moments.ts";
import { row, totals } from "../make.ts";

describe("compareCallers", () => {
  const { functions, statuses, delta } = compareCallers(
    [
      row("grows+0x1/0x9", { netBytes: 10 }),
      row("grows+0x5/0x9", { netBytes: 10 }),
      row("same+0x1/0x9"),
      row("gone+0x1/0x9 [fat]", { netBytes: 500 }),
      row("less+0x1/0x9", { netBytes: 40, liveObjects: 4 }),
    ],
    [
      row("grows+0x2/0xb", { netBytes: 100 }),
      row("grows+0x7/0xb", { netBytes: 20 }),
      row("same+0x1/0x9"),
      row("fresh+0x1/0x9", { netBytes: 7 }),
      row("less+0x1/0x9", { netBytes: 30, liveObjects: 3 }),
    ],
  );

  it("matches functions, though their call sites moved, the largest change first", () => {
    expect(functions.map(({ name, status, delta: { netBytes } }) => [name, status, netBytes])).toEqual([
      ["gone [fat]", "gone", -500],
      ["grows", "grown", 100],
      ["less", "shrunk", -10],
      ["fresh", "new", 7],
    ]);
  });

  it("counts those that are the same too, and adds all up", () => {
    expect(statuses).toEqual({ new: 1, gone: 1, grown: 1, shrunk: 1, same: 1 });
    expect(delta.netBytes).toBe(100 - 500 + 7 - 10);
  });
});

describe("with what it may be compared", () => {
  it("is read from the address, or is nothing", () => {
    expect(parseAgainst("at 12.5")).toEqual({ kind: "moment", seconds: 12.5 });
    expect(parseAgainst("run 3")).toEqual({ kind: "run", run: 3 });
    expect(parseAgainst("run x")).toBeUndefined();
    expect(parseAgainst(null)).toBeUndefined();
  });

  it("is some moments, the first and the last among them, and the runs", () => {
    const samples = Array.from({ length: 40 }, (_, seconds) => ({ seconds, callers: new Map(), totals, exact: true }));
    const values = choicesOf(samples, [{ run: 1, endedMs: 0, exact: true, totals }], String).map(({ value }) => value);
    expect(values[0]).toBe("at 0");
    expect(values.slice(-2)).toEqual(["at 39", "run 1"]);
    expect(values.length).toBeLessThanOrEqual(14);
  });
});
