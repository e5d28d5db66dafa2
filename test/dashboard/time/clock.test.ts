import { describe, expect, it } from "vitest";
import { axisLabel, axisSplits, type Clock, clockOf, otherTime, sayTime } from "../../../src/dashboard/time/clock.ts";
import type { HistoryPoint } from "../../../src/model/wire.ts";
import { link } from "../make.ts";

const history: HistoryPoint[] = [[100, 0, 0, 0]];
const source = { label: "board", recording: false, run: 1 };
const lag = { waitingEvents: 5, etaSeconds: 1, overrun: 0 };

describe("the clock that fits", () => {
  it("says how long ago, of what goes on; and by the trace clock, of what is over or recorded", () => {
    expect(clockOf({ source, link, history }, null).kind).toBe("ago");
    for (const status of ["ended", "failed"] as const)
      expect(clockOf({ source, link: { ...link, status }, history }, null).kind).toBe("uptime");
    expect(clockOf({ source: { ...source, recording: true }, link, history }, null).kind).toBe("uptime");
    expect(clockOf({ source, link, history }, "uptime").kind).toBe("uptime");
  });

  it("knows the target's present: later than the last event by its silence, or by what waits there", () => {
    expect(clockOf({ source, link, history }, null).nowS).toBe(100);
    // Bytes may come all the while: what an idle target's agent says.
    for (const status of ["silent", "streaming"] as const)
      expect(clockOf({ source, link: { ...link, status, idleSeconds: 7 }, history }, null).nowS).toBe(107);
    expect(clockOf({ source, link: { ...link, status: "ended", idleSeconds: 7 }, history }, null).nowS).toBe(100);
    expect(clockOf({ source, link: { ...link, lag: { ...lag, behindSeconds: 3 } }, history }, null).nowS).toBe(103);
    expect(clockOf({ source, link, history: [] }, null).nowS).toBe(0);
  });
});

const ago: Clock = { kind: "ago", nowS: 1000 };
const uptime: Clock = { kind: "uptime", nowS: 1000 };

describe("a moment", () => {
  it("is so long ago, or a time of the trace clock", () => {
    expect([1000, 987.66, 400, 1001].map((s) => sayTime(ago, s))).toEqual([
      "now",
      "12.3 s ago",
      "10 m 00 s ago",
      "now",
    ]);
    expect([999.2, 987.66].map((s) => sayTime(ago, s, 1))).toEqual(["now", "12 s ago"]);
    expect(sayTime(uptime, 987.66)).toBe("987.660 s");
    expect(otherTime(ago, 987.66)).toBe("trace clock 987.660000 s");
    expect(otherTime(uptime, 987.66)).toBe("12.3 s ago");
  });
});

describe("the time axis", () => {
  it("has its labels at round times of its clock", () => {
    expect(axisSplits(ago, 985.2, 1000, 5)).toEqual([990, 995, 1000]);
    expect(axisSplits(ago, 985.2, 1100, 5)).toEqual([990, 995, 1000]);
    expect(axisSplits({ ...ago, nowS: 999.5 }, 985.2, 999.5, 5)).toEqual([989.5, 994.5, 999.5]);
    expect(axisSplits(uptime, 985.2, 1000, 5)).toEqual([990, 995, 1000]);
    expect(axisSplits(uptime, 0, 0.3, 0.1)).toHaveLength(4);
  });

  it("says them shortly", () => {
    expect([1000, 960, 880, 400, -4400].map((s) => axisLabel(ago, s))).toEqual([
      "now",
      "40 s ago",
      "2 m ago",
      "10 m ago",
      "1 h 30 m ago",
    ]);
    expect(axisLabel(uptime, 880.5)).toBe("880.5 s");
  });
});
