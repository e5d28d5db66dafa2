/** Leak, cache, or neither: one example a rule. */
import { describe, expect, it } from "vitest";
import type { SiteVerdict } from "../../src/model/workload.ts";
import {
  groupAlike,
  judgeSite,
  judgeWorkload,
  type SiteJudgement,
  type SiteRounds,
  underVerdict,
  unseenFrees,
} from "../../src/accounting/leak-verdict.ts";

/** Objects of 64 bytes. */
const site = (netObjects: number[], survivors: number[], fields: Partial<SiteRounds> = {}): SiteRounds => ({
  callSite: "a+0x1/0x90",
  netObjects,
  netBytes: netObjects.map((objects) => objects * 64),
  survivors,
  survivorBytes: survivors.map((objects) => objects * 64),
  impliedFrees: 0,
  background: 0,
  doubtful: 0,
  ...fields,
});
const ones = (rounds: number) => Array.from({ length: rounds }, () => 1);
const verdictOf = (rounds: SiteRounds) => judgeSite(rounds)?.verdict;

describe("a call site", () => {
  it.each<[string, string | undefined, SiteRounds]>([
    ["the same in every round", "leak", site([1, 1, 1], [1, 1, 1])],
    ["more in some rounds than in others", "leak", site([1, 3, 2, 2], [1, 3, 2, 2])],
    ["growth that the first round did not have", "leak", site([0, 1, 1, 1], [0, 1, 1, 1])],
    ["a first round that also filled a cache", "leak", site([90, 1, 1, 1], [90, 1, 1, 1])],
    // security_inode_alloc of a real one, on a machine that had other things to do: files made in a tmpfs.
    ["a net that others move up and down", "leak", site([74, -14, 54, 62, 1], [11, 17, 10, 10, 10])],
    ["more than in the pauses", "leak", site([9, 10, 10, 10, 10], [10, 10, 10, 10, 10], { background: 12 })],
    ["more than in the pauses, but in few rounds", "unsteady", site([10, 10, 10], [10, 10, 10], { background: 13 })],
    // At the pauses' rate half of the rounds have one.
    ["few in many rounds, and some in the pauses", "leak", site(ones(8), ones(8), { background: 3.5 })],
    ["few in some rounds, and some in the pauses", "unsteady", site(ones(5), ones(5), { background: 2 })],
    ["all in the first round", "cache", site([90, 0, 0, 0, 0], [90, 0, 0, 0, 0])],
    ["a cache that replaces: only the last round's objects are there", "cache", site([10, 0, 0], [0, 0, 10])],
    ["a cache that replaces at random: some of every round", "cache", site([10, 0, 0, 0], [3, 2, 2, 3])],
    ["a cache that shrank", "cache", site([10, -1, 0], [9, 0, 0])],
    ["frees that come late: the last round's are still to come", "cache", site([1, 0, 0], [0, 0, 1])],
    ["a cache that replaces and grows a little", "unsteady", site([10, 1, 0, 1], [3, 2, 2, 3])],
    ["a daemon that kept something in one round", "unsteady", site([0, 1, 0, 0, 0], [0, 1, 0, 0, 0])],
    ["a daemon that kept something in most rounds", "unsteady", site([1, 1, 0, 1, 1], [1, 1, 0, 1, 1])],
    // vm_area_dup on the same machine: processes that others started.
    ["very different numbers", "unsteady", site([38, 14, 94, 89, 106], [0, 14, 31, 27, 5])],
    ["as much as in the pauses", "unsteady", site([10, 10, 10], [10, 10, 10], { background: 14 })],
    ["a cache that is still warming", "unsteady", site([100, 20, 10, 5], [100, 20, 10, 5])],
    ["a leak that happens to fall a little", "leak", site([1, 3, 2, 2], [1, 3, 2, 2])],
    ["as much as the slabs lack", "unseen-frees", site([9, 5, 5, 5], [9, 5, 5, 5], { doubtful: 15 })],
    ["more than the slabs lack", "leak", site([9, 5, 5, 5], [9, 5, 5, 5], { doubtful: 14 })],
    ["nothing alive of any round", undefined, site([1, -1, 1], [0, 0, 0])],
    ["three rounds of which the last two differ", "unsteady", site([0, 1, 2], [0, 1, 2])],
    ["four that do so", "leak", site([0, 1, 2, 2], [0, 1, 2, 2])],
    ["two rounds, growing", "unsteady", site([1, 1], [1, 1])],
    ["two rounds, the second adding nothing", "cache", site([1, 0], [1, 0])],
    ["one round", undefined, site([1], [1])],
  ])("%s: %s", (_, verdict, rounds) => {
    expect(verdictOf(rounds)).toBe(verdict);
  });

  it("says by how much it grows, the first round left out", () => {
    expect(judgeSite(site([90, 4, 2, 2], [90, 4, 2, 3]))).toEqual({
      verdict: "leak",
      growthBytesPerRound: (8 * 64) / 3,
      reason: "grew in every round after the first, by 2 to 4 objects, 128 to 256 bytes",
    });
    expect(judgeSite(site([90, -3, 0], [90, 0, 0]))?.growthBytesPerRound).toBe(0);
  });

  it("is not judged by growth where its frees raise no event", () => {
    const of = (fields: Partial<SiteRounds>) => judgeSite(site([10, 10, 10], [10, 10, 10], fields));
    expect(of({ impliedFrees: 3 })?.verdict).toBe("unseen-frees");
    expect(of({ impliedFrees: 3 })?.reason).toContain("at least 3 times");
    expect(of({ callSite: "mas_alloc_nodes+0x6f/0x110" })?.verdict).toBe("unseen-frees");
    // A stray one does not acquit.
    expect(of({ impliedFrees: 2 })?.verdict).toBe("leak");
    // Nor is what stays as it is put down to unseen frees.
    expect(verdictOf(site([10, 0, 0], [10, 0, 0], { impliedFrees: 9 }))).toBe("cache");
  });

  it("warns of caches that memory pressure shrinks", () => {
    for (const callSite of ["__d_alloc+0x29/0x1a0", "proc_alloc_inode+0x1d/0x80", "fat_alloc_inode+0x1e/0x40 [fat]"])
      expect(judgeSite(site([1, 1, 1], [1, 1, 1], { callSite }))?.reason).toContain("drop_caches");
    expect(judgeSite(site([1, 1, 1], [1, 1, 1]))?.reason).not.toContain("drop_caches");
  });
});

it.each([
  "mas_alloc_nodes+0x6f/0x110",
  "mas_preallocate+0x431/0x5b0",
  "mas_dup_build+0x125/0x3c0",
  "mt_alloc_one+0x1/0x2",
])("knows maple nodes by %s", (callSite) => {
  expect(unseenFrees(callSite, 0, 1)).toContain("/proc/slabinfo");
});

it.each(["master_alloc+0x1/0x2", "comas_x+0x1/0x2", "kmalloc+0x1/0x2"])("takes no other for one: %s", (callSite) => {
  expect(unseenFrees(callSite, 0, 1)).toBeUndefined();
});

describe("a workload", () => {
  const judged = (...rounds: SiteRounds[]) => rounds.map(judgeSite).filter((judgement) => judgement !== undefined);
  const leak = site([1, 1, 1], [1, 1, 1]);
  const cache = site([1, 0, 0], [1, 0, 0]);
  const unsteady = site([0, 1, 0], [0, 1, 0]);
  const unseen = site([1, 1, 1], [1, 1, 1], { impliedFrees: 5 });
  const whole = { rounds: 3, failedRounds: 0, exact: true, scope: "system" } as const;

  it.each<[string, string, SiteRounds[], Partial<Parameters<typeof judgeWorkload>[1]>]>([
    ["one leak among caches", "leak", [cache, leak, unsteady], {}],
    ["caches", "clean", [cache, cache], {}],
    ["nothing that stayed", "clean", [], {}],
    ["background noise", "clean", [unsteady, cache], {}],
    ["unseen frees", "clean", [unseen], {}],
    ["a leak, but events were lost", "unsafe", [leak], { exact: false }],
    ["caches, but events were lost", "unsafe", [cache], { exact: false }],
    ["a leak, but frees outside of the processes are not seen", "unsafe", [leak], { scope: "process" }],
    ["caches in the scope of processes", "clean", [cache], { scope: "process" }],
    ["growth in the second of two", "unsafe", [site([1, 1], [1, 1])], { rounds: 2 }],
    ["two rounds, the second adding nothing", "clean", [site([1, 0], [1, 0])], { rounds: 2 }],
    ["one round that ran to its end", "unsafe", [], { rounds: 1 }],
    ["a command that failed in every round", "unsafe", [cache], { failedRounds: 3 }],
    ["a leak of a command that failed in every round", "leak", [leak], { failedRounds: 3 }],
    ["a command that failed in all rounds but one", "clean", [cache], { failedRounds: 2 }],
  ])("%s: %s", (_, verdict, sites, options) => {
    expect(judgeWorkload(judged(...sites), { ...whole, ...options }).verdict).toBe(verdict);
  });

  it("counts once the call sites that grew alike", () => {
    const row = (survivorsPerRound: number[], verdict: SiteVerdict = "leak", byPhase = { run: 3 }) => ({
      ...judged(leak)[0],
      verdict,
      survivorsPerRound,
      byPhase,
    });
    const groups = (...rows: ReturnType<typeof row>[]) => groupAlike(rows).map(({ group }) => group);
    expect(groups(row([1, 2, 1]), row([1, 1, 1]), row([2, 1, 1]), row([1, 1, 1]))).toEqual([
      undefined,
      1,
      undefined,
      1,
    ]);
    expect(groups(row([1, 1, 1]), row([1, 1, 1], "unsteady"))).toEqual([undefined, undefined]);
    expect(groups(row([1, 1, 1]), row([1, 1, 1], "leak", { run: 2 }))).toEqual([undefined, undefined]);
    const reason = (...rows: ReturnType<typeof row>[]) => judgeWorkload(groupAlike(rows), whole).reason;
    expect(reason(row([1, 1, 1]), row([2, 1, 1]))).toBe("2 call sites grew in every round after the first");
    expect(reason(row([1, 1, 1]), row([1, 1, 1]))).toBe(
      "2 call sites grew in every round after the first; all grew alike",
    );
    expect(reason(row([1, 1, 1]), row([2, 1, 1]), row([1, 1, 1]))).toBe(
      "3 call sites grew in every round after the first; counted once where they grew alike: 2",
    );
  });

  it("says how often the command failed", () => {
    expect(judgeWorkload([], { ...whole, failedRounds: 3 }).reason).toMatch(/^a command failed in 3 of 3 rounds: /);
    expect(judgeWorkload([], { ...whole, failedRounds: 1 }).reason).toBe(
      "no call site grew in every round after the first; a command failed in 1 of 3 rounds",
    );
  });

  const chance = site([1, 1, 1, 1, 7], [1, 1, 1, 1, 7], { background: 2 });
  const uneven = site([9, 29, 1, 53, 63], [9, 29, 1, 53, 63], { background: 40 });
  const asBetween = site([9, 10, 10, 10], [9, 10, 10, 10], { background: 40 });

  it("is inconclusive where something grew in every round that chance may have left", () => {
    expect(judgeWorkload(judged(chance, unsteady, cache), whole)).toEqual({
      verdict: "unsafe",
      reason:
        "1 call site grew in every round after the first, but may have by chance: a leak, or something else on the target; " +
        "more rounds tell, or a quieter target, or --scope process, which leaves out other processes",
    });
    const inScope = judgeWorkload(judged(chance), { ...whole, scope: "process" });
    expect(inScope.verdict).toBe("unsafe");
    expect(inScope.reason).toMatch(/; more rounds tell, or a quieter target$/);
    expect(judgeWorkload(judged(chance, leak), whole).verdict).toBe("leak");
  });

  it("says of a clean one where something else would hide a leak", () => {
    expect(judgeWorkload(judged(uneven, asBetween, unsteady), whole)).toEqual({
      verdict: "clean",
      reason:
        "no call site grew evenly in every round after the first; 2 call sites did unevenly, or between the phases as well: " +
        "of something else on the target, which would hide a small leak there, 1 call site grew unsteadily",
    });
  });

  it("says of a clean one what else grew", () => {
    expect(judgeWorkload(judged(unsteady, unseen), whole).reason).toBe(
      "no call site grew in every round after the first; 1 call site grew unsteadily, 1 call site grew whose frees raise no event",
    );
  });
});

function judged(rounds: SiteRounds): SiteJudgement {
  const judgement = judgeSite(rounds);
  if (judgement === undefined) throw new Error("something stayed of it");
  return judgement;
}

describe("two figures", () => {
  const over = (rounds: SiteRounds) =>
    judgeWorkload([judged(rounds)], { rounds: rounds.netBytes.length, failedRounds: 0, exact: true, scope: "system" });

  it("that differ make no trend: neither leak nor clean", () => {
    expect(over(site([0, 1, 2], [0, 1, 2]))).toEqual({
      verdict: "unsafe",
      reason: "1 call site grew in both rounds after the first, but not alike: repeat 4 times or more",
    });
    expect(over(site([0, 2, 2], [0, 2, 2])).verdict).toBe("leak");
    expect(over(site([0, 1, 2, 2], [0, 1, 2, 2])).verdict).toBe("leak");
  });
});

it("a row says no leak where the verdict over all is unsafe", () => {
  const leak = judged(site([1, 1, 1], [1, 1, 1]));
  expect(underVerdict(leak, { verdict: "leak", exact: true })).toBe(leak);
  const reason = "grew in every round after the first, by 1 object, 64 bytes; but ";
  expect(underVerdict(leak, { verdict: "unsafe", exact: true })).toMatchObject({
    verdict: "unsteady",
    reason: `${reason}frees outside of the workload's processes are not seen`,
  });
  expect(underVerdict(leak, { verdict: "unsafe", exact: false }).reason).toBe(`${reason}events were lost`);
});
