import { describe, expect, it } from "vitest";
import { describeCpu, losingCpus, lossHeadline, rejectedReasons } from "../../../src/dashboard/loss/describe-loss.ts";
import { noLoss } from "../make.ts";

const cpu = (n: number, lostEvents: number, lostUncounted = 0) => ({
  cpu: n,
  events: 90,
  lostEvents,
  lostUncounted,
  lastLossNs: null,
});

describe("lossHeadline", () => {
  it("names every kind of loss", () => {
    expect(lossHeadline({ ...noLoss, lostEvents: 12_345, lostUncounted: 2, rejected: 1, damagedInput: ["a.gz"] })).toBe(
      "12,345 events lost, 2 more losses of unknown size, 1 line could not be read, 1 input damaged",
    );
    expect(lossHeadline({ ...noLoss, lostUncounted: 1 })).toBe("1 loss of unknown size");
    expect(lossHeadline({ ...noLoss, histDropped: 5485 })).toBe("5,485 events found no room in a hist map");
    const hiddenPointers = { allocs: 2, bytes: 128, requestedBytes: 120, frees: 0 };
    expect(lossHeadline({ ...noLoss, hiddenPointers })).toBe(
      "2 allocations cannot be followed: the kernel hid the pointer",
    );
  });

  it("says something even where the block has no number", () => {
    expect(lossHeadline(noLoss)).toBe("the account is not complete");
  });
});

it("lists the CPUs that lost something, the greatest loss first", () => {
  const loss = { ...noLoss, perCpu: [cpu(0, 0), cpu(1, 10), cpu(2, 30), cpu(3, 0, 2)] };
  expect(losingCpus(loss).map((c) => c.cpu)).toEqual([2, 1, 3]);
  expect(describeCpu(cpu(1, 10))).toBe("10 (10.0 %)");
  expect(describeCpu(cpu(1, 10, 2))).toBe("10 (10.0 %) + 2 × unknown");
  expect(describeCpu(cpu(3, 0, 2))).toBe("2 × unknown");
});

it("lists rejected lines by reason, the most frequent first", () => {
  const input = {
    bytes: 0,
    events: { lines: 0, bytes: 0 },
    ignored: {},
    rejected: { torn: { lines: 2, bytes: 9 }, odd: { lines: 7, bytes: 9 }, none: { lines: 0, bytes: 0 } },
  };
  expect(rejectedReasons(input).map(({ reason }) => reason)).toEqual(["odd", "torn"]);
});
