import { describe, expect, it } from "vitest";
import { exactBytes, humanBytes } from "../../src/format/bytes.ts";
import { formatCount, formatShare, plural } from "../../src/format/count.ts";

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
