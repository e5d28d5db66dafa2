import { describe, expect, it } from "vitest";
import { formatAge, formatSpan, formatTraceTime } from "../../../src/dashboard/format/time.ts";

describe("time", () => {
  it.each([
    [0.04, "0.0 s"],
    [12.34, "12.3 s"],
    [59.97, "1 m 00 s"],
    [133, "2 m 13 s"],
    [3600 * 3 + 240, "3 h 04 m"],
    [86_400 * 2 + 3600 * 5, "2 d 5 h"],
    [-3, "0.0 s"],
  ])("%d seconds are %s", (seconds, text) => expect(formatSpan(seconds)).toBe(text));

  it("tells ages in whole seconds and trace times to the microsecond", () => {
    expect(formatAge(12_900)).toBe("12 s");
    expect(formatAge(-200)).toBe("0 s");
    expect(formatTraceTime(12_345_678_901)).toBe("12.345679 s");
  });
});
