import { describe, expect, it } from "vitest";
import {
  countLevels,
  describeCount,
  LEVELS,
  newestFirst,
  toneOf,
} from "../../../src/dashboard/alerts/describe-alerts.ts";
import { alert } from "../make.ts";

const info = alert({ level: "info", atMs: 1000, text: "CPU 1 is half full" });
const warning = alert({ level: "warning", atMs: 2000, text: "CPU 1 overruns in 4 s" });
const lost = alert({ level: "lost", atMs: 3000 });
const all = [info, warning, lost, { ...lost, atMs: 4000 }];

it("counts alerts by level, the worst first, and leaves out levels without any", () => {
  expect(countLevels(all)).toEqual([
    { level: "lost", count: 2 },
    { level: "warning", count: 1 },
    { level: "info", count: 1 },
  ]);
  expect(countLevels([info])).toEqual([{ level: "info", count: 1 }]);
  expect(describeCount("lost", 1)).toBe("1 loss");
  expect(describeCount("lost", 1200)).toBe("1,200 losses");
  expect(describeCount("warning", 2)).toBe("2 warnings");
});

describe("the list", () => {
  it("has the newest on top", () => {
    expect(newestFirst(all, new Set(LEVELS), 10).map(({ atMs }) => atMs)).toEqual([4000, 3000, 2000, 1000]);
  });

  it("keeps the newest of the levels that are shown", () => {
    expect(newestFirst(all, new Set(["info", "warning"]), 10)).toEqual([warning, info]);
    expect(newestFirst(all, new Set(LEVELS), 2).map(({ atMs }) => atMs)).toEqual([4000, 3000]);
    expect(newestFirst(all, new Set(), 10)).toEqual([]);
  });
});

it("is loud about an alert while it is news, and calm after a minute", () => {
  expect(toneOf(warning, 2000)).toBe("warning");
  expect(toneOf(warning, 62_000)).toBe("warning");
  expect(toneOf(warning, 62_001)).toBe("past");
  // A server whose clock was set back.
  expect(toneOf(lost, 0)).toBe("lost");
});
