import { describe, expect, it } from "vitest";
import { compareCallers } from "../../../src/dashboard/compare/compare-callers.ts";
import { choicesOf, firstOf, parseAgainst, unlessKept } from "../../../src/dashboard/compare/moments.ts";
import type { Mark } from "../../../src/model/wire.ts";
import { row, totals } from "../make.ts";

describe("compareCallers", () => {
  const { functions, statuses, delta } = compareCallers(
    [
      row("grows+0x1/0x9", { netBytes: 10 }),
      row("grows+0x5/0x9", { netBytes: 10 }),
      row("same+0x1/0x9"),
      row("gone+0x1/0x9 [fat]", { netBytes: 500 }),
      row("less+0x1/0x9", { netBytes: 40, liveObjects: 4 }),
    ],
    [
      row("grows+0x2/0xb", { netBytes: 100 }),
      row("grows+0x7/0xb", { netBytes: 20 }),
      row("same+0x1/0x9"),
      row("fresh+0x1/0x9", { netBytes: 7 }),
      row("less+0x1/0x9", { netBytes: 30, liveObjects: 3 }),
    ],
  );

  it("matches functions, though their call sites moved, the largest change first", () => {
    expect(functions.map(({ name, status, delta: { netBytes } }) => [name, status, netBytes])).toEqual([
      ["gone [fat]", "gone", -500],
      ["grows", "grown", 100],
      ["less", "shrunk", -10],
      ["fresh", "new", 7],
    ]);
  });

  it("counts those that are the same too, and adds all up", () => {
    expect(statuses).toEqual({ new: 1, gone: 1, grown: 1, shrunk: 1, same: 1 });
    expect(delta.netBytes).toBe(100 - 500 + 7 - 10);
  });
});

describe("with what it may be compared", () => {
  it("is read from the address, or is nothing", () => {
    expect(parseAgainst("at 12.5")).toEqual({ kind: "moment", seconds: 12.5 });
    expect(parseAgainst("run 3")).toEqual({ kind: "run", run: 3 });
    expect(parseAgainst("run x")).toBeUndefined();
    expect(parseAgainst(null)).toBeUndefined();
  });

  it("is the page's opening, moments of the whole run, the newest marks, and the runs", () => {
    const mark = (kind: Mark["kind"], seconds: number, text: string): Mark => ({ kind, timeNs: seconds * 1e9, atMs: 0, text }); // prettier-ignore
    const marks = [
      ...Array.from({ length: 50 }, (_, i) => mark("user", i / 10, `note ${String(i)}`)),
      mark("phase-begin", 20, "load, round 2"),
      mark("gap", 21, "the link was down"),
      mark("phase-end", 22, "load, round 2: exit status 1"),
    ];
    const times = Array.from({ length: 290 }, (_, i) => i);
    const runs = [{ run: 1, endedMs: 0, exact: true, totals }];
    const choices = choicesOf({ openedS: 250, times, marks, runs }, (seconds) => `${String(seconds)} s`);
    expect([...choices.keys()]).toEqual(["this page", "moments of the run", "marks and phases", "earlier runs"]);
    expect(choices.get("this page")).toEqual([{ value: "at 250", label: "250 s, when this page was opened" }]);
    const moments = (choices.get("moments of the run") ?? []).map(({ value }) => value);
    expect([moments.length, moments.at(0), moments.at(-1)]).toEqual([12, "at 0", "at 289"]);
    const marked = choices.get("marks and phases") ?? [];
    expect(marked.length).toBe(24);
    expect(marked.slice(0, 3).map(({ label }) => label)).toEqual([
      "22 s: load, round 2: exit status 1 ends",
      "20 s: load, round 2 begins",
      "4.9 s: note 49",
    ]);
    expect(choices.get("earlier runs")?.map(({ value }) => value)).toEqual(["run 1"]);
    expect(choicesOf({ openedS: null, times: [], marks: [], runs: [] }, String).size).toBe(0);
  });

  it("begins with when the page was opened, or with the run's first moment where nothing came since and nothing will", () => {
    const of = (openedS: number) =>
      choicesOf({ openedS, times: [0.5, 1, 9], marks: [], runs: [] }, (seconds) => `${String(seconds)} s`);
    expect(firstOf(of(9), false, 9)).toBe("at 9");
    expect(firstOf(of(9), true, 9)).toBe("at 0.5");
    expect(firstOf(of(4), true, 9)).toBe("at 4");
    expect(firstOf(new Map(), true, 0)).toBeNull();
  });

  it("is what the page saw itself, unless the server keeps a moment that is nearer", () => {
    const sample = { seconds: 10, callers: new Map(), totals, exact: true };
    expect(unlessKept(sample, [4, 7, 13], 11)).toBe(sample);
    expect(unlessKept(sample, [4, 7, 13], 7.5)).toBeUndefined();
    expect(unlessKept(undefined, [4], 4)).toBeUndefined();
  });
});
