import { describe, expect, it } from "vitest";
import {
  beforeRunInWords,
  isPhased,
  noAccountInWords,
  phasesInWords,
  phasesThatLeft,
  progressInWords,
  verdictOf,
  windowInWords,
} from "../../../src/dashboard/workload/describe-workload.ts";
import type { WorkloadView } from "../../../src/model/workload-view.ts";

type Repeat = NonNullable<WorkloadView["repeat"]>;
const repeat = (verdict: Repeat["verdict"], reason: string): Repeat => ({
  rounds: 3,
  perRound: [],
  growing: [],
  verdict,
  reason,
  growingBeyond: 0,
  roundsBeyond: 0,
});

it.each([
  [{ repeat: repeat("leak", "1 call site grew"), exact: true }, "leak", "1 call site grew"],
  [{ repeat: repeat("clean", "none grew"), exact: true }, "clean", "none grew"],
  [{ repeat: repeat("unsafe", "events were lost: it may"), exact: false }, "inconclusive", "events were lost: it may"],
  [{ repeat: null, exact: false }, "inconclusive", "events were lost: what was freed unseen looks as if it were left"],
  [{ repeat: null, exact: true }, "none yet", "no phase has ended"],
])("says of %j what it comes to", (workload, word, reason) => {
  expect(verdictOf({ ...workload, phases: [] })).toEqual({ word, reason });
});

describe("a window", () => {
  const window = { fromNs: 1e9, toNs: 9e9, phasesBeyond: 1 };
  const rounds = (first: number, last: number): Repeat => {
    const perRound = Array.from({ length: last - first + 1 }, (_, i) => ({ round: first + i })) as Repeat["perRound"];
    return { ...repeat("clean", "none grew"), rounds: perRound.length, perRound };
  };
  const phases = Array.from<WorkloadView["phases"][number]>({ length: 5 });

  it.each([
    [rounds(2, 4), "clean", /^none grew$/],
    [rounds(2, 3), "no verdict", /^the window holds 2 rounds whole, and a verdict takes 3/],
    [rounds(1, 0), "no verdict", /^the window holds no round whole/],
    [null, "none yet", /^one round tells/],
  ])("has a verdict where rounds enough are whole in it", (some, word, reason) => {
    const verdict = verdictOf({ repeat: some, exact: true, phases, window });
    expect(verdict.word).toBe(word);
    expect(verdict.reason).toMatch(reason);
  });

  it("says which they are, and what reaches beyond it", () => {
    const say = (some: Repeat | null, phasesBeyond: number) =>
      windowInWords({ repeat: some, window: { ...window, phasesBeyond }, phases, earlierPhases: 2 });
    expect(say(rounds(2, 4), 0)).toMatch(
      /^Of the window: 3 whole rounds \(2 to 4\), 7 phases\. What they left is .* now/,
    );
    expect(say(rounds(3, 3), 1)).toContain(
      "1 whole round (3), 7 phases; 1 reaches beyond it, told whole all the same.",
    );
    expect(say(rounds(1, 0), 2)).toContain("0 whole rounds, 7 phases; 2 reach beyond it");
    expect(say(null, 0)).toMatch(/^Of the window: 7 phases\./);
  });
});

it("says how far it is", () => {
  const progress = { phases: 7, rounds: 2, running: { name: "load", round: 2 }, over: false };
  expect(progressInWords({ progress })).toBe("2 rounds, 7 phases; round 2, load runs");
  expect(progressInWords({ progress: { ...progress, running: null } })).toMatch(/between two phases$/);
  expect(progressInWords({ progress: { phases: 1, rounds: 1, running: null, over: true } })).toBe(
    "1 round, 1 phase; over",
  );
});

it("names the phases that left something in their order", () => {
  const phases = ["load", "use", "load", "use"].map((name) => ({ name })) as WorkloadView["phases"];
  const callers = [{ byPhase: { use: 1, gone: 2 } }, { byPhase: { use: 3, load: 1 } }];
  const residue = { callers } as unknown as WorkloadView["residue"];
  expect(phasesThatLeft({ phases, residue })).toEqual(["load", "use", "gone"]);
});

it("says of which phases a caller's objects are where there are several", () => {
  const phases = (...names: string[]) => ({ phases: names.map((name) => ({ name })) as WorkloadView["phases"] });
  expect(isPhased(phases("load", "load"))).toBe(false);
  expect(isPhased(phases("load", "use", "load"))).toBe(true);
  expect(phasesInWords({ load: 3, use: 12 })).toBe("load 3, use 12");
});

it.each([
  ["hist", 0, /^No workload has run.*but mode hist cannot judge it.*kmemtap run.*--mode text\.$/],
  ["hist", 10, /^A workload ran \(10 phases\), but mode hist cannot judge it.*--mode text\.$/],
  ["text", 0, /^No workload has run in this capture\. .*under Control/],
])("says in mode %s after %i phases why there is no account of a workload", (mode, ran, words) => {
  expect(noAccountInWords(mode, ran)).toMatch(words);
});

it("says before a workload runs that its mode cannot judge it", () => {
  expect(beforeRunInWords("hist")).toMatch(/^It runs, but mode hist cannot judge it/);
  expect(beforeRunInWords("text")).toBe("");
  expect(beforeRunInWords(undefined)).toBe("");
});

it("says how many rounds tell a leak as the rules have it", () => {
  const phases = Array.from<WorkloadView["phases"][number]>({ length: 1 });
  for (const words of [noAccountInWords("text", 0), verdictOf({ repeat: null, exact: true, phases }).reason])
    expect(words).toContain("4 rounds or more tell a leak from a cache, 3 where the last two leave as much");
});
