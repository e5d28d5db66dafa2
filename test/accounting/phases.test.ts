/** Sums per phase: what each phase allocated and freed, whoever's objects they were. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { EventLedger } from "../../src/accounting/ledger.ts";
import type { PhaseSums } from "../../src/accounting/phase-rows.ts";
import { CallSiteTable } from "../../src/model/call-site-table.ts";
import { SOURCE } from "../support/account.ts";
import { batchOf, ledgerOf, type TestEvent } from "../support/events.ts";

const alloc = (ptr: bigint, site = "a", bytes = 64): TestEvent => ({
  kind: "kmalloc",
  ptr,
  site,
  req: bytes - 4,
  alloc: bytes,
});
const free = (ptr: bigint): TestEvent => ({ kind: "kfree", ptr, site: "f" });

/** Applies the events of each phase in turn; the sums of a phase by call site. */
function phasesOf(phases: readonly (readonly [phase: number, events: readonly TestEvent[]])[]) {
  const callSites = new CallSiteTable();
  const ledger = new EventLedger(callSites, { phases: true });
  for (const [phase, events] of phases) {
    ledger.enterPhase(phase);
    ledger.apply(batchOf(events, callSites));
  }
  const sums = (phase: number) => {
    const sites: Record<string, PhaseSums> = {};
    ledger.phases?.forEach(phase, (site, of) => (sites[callSites.text(site)] = of));
    return sites;
  };
  return { ledger, sums };
}

it("charges a free to the phase in which it happens and to the call site that allocated", () => {
  const { sums } = phasesOf([
    [1, [alloc(1n), alloc(2n, "b", 128)]],
    [2, [free(1n), alloc(3n, "c")]],
  ]);
  expect(sums(1)).toEqual({
    a: { allocs: 1, totalBytes: 64, requestedBytes: 60, frees: 0, impliedFrees: 0, freedBytes: 0 },
    b: { allocs: 1, totalBytes: 128, requestedBytes: 124, frees: 0, impliedFrees: 0, freedBytes: 0 },
  });
  expect(sums(2)).toEqual({
    a: { allocs: 0, totalBytes: 0, requestedBytes: 0, frees: 1, impliedFrees: 0, freedBytes: 64 },
    c: { allocs: 1, totalBytes: 64, requestedBytes: 60, frees: 0, impliedFrees: 0, freedBytes: 0 },
  });
});

it("tells implied frees from frees, and counts both in the bytes that ended", () => {
  const { sums } = phasesOf([
    [1, [alloc(1n)]],
    [2, [alloc(1n, "b", 32), free(1n)]],
  ]);
  expect(sums(2)["a"]).toMatchObject({ frees: 0, impliedFrees: 1, freedBytes: 64 });
  expect(sums(2)["b"]).toMatchObject({ allocs: 1, frees: 1, freedBytes: 32 });
});

it("counts frees of older objects by phase, and goes back to a phase it was in", () => {
  const { ledger, sums } = phasesOf([
    [2, [alloc(1n)]],
    [5, [free(9n)]],
    [2, [alloc(2n), free(8n), free(7n)]],
  ]);
  expect(ledger.phases?.unmatchedFrees(5)).toBe(1);
  expect(ledger.phases?.unmatchedFrees(2)).toBe(2);
  expect(ledger.phases?.unmatchedFrees(3)).toBe(0);
  expect(sums(2)).toMatchObject({ a: { allocs: 2 } });
  expect(sums(3)).toEqual({});
});

it("keeps rows for thousands of call sites that come one after the other", () => {
  const events = Array.from({ length: 3000 }, (_, i) => alloc(BigInt(i + 1), `site${String(i)}`, i + 4));
  const { sums } = phasesOf([
    [1, events.slice(0, 1000)],
    [2, events.slice(1000, 1001)],
    [1, events.slice(1001)],
  ]);
  expect(Object.keys(sums(1))).toHaveLength(2999);
  expect(sums(1)["site2999"].totalBytes).toBe(3003);
  expect(Object.keys(sums(2))).toEqual(["site1000"]);
});

const event: fc.Arbitrary<TestEvent> = fc.record({
  kind: fc.constantFrom("kmalloc", "cacheAlloc", "kfree", "cacheFree"),
  ptr: fc.constantFrom(1n, 2n, 3n, 0x1_0000_0001n),
  site: fc.constantFrom("a", "b", "c"),
  req: fc.nat(100),
  alloc: fc.nat(128),
});

it.each(["all", "malloc", "cache"] as const)("changes nothing of the account itself (filter %s)", (filter) => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), fc.array(fc.nat(60)), fc.boolean(), (events, cuts, objects) => {
      const callSites = new CallSiteTable();
      const ledger = new EventLedger(callSites, { filter, phases: true, objects });
      const batch = batchOf(events, callSites, [{ cpu: 0, events: 3, timeNs: 0 }]);
      let from = 0;
      for (const [phase, to] of cuts
        .map((cut) => Math.min(cut, events.length))
        .sort((a, b) => a - b)
        .entries()) {
        ledger.applyRange(batch, from, to);
        ledger.enterPhase(phase);
        from = to;
      }
      ledger.applyRange(batch, from, events.length);
      ledger.applyInput(batch);
      const plain = ledgerOf([events], filter, [{ cpu: 0, events: 3, timeNs: 0 }]);
      expect(ledger.snapshot({ source: SOURCE })).toEqual(plain.snapshot({ source: SOURCE }));
      expect(ledger.freeingCallSites()).toEqual(plain.freeingCallSites());
    }),
  );
});
