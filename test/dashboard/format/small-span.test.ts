import { expect, it } from "vitest";
import { formatSmallSpan, stepsInWords } from "../../../src/dashboard/format/small-span.ts";

it.each([
  [0, "0 µs"],
  [0.000012, "12 µs"],
  [0.0034, "3.4 ms"],
  [0.25, "250 ms"],
  [12.34, "12.3 s"],
  [133, "2 m 13 s"],
])("writes %d s as %s", (seconds, text) => {
  expect(formatSmallSpan(seconds)).toBe(text);
});

it("puts counts by step in words", () => {
  const steps = [3, 0, 1200];
  expect(stepsInWords(steps)).toBe("3 below 1 µs, 1,200 from 2 µs to 4 µs");
  expect(stepsInWords(steps, 1)).toBe("0 from 1 µs to 2 µs");
  expect(stepsInWords([...new Array<number>(32).fill(0), 5])).toBe("5 from 35 m 47 s on");
});
