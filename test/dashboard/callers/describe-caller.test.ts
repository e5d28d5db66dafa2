import { expect, it } from "vitest";
import { describeBeyond } from "../../../src/dashboard/callers/describe-caller.ts";

it.each([
  ["whole", false, ""],
  ["task", true, "all tasks"],
  ["window", false, "whole run"],
  ["window", true, "whole run, all tasks"],
] as const)("what the blocks of an open row are of, of %s, of a task: %s", (kind, isTask, expected) => {
  expect(describeBeyond(kind, isTask)).toBe(expected);
});
