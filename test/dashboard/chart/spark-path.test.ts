import { expect, it } from "vitest";
import { sparkPath } from "../../../src/dashboard/chart/spark-path.ts";

it("a sparkline goes from the first point to the last, from nought up", () => {
  expect(
    sparkPath(
      [
        [0, 0],
        [5, 50],
        [10, 100],
      ],
      100,
      12,
    ).line,
  ).toBe("M0,11L50,6L100,1");
  expect(
    sparkPath(
      [
        [0, 100],
        [10, 100],
      ],
      100,
      12,
    ).line,
  ).toBe("M0,1L100,1");
});

it("there is none of less than two points", () => {
  expect(sparkPath([[0, 1]], 100, 12)).toEqual({ line: "", area: "" });
});
