import { expect, it } from "vitest";
import { toColumns } from "../../../src/dashboard/chart/to-columns.ts";
import type { HistoryPoint } from "../../../src/model/wire.ts";

const history = Array.from({ length: 10 }, (_, i): HistoryPoint => [i, i * 10, i * 9, i]);

it("gives uPlot its columns", () => {
  expect(toColumns(history.slice(0, 2), 100, null)).toEqual([
    [0, 1],
    [0, 10],
    [0, 9],
    [0, 1],
  ]);
});

it("takes the zoomed span and a neighbour at each side", () => {
  expect(toColumns(history, 100, { min: 3.5, max: 5.5 })[0]).toEqual([3, 4, 5, 6]);
  expect(toColumns(history, 100, { min: -5, max: 0.5 })[0]).toEqual([0, 1]);
  expect(toColumns(history, 100, { min: 8.5, max: 99 })[0]).toEqual([8, 9]);
});

it("never lets the clock go back", () => {
  const points: HistoryPoint[] = [
    [1, 1, 1, 1],
    [0.999999, 2, 2, 2],
    [2, 3, 3, 3],
  ];
  expect(toColumns(points, 100, null)[0]).toEqual([1, 1, 2]);
});
