import { describe, expect, it } from "vitest";
import { lossNotice } from "../../src/report/loss-notice.ts";
import { accountOfLines, SOURCE } from "../support/account.ts";
import { ledgerOf } from "../support/events.ts";
import { ALLOC_LINE, alloc, FREE_LINE, head } from "../support/trace-text.ts";

describe("lossNotice", () => {
  it("says nothing of an exact account, though frees are unmatched", () => {
    expect(lossNotice(accountOfLines([ALLOC_LINE, FREE_LINE, FREE_LINE]))).toBeUndefined();
  });

  it("names how many, which CPU and what did not read, on one line", () => {
    const lines = ["CPU:3 [LOST 157 EVENTS]", "CPU:1 [LOST EVENTS]", head() + alloc({ ptr: "hello" })];
    expect(lossNotice(accountOfLines(lines))).toBe(
      "not exact: 157 events lost; 1 time events lost without a number; 1 trace line unreadable (badField 1) (CPU 1, CPU 3)",
    );
  });

  it("names damaged input", () => {
    const snapshot = ledgerOf([]).snapshot({
      source: SOURCE,
      damagedInput: ["reading x.gz failed: unexpected end of file"],
    });
    expect(lossNotice(snapshot)).toBe("not exact: reading x.gz failed: unexpected end of file");
  });
});
