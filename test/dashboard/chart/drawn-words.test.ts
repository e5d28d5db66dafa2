import { describe, expect, it } from "vitest";
import { countSigns, describeSigns, listSigns } from "../../../src/dashboard/chart/drawn-words.ts";
import type { HistoryPoint, Mark } from "../../../src/model/wire.ts";
import { alert } from "../make.ts";

const mark = (kind: Mark["kind"], seconds: number, text: string): Mark => ({
  kind,
  timeNs: seconds * 1e9,
  atMs: 0,
  text,
});
const marks = [
  mark("phase-begin", 1, "mount"),
  mark("phase-end", 2, "mount"),
  mark("gap", 3, "the link was down: pulled"),
  mark("user", 6, "here"),
];
const alerts = [alert({ timeNs: 3.5e9, text: "CPU 1 lost 10 events" }), alert({ level: "info", timeNs: 4e9 })];
const history = [1, 3, 5, 7].map((seconds): HistoryPoint => [seconds, 0, 0, 0]);

describe("what is drawn on the timeline", () => {
  it("is counted by its sign, and said in a sentence", () => {
    const counts = countSigns({ alerts, marks });
    expect(counts).toEqual({ loss: 1, gap: 1, warning: 0, mark: 1, phase: 1 });
    expect(describeSigns(counts)).toBe("1 loss, 1 gap, 1 mark and 1 phase are marked");
    expect(describeSigns({ ...countSigns({ alerts: [], marks: [] }), loss: 2 })).toBe("2 losses are marked");
    expect(describeSigns(countSigns({ alerts: [], marks: [] }))).toBe("");
  });

  it("is listed for those who do not see it, the newest first", () => {
    const say = (seconds: number) => `${seconds} s`;
    expect(listSigns({ alerts, marks, history }, say, 9)).toEqual([
      "mark at 6 s: here",
      "loss at 3.5 s: CPU 1 lost 10 events",
      "gap from 3 s to 5 s: the link was down: pulled",
      "phase mount from 1 s to 2 s",
    ]);
    expect(listSigns({ alerts, marks, history }, say, 1)).toHaveLength(1);
  });
});
