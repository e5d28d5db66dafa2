/** What is alive by call site and phase, against a Map. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventLedger } from "../../src/accounting/ledger.ts";
import { CallSiteTable } from "../../src/model/call-site-table.ts";
import type { AccountFilter } from "../../src/model/snapshot.ts";
import { batchOf, type TestEvent } from "../support/events.ts";

type Step = { readonly phase: number } | TestEvent;

const event: fc.Arbitrary<TestEvent> = fc.record({
  kind: fc.constantFrom("kmalloc", "cacheAlloc", "kmalloc", "kfree", "cacheFree"),
  ptr: fc.constantFrom(1n, 2n, 3n, 4n, 5n, 0x1_0000_0001n, 0xffff_8f52_ffab_6ba0n),
  site: fc.constantFrom("a", "b", "c"),
  req: fc.constantFrom(10, 20),
  alloc: fc.constantFrom(32, 64),
  timeNs: fc.nat(50),
});
const steps = fc.array(fc.oneof({ weight: 8, arbitrary: event }, fc.record({ phase: fc.nat(4) })), { maxLength: 150 });

function ledgerOfSteps(all: readonly Step[], filter: AccountFilter, objects: boolean) {
  const callSites = new CallSiteTable();
  const ledger = new EventLedger(callSites, { filter, phases: true, objects });
  const batch = batchOf(
    all.filter((step) => "kind" in step),
    callSites,
  );
  let from = 0;
  let at = 0;
  for (const step of all) {
    if ("kind" in step) at++;
    else {
      ledger.applyRange(batch, from, at);
      ledger.enterPhase(step.phase);
      from = at;
    }
  }
  ledger.applyRange(batch, from, batch.length);
  return { ledger, callSites };
}

/** By hand: every live object with its phase, then cells from a list. */
function plainResidue(all: readonly Step[], filter: AccountFilter, addresses: number) {
  const live = new Map<bigint, TestEvent & { phase: number }>();
  let phase = 0;
  for (const step of all) {
    if (!("kind" in step)) phase = step.phase;
    else if (step.kind === "kmalloc" || step.kind === "cacheAlloc") live.set(step.ptr, { ...step, phase });
    else live.delete(step.ptr);
  }
  const counted = [...live.values()].filter(
    ({ kind }) => filter === "all" || (filter === "malloc") === (kind === "kmalloc"),
  );
  const keys = [...new Set(counted.map((object) => `${object.site} ${String(object.phase)}`))].sort();
  return keys.map((key) => {
    const objects = counted
      .filter((object) => `${object.site} ${String(object.phase)}` === key)
      .sort((a, b) => (a.timeNs ?? 0) - (b.timeNs ?? 0) || (a.ptr < b.ptr ? -1 : 1));
    return {
      key,
      objects: objects.length,
      bytes: objects.reduce((sum, object) => sum + (object.alloc ?? 0), 0),
      requestedBytes: objects.reduce((sum, object) => sum + (object.req ?? 0), 0),
      oldestNs: objects[0].timeNs,
      youngestNs: objects[objects.length - 1].timeNs,
      oldest: objects.slice(0, addresses).map((object) => ({ pointer: object.ptr, timeNs: object.timeNs })),
    };
  });
}

describe.each(["all", "malloc", "cache"] as const)("filter %s", (filter) => {
  it("is what a Map holds at the end, with times and the oldest addresses", () => {
    fc.assert(
      fc.property(steps, fc.nat(3), (all, addresses) => {
        const { ledger, callSites } = ledgerOfSteps(all, filter, true);
        const cells = ledger
          .residue({ addresses })
          .map(({ site, phase, ...cell }) => ({ key: `${callSites.text(site)} ${String(phase)}`, ...cell }));
        cells.sort((a, b) => (a.key < b.key ? -1 : 1));
        expect(cells).toEqual(plainResidue(all, filter, addresses));
      }),
    );
  });
});

it("knows counts without times where objects are not remembered", () => {
  fc.assert(
    fc.property(steps, (all) => {
      const { ledger } = ledgerOfSteps(all, "all", false);
      const cells = ledger.residue();
      const plain = plainResidue(all, "all", 0);
      expect(cells).toHaveLength(plain.length);
      expect(cells.reduce((sum, cell) => sum + cell.bytes, 0)).toBe(plain.reduce((sum, cell) => sum + cell.bytes, 0));
      expect(cells.every((cell) => cell.oldestNs === null && cell.youngestNs === null)).toBe(true);
    }),
  );
});

it("uses the places of ended objects again: thousands of short lives take no memory", () => {
  const callSites = new CallSiteTable();
  const ledger = new EventLedger(callSites, { phases: true, objects: true });
  const events: TestEvent[] = Array.from({ length: 10_000 }, (_, i) => ({
    kind: i % 2 === 0 ? ("kmalloc" as const) : ("kfree" as const),
    ptr: BigInt((i >> 1) + 1),
    site: "a",
    alloc: 32,
  }));
  const batch = batchOf(events, callSites);
  ledger.apply(batch);
  const before = ledger.memory.bytes;
  for (let i = 0; i < 10; i++) ledger.apply(batch);
  expect(ledger.memory).toMatchObject({ objects: 0, bytes: before });
});

it("keeps 30,000 live objects apart, through growth and partial frees", () => {
  const callSites = new CallSiteTable();
  const ledger = new EventLedger(callSites, { phases: true, objects: true });
  const allocs = Array.from({ length: 30_000 }, (_, i): TestEvent => ({
    kind: "kmalloc",
    ptr: BigInt(i + 1) * 64n,
    site: "a",
    alloc: 64,
    req: 60,
    timeNs: i,
  }));
  ledger.enterPhase(1);
  ledger.apply(batchOf(allocs, callSites));
  ledger.enterPhase(2);
  // All but every third, and then a third of the addresses again.
  ledger.apply(
    batchOf(
      allocs.filter((_, i) => i % 3 !== 0).map((alloc) => ({ ...alloc, kind: "kfree" as const })),
      callSites,
    ),
  );
  ledger.apply(
    batchOf(
      allocs.filter((_, i) => i % 3 === 1).map((alloc) => ({ ...alloc, site: "b", timeNs: 1e6 })),
      callSites,
    ),
  );
  const cells = ledger.residue({ addresses: 2 }).map(({ site, ...cell }) => ({ site: callSites.text(site), ...cell }));
  expect(cells).toEqual([
    {
      site: "a",
      phase: 1,
      objects: 10_000,
      bytes: 640_000,
      requestedBytes: 600_000,
      oldestNs: 0,
      youngestNs: 29_997,
      oldest: [
        { pointer: 64n, timeNs: 0 },
        { pointer: 256n, timeNs: 3 },
      ],
    },
    expect.objectContaining({ site: "b", phase: 2, objects: 10_000, oldestNs: 1e6, youngestNs: 1e6 }),
  ]);
});
