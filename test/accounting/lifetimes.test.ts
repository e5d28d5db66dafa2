/** Who frees what, and how long it lived: a real boot against a count of its text, and the account's bounds. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { composeLives } from "../../src/accounting/compose-lives.ts";
import { EventLedger } from "../../src/accounting/ledger.ts";
import { LifetimeAccount, type LifetimeOptions } from "../../src/accounting/lifetimes.ts";
import { endOf, startOf, stepOf, STEPS } from "../../src/accounting/time-steps.ts";
import { TextDecoder } from "../../src/ftrace/text-decoder.ts";
import { CallSiteTable } from "../../src/model/call-site-table.ts";
import { livesSchema } from "../../src/model/lives.ts";
import { SOURCE } from "../support/account.ts";
import { batchOf, type TestEvent } from "../support/events.ts";

const FIXTURE = join(import.meta.dirname, "../../fixtures/6.1-amd64-demo/trace.txt.gz");
const WHOLE: LifetimeOptions = { filter: "all", maxObjects: 1 << 24 };

const EVENT =
  /\s(\d+)\.(\d{6}): (kmalloc|kmem_cache_alloc|kmalloc_node|kmem_cache_alloc_node|kfree|kmem_cache_free): call_site=(.*?) ptr=\s*(\S+)(?:.* bytes_alloc=(\d+))?/;

interface Counted {
  freedBy: Map<string, number>;
  freedBytes: number;
  lived: number[];
  ages: number[];
}

/** By the text alone; microseconds, as it has them. */
function countOf(text: string): Map<string, Counted> {
  const live = new Map<string, { site: string; us: number; bytes: number }>();
  const sites = new Map<string, Counted>();
  const of = (site: string) => {
    const known = sites.get(site) ?? { freedBy: new Map<string, number>(), freedBytes: 0, lived: [], ages: [] };
    sites.set(site, known);
    return known;
  };
  let now = 0;
  for (const line of text.split("\n")) {
    const match = EVENT.exec(line);
    if (match === null || /^0*$/.test(match[5])) continue;
    const [, whole, micro, kind, site, ptr, bytes] = match;
    now = Number(whole) * 1e6 + Number(micro);
    const held = live.get(ptr);
    live.delete(ptr);
    if (!kind.includes("free")) live.set(ptr, { site, us: now, bytes: Number(bytes) });
    else if (held !== undefined) {
      const counted = of(held.site);
      counted.freedBy.set(site, (counted.freedBy.get(site) ?? 0) + 1);
      counted.freedBytes += held.bytes;
      counted.lived.push(Math.max(0, now - held.us));
    }
  }
  for (const { site, us } of live.values()) of(site).ages.push(Math.max(0, now - us));
  return sites;
}

/** Steps of whole microseconds: below 1, below 2, below 4. */
function steps(spans: readonly number[]): number[] {
  const counts: number[] = [];
  for (const us of spans) {
    const step = us === 0 ? 0 : Math.min(STEPS - 1, us.toString(2).length);
    counts[step] = (counts.at(step) ?? 0) + 1;
  }
  return Array.from({ length: counts.length }, (_, step) => counts.at(step) ?? 0);
}

function accountOf(text: string, options = WHOLE) {
  const callSites = new CallSiteTable();
  const decoder = new TextDecoder(callSites);
  const ledger = new EventLedger(callSites, { filter: options.filter });
  const account = new LifetimeAccount(options);
  const take = (batch: ReturnType<TextDecoder["push"]>) => {
    ledger.apply(batch);
    account.apply(batch);
  };
  const bytes = Buffer.from(text, "latin1");
  for (let at = 0; at < bytes.length; at += 100_000) take(decoder.push(bytes.subarray(at, at + 100_000)));
  take(decoder.end());
  return { account, lives: livesSchema.parse(composeLives(account, callSites)), ledger };
}

const text = gunzipSync(readFileSync(FIXTURE)).toString("latin1");

it("is what a count of a boot's text says", () => {
  const { lives, account } = accountOf(text);
  const truth = countOf(text);
  expect(lives.callers.map(({ callSite }) => callSite)).toEqual([...truth.keys()].sort());
  expect(lives.callers.length).toBeGreaterThan(300);
  let pairs = 0;
  for (const { callSite, freedBy, freedByOthers, lifetimes, ages } of lives.callers) {
    const counted = truth.get(callSite) ?? { freedBy: new Map<string, number>(), freedBytes: 0, lived: [], ages: [] };
    pairs += counted.freedBy.size;
    const largest = [...counted.freedBy.values()].sort((a, b) => b - a);
    const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
    expect({ callSite, freedBy: freedBy.map(({ objects }) => objects), others: freedByOthers.objects }).toEqual({
      callSite,
      freedBy: largest.slice(0, 8),
      others: sum(largest.slice(8)),
    });
    for (const one of freedBy) expect(one.objects).toBe(counted.freedBy.get(one.callSite));
    expect(sum(freedBy.map(({ bytes }) => bytes)) + freedByOthers.bytes).toBe(counted.freedBytes);
    expect({ callSite, steps: lifetimes.steps }).toEqual({ callSite, steps: steps(counted.lived) });
    expect({ callSite, steps: ages.steps, objects: ages.objects }).toEqual({
      callSite,
      steps: steps(counted.ages),
      objects: counted.ages.length,
    });
    expect(ages.oldestS ?? 0).toBeCloseTo(counted.ages.reduce((a, b) => Math.max(a, b), 0) / 1e6, 6);
    expect(ages.medianS ?? 0).toBeLessThanOrEqual(ages.oldestS ?? 0);
    const inOrder = counted.lived.sort((a, b) => a - b);
    const step = stepOf((inOrder.at((inOrder.length - 1) >> 1) ?? 0) * 1000);
    if (inOrder.length > 0) {
      expect(lifetimes.medianS).toBeGreaterThanOrEqual(startOf(step));
      expect(lifetimes.medianS).toBeLessThanOrEqual(endOf(step) ?? 0);
    }
  }
  expect(account.pairs).toBe(pairs);
});

it.each(["all", "malloc", "cache"] as const)("adds up to the rows of an account of %s", (filter) => {
  const { lives, ledger } = accountOf(text, { ...WHOLE, filter });
  const of = new Map(lives.callers.map((caller) => [caller.callSite, caller]));
  for (const row of ledger.snapshot({ source: SOURCE }).callers) {
    const caller = of.get(row.callSite);
    const freed = (caller?.freedBy ?? []).reduce(
      (sum, { objects }) => sum + objects,
      caller?.freedByOthers.objects ?? 0,
    );
    expect([row.callSite, freed, caller?.ages.objects ?? 0]).toEqual([row.callSite, row.frees, row.liveObjects]);
    expect(caller?.lifetimes.objects ?? 0).toBe(row.frees);
  }
});

const alloc = (ptr: number, site = "a"): TestEvent => ({ kind: "kmalloc", ptr: BigInt(ptr), site, req: 60, alloc: 64 });
const free = (ptr: number, site: string, kind: "kfree" | "rcuFree" = "kfree"): TestEvent => ({
  kind,
  ptr: BigInt(ptr),
  site,
});

function livesOf(events: readonly TestEvent[], options: Partial<LifetimeOptions> = {}) {
  const callSites = new CallSiteTable();
  const account = new LifetimeAccount({ ...WHOLE, ...options });
  account.apply(batchOf(events, callSites));
  return { account, ...composeLives(account, callSites) };
}

it("counts what pairs there is no room for as others'", () => {
  const events = Array.from({ length: 12 }, (_, i) => [alloc(i + 1), free(i + 1, `f${String(i)}`)]).flat();
  const { callers, pairs } = livesOf(events, { maxPairs: 4 });
  expect(pairs).toBe(4);
  expect(callers).toMatchObject([
    { callSite: "a", freedByOthers: { callSites: 0, objects: 8, bytes: 512 }, lifetimes: { objects: 12 } },
  ]);
  expect(callers[0].freedBy).toHaveLength(4);
  // With room for them the first eight are listed, and the rest are one.
  expect(livesOf(events).callers[0].freedByOthers).toEqual({ callSites: 4, objects: 4, bytes: 256 });
});

it("counts what it does not follow", () => {
  const { callers, untracked } = livesOf([alloc(1), alloc(2), alloc(3), alloc(0), free(3, "f"), free(1, "f")], {
    maxObjects: 2,
  });
  expect(untracked).toBe(2);
  expect(callers).toMatchObject([{ freedBy: [{ callSite: "f", objects: 1 }], ages: { objects: 1 } }]);
});

it("takes kfree_rcu for the free, and what comes later for none; an address that is used again ends what was there", () => {
  const { callers } = livesOf([alloc(1), free(1, "rcu", "rcuFree"), free(1, "late"), alloc(2), alloc(2, "b")]);
  expect(callers).toMatchObject([
    {
      callSite: "a",
      freedBy: [{ callSite: "rcu", objects: 1, bytes: 64 }],
      ages: { objects: 0, oldestS: null, steps: [] },
    },
    { callSite: "b", freedBy: [], ages: { objects: 1 } },
  ]);
});

it("estimates how old half of a steady leak is, and moves with it", () => {
  const everyS = 5.6;
  const medians = [75, 76, 77, 78, 79, 80].map((objects) => {
    const events = Array.from({ length: objects }, (_, i) => ({ ...alloc(i + 1), timeNs: (i + 1) * everyS * 1e9 }));
    const [{ ages }] = livesOf(events).callers;
    const trueS = ((objects - 1) / 2) * everyS;
    expect(Math.abs((ages.medianS ?? 0) - trueS) / trueS, String(objects)).toBeLessThan(0.05);
    return ages.medianS ?? 0;
  });
  for (const [i, medianS] of medians.slice(1).entries()) expect(medianS - medians[i]).toBeCloseTo(everyS / 2, 0);
});

it("estimates how long half of what was freed had lived", () => {
  // From 1 ms to 1 s, each as often: half below 500 ms, in the step from 262 to 524 ms.
  const events = Array.from({ length: 1000 }, (_, i) => [
    { ...alloc(i + 1), timeNs: i * 2e9 },
    { ...free(i + 1, "f"), timeNs: i * 2e9 + (i + 1) * 1e6 },
  ]).flat();
  expect(livesOf(events).callers[0].lifetimes.medianS).toBeCloseTo(0.5, 2);
});

it("knows the age of one object, and of ages in the step without an end what lies below the oldest", () => {
  const at = (ptr: number, seconds: number) => ({ ...alloc(ptr, ptr < 3 ? "a" : "b"), timeNs: seconds * 1e9 });
  const { callers } = livesOf([at(1, 0), at(3, 100), at(2, 1000), { ...alloc(9, "c"), timeNs: 20_000e9 }]);
  expect(callers).toMatchObject([
    { callSite: "a", ages: { objects: 2, oldestS: 20_000 } },
    { callSite: "b", ages: { objects: 1, oldestS: 19_900, medianS: 19_900 } },
    { callSite: "c", ages: { objects: 1, oldestS: 0, medianS: 0 } },
  ]);
  expect(callers[0].ages.medianS).toBeGreaterThan(endOf(STEPS - 2) ?? 0);
  expect(callers[0].ages.medianS).toBeLessThan(20_000);
});

it("has steps that end at powers of two of a microsecond", () => {
  expect([0, 999, 1000, 1999, 2000, 4000, 1e9, 3e15].map(stepOf)).toEqual([0, 0, 1, 1, 2, 3, 20, 32]);
  expect(endOf(0)).toBe(1e-6);
  expect(endOf(20)).toBeCloseTo(1.048576);
  expect(endOf(32)).toBeNull();
});
