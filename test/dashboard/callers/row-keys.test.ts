import { expect, it } from "vitest";
import { rowForKey } from "../../../src/dashboard/callers/row-keys.ts";

it("moves among the rows and stops at their ends", () => {
  expect(rowForKey("ArrowDown", 3, 10, 5)).toBe(4);
  expect(rowForKey("ArrowUp", 0, 10, 5)).toBe(0);
  expect(rowForKey("PageDown", 7, 10, 5)).toBe(9);
  expect(rowForKey("PageUp", 7, 10, 5)).toBe(2);
  expect(rowForKey("Home", 7, 10, 5)).toBe(0);
  expect(rowForKey("End", 7, 10, 5)).toBe(9);
});

it("leaves other keys alone, also those that name what every object has", () => {
  expect(rowForKey("a", 3, 10, 5)).toBeNull();
  expect(rowForKey("toString", 3, 10, 5)).toBeNull();
  expect(rowForKey("End", 0, 0, 5)).toBeNull();
});
