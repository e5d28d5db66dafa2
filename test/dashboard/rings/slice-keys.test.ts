import { expect, it } from "vitest";
import { neighbourOf } from "../../../src/dashboard/rings/slice-keys.ts";

/** Two slices in the first ring; two outside the first of them. */
const SLICES = [
  { depth: 1, startAngle: 0, endAngle: 4 },
  { depth: 1, startAngle: 4, endAngle: 6.28 },
  { depth: 2, startAngle: 0, endAngle: 3 },
  { depth: 2, startAngle: 3, endAngle: 4 },
];

it.each([
  [0, "ArrowRight", 1],
  [1, "ArrowRight", 0],
  [0, "ArrowLeft", 1],
  [0, "ArrowUp", 2],
  [1, "ArrowUp", null],
  [2, "ArrowRight", 3],
  [3, "ArrowDown", 0],
  [0, "ArrowDown", null],
  [3, "Home", 0],
  [0, "x", null],
])("from %i with %s to %s", (from, key, to) => {
  expect(neighbourOf(SLICES, from, key)).toBe(to);
});

it("leads nowhere in an empty chart", () => {
  expect(neighbourOf([], 0, "ArrowRight")).toBeNull();
});
