/** The ledger against an account written by hand, on arbitrary events. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { callerOf } from "../../src/model/caller.ts";
import { snapshotSchema } from "../../src/model/snapshot.ts";
import { SOURCE } from "../support/account.ts";
import { ledgerOf, plainAccount, type TestEvent } from "../support/events.ts";

// Few pointers, so that frees match and addresses are used again; some differ in one half only.
const ptr = fc.constantFrom(1n, 2n, 3n, 0x1_0000_0001n, 0x2_0000_0001n, 0xffff_8f52_ffab_6ba0n, 0xffff_8f52_ffab_6ba1n);
const site = fc.constantFrom("a+0x1/0x90", "a+0x2/0x90", "b+0xa3/0xc70 [fat]", "c104deff");
const allocation = fc.record({
  kind: fc.constantFrom("kmalloc", "cacheAlloc"),
  ptr,
  site,
  req: fc.nat(5000),
  alloc: fc.nat(8192),
  cpu: fc.nat(3),
});
const release = fc.record({
  kind: fc.constantFrom("kfree", "cacheFree", "rcuFree", "bulkFree"),
  ptr,
  site: fc.oneof(site, fc.constant("frees+0x1/0x2")),
});
const events: fc.Arbitrary<TestEvent[]> = fc.array(fc.oneof(allocation, release), { maxLength: 120 });

describe.each(["all", "malloc", "cache"] as const)("filter %s", (filter) => {
  it("every figure of every call site is the one counted by hand", () => {
    fc.assert(
      fc.property(events, fc.nat(120), (all, cut) => {
        const snapshot = ledgerOf([all.slice(0, cut), all.slice(cut)], filter).snapshot({ source: SOURCE });
        const plain = plainAccount(all, filter);
        const rows = Object.fromEntries(
          snapshot.callers.map(({ callSite, caller, ...row }) => [callSite, { caller, ...row }]),
        );
        const expected = [...plain.sites].map(([callSite, row]) => [callSite, { caller: callerOf(callSite), ...row }]);
        expect(rows).toEqual(Object.fromEntries(expected));
        expect(snapshot.loss.unmatchedFrees).toBe(plain.unmatchedFrees);
        expect(snapshot.totals.peakNetBytes).toBe(plain.peakNetBytes);
      }),
      { numRuns: 300 },
    );
  });

  it("a snapshot agrees with itself and with its schema", () => {
    fc.assert(
      fc.property(events, (all) => {
        const snapshot = ledgerOf([all], filter).snapshot({ source: SOURCE });
        const { totals, callers, loss } = snapshotSchema.parse(snapshot);
        const sum = (of: (row: (typeof callers)[number]) => number) =>
          callers.reduce((total, row) => total + of(row), 0);
        for (const row of [...callers, totals]) {
          expect(row.liveObjects).toBe(row.allocs - row.frees - row.impliedFrees);
          expect(row.wasteBytes).toBe(row.netBytes - row.netRequestedBytes);
          expect(row.peakNetBytes).toBeGreaterThanOrEqual(row.netBytes);
          expect(row.totalBytes).toBeGreaterThanOrEqual(row.peakNetBytes);
        }
        for (const key of [
          "allocs",
          "frees",
          "impliedFrees",
          "totalBytes",
          "requestedBytes",
          "netBytes",
          "netRequestedBytes",
          "wasteBytes",
          "liveObjects",
        ] as const)
          expect(totals[key]).toBe(sum((row) => row[key]));
        expect(totals.callSites).toBe(callers.length);
        expect(totals.peakNetBytes).toBeLessThanOrEqual(sum((row) => row.peakNetBytes));
        expect(loss.impliedFrees).toBe(totals.impliedFrees);
        expect(loss.perCpu.reduce((total, cpu) => total + cpu.events, 0)).toBe(all.length);
        expect(snapshot.exact).toBe(true);
      }),
    );
  });
});

it("what --malloc and --cache account is together what all accounts", () => {
  fc.assert(
    fc.property(events, (all) => {
      const [whole, malloc, cache] = (["all", "malloc", "cache"] as const).map((filter) =>
        ledgerOf([all], filter).snapshot({ source: SOURCE }),
      );
      for (const key of ["allocs", "frees", "impliedFrees", "totalBytes", "netBytes", "liveObjects"] as const)
        expect(malloc.totals[key] + cache.totals[key]).toBe(whole.totals[key]);
      expect(malloc.loss.unmatchedFrees + cache.loss.unmatchedFrees).toBe(whole.loss.unmatchedFrees);
    }),
  );
});
