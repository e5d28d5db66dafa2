import { describe, expect, it } from "vitest";
import { layersOf, lineOf, MOST_LAYERS, stackedColumns } from "../../../src/dashboard/chart/stack.ts";

const series = {
  times: [1, 3],
  callers: [
    { name: "a", net: [10, 30] },
    { name: "b", net: [100, 0] },
  ],
  directories: Array.from({ length: 20 }, (_, i) => ({ name: `d${i}`, net: [i, 40 - i] })),
};

describe("the timeline's stack", () => {
  it("puts each layer upon those before it, with a straight line between two moments", () => {
    expect(stackedColumns(series.times, series.callers, [0, 1, 2, 3, 9])).toEqual([
      [0, 10, 20, 30, 30],
      [0, 110, 70, 30, 30],
    ]);
  });

  it("has no more layers than can be told apart, those that ever held the most", () => {
    const names = layersOf(series, "directories").map(({ name }) => name);
    expect(names).toHaveLength(MOST_LAYERS);
    expect(names).toContain("d0");
    expect(names).not.toContain("d19");
    expect(layersOf(series, "net")).toEqual([]);
  });

  it("is nothing before the first moment", () => {
    expect(stackedColumns([], [{ name: "a", net: [] }], [1, 2])).toEqual([[0, 0]]);
  });

  it("has a caller's own line", () => {
    expect(lineOf(series, "b")).toEqual([
      [1, 100],
      [3, 0],
    ]);
    expect(lineOf(series, "c")).toBeUndefined();
  });
});
