import { describe, expect, it } from "vitest";
import { exactBytes, humanBytes } from "../../../src/dashboard/format/bytes.ts";
import { formatCount, formatShare, plural } from "../../../src/dashboard/format/count.ts";
import { formatAge, formatSpan, formatTraceTime } from "../../../src/dashboard/format/time.ts";

describe("bytes", () => {
  it.each([
    [0, "0 B"],
    [812, "812 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [1000 * 1024, "1000 KiB"],
    [1024 * 1024 - 1, "1.0 MiB"],
    [-1536, "−1.5 KiB"],
    [5 * 1024 ** 4, "5.0 TiB"],
  ])("%d is %s", (bytes, text) => expect(humanBytes(bytes)).toBe(text));

  it("takes more decimals for large figures, and tells every byte on demand", () => {
    expect(humanBytes(12_914_688, 2)).toBe("12.32 MiB");
    expect(exactBytes(12_914_688)).toBe("12,914,688 bytes");
    expect(exactBytes(1)).toBe("1 byte");
  });
});

describe("counts", () => {
  it("groups digits and uses a true minus", () => {
    expect(formatCount(84_000)).toBe("84,000");
    expect(formatCount(-5)).toBe("−5");
    expect(plural(1, "event")).toBe("1 event");
    expect(plural(2000, "event")).toBe("2,000 events");
  });

  it("shows a dash for a share of nothing", () => {
    expect(formatShare(0.1234)).toBe("12.3 %");
    expect(formatShare(0 / 0)).toBe("–");
  });
});

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
