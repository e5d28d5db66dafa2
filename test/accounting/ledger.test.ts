/** The account's rules, one example each. */
import { describe, expect, it } from "vitest";
import { EventLedger } from "../../src/accounting/ledger.ts";
import { CallSiteTable } from "../../src/model/call-site-table.ts";
import type { AccountFilter } from "../../src/model/snapshot.ts";
import { SOURCE } from "../support/account.ts";
import { batchOf, ledgerOf, type TestEvent } from "../support/events.ts";

const kmalloc = (ptr: bigint, site = "a+0x1/0x90", req = 30, alloc = 32): TestEvent => ({
  kind: "kmalloc",
  ptr,
  site,
  req,
  alloc,
});
const cacheAlloc = (ptr: bigint, site = "c+0x1/0x90", req = 100, alloc = 128): TestEvent => ({
  kind: "cacheAlloc",
  ptr,
  site,
  req,
  alloc,
});
const kfree = (ptr: bigint, site = "f+0x1/0x90"): TestEvent => ({ kind: "kfree", ptr, site });
const rcuFree = (ptr: bigint, site = "r+0x1/0x90"): TestEvent => ({ kind: "rcuFree", ptr, site });
const bulkFree = (ptr: bigint, site = "k+0x1/0x90"): TestEvent => ({ kind: "bulkFree", ptr, site });
const cacheFree = (ptr: bigint, site = "f+0x1/0x90"): TestEvent => ({ kind: "cacheFree", ptr, site });

function snapshotOf(events: readonly TestEvent[], filter: AccountFilter = "all") {
  return ledgerOf([events], filter).snapshot({ source: SOURCE });
}

describe("the account", () => {
  it("of nothing is empty and exact", () => {
    const snapshot = snapshotOf([]);
    expect(snapshot).toMatchObject({ exact: true, window: { firstEventNs: null, lastEventNs: null }, callers: [] });
    expect(Object.values(snapshot.totals).every((value) => value === 0)).toBe(true);
  });

  it("charges a free to the call site that allocated, whoever frees", () => {
    const [row] = snapshotOf([kmalloc(1n), kmalloc(2n), kfree(1n)]).callers;
    expect(row).toEqual({
      callSite: "a+0x1/0x90",
      caller: "a+0x1",
      allocs: 2,
      frees: 1,
      impliedFrees: 0,
      totalBytes: 64,
      requestedBytes: 60,
      netBytes: 32,
      netRequestedBytes: 30,
      wasteBytes: 2,
      peakNetBytes: 64,
      liveObjects: 1,
    });
  });

  describe.each([
    ["plain", {}],
    ["with phases and the times of objects", { phases: true, objects: true }],
  ])("of kfree_rcu, %s,", (_name, options) => {
    const snapshotOf = (...events: TestEvent[]) => {
      const callSites = new CallSiteTable();
      const ledger = new EventLedger(callSites, options);
      for (const event of events) ledger.apply(batchOf([event], callSites));
      const snapshot = ledger.snapshot({ source: SOURCE });
      return { ...snapshot, ledger, freed: Object.fromEntries(ledger.freeingCallSites()) };
    };

    it.each([
      ["with an event", kfree(1n)],
      ["in bulk", bulkFree(1n)],
      ["once more by kfree_rcu, unseen before", rcuFree(1n)],
    ])("frees once, whether the kernel does it %s or not", (_how, later) => {
      for (const events of [[], [later], [later, kmalloc(1n, "b+0x1/0x90"), kfree(1n)]]) {
        const { totals, loss, freed, ledger } = snapshotOf(kmalloc(1n), rcuFree(1n), ...events);
        const allocs = events.length > 1 ? 2 : 1;
        expect(totals).toMatchObject({ allocs, frees: allocs, impliedFrees: 0, liveObjects: 0, netBytes: 0 });
        expect(loss.unmatchedFrees).toBe(0);
        expect(freed).toEqual({ "r+0x1/0x90": 1, ...(allocs === 2 && { "f+0x1/0x90": 1 }) });
        expect(ledger.memory.objects).toBe(0);
        expect(ledger.objectsBySize()).toMatchObject({ hiddenAllocs: 0 });
      }
    });

    it("of an older object is one unmatched free", () => {
      const { loss, totals } = snapshotOf(rcuFree(1n), kfree(1n), kfree(2n));
      expect(loss.unmatchedFrees).toBe(2);
      expect(totals.liveObjects).toBe(0);
    });

    it("leaves the address to the next object, whose row it is not implied in", () => {
      const { callers, ledger } = snapshotOf(kmalloc(1n), rcuFree(1n), cacheAlloc(1n));
      expect(callers.map(({ caller, liveObjects, impliedFrees }) => [caller, liveObjects, impliedFrees])).toEqual([
        ["c+0x1", 1, 0],
        ["a+0x1", 0, 0],
      ]);
      expect(ledger.memory.objects).toBe(1);
    });
  });

  it("takes what is freed in bulk and was not seen for a guess: it may have been allocated so, unseen", () => {
    const ledger = ledgerOf([[cacheAlloc(1n), bulkFree(1n), bulkFree(2n), bulkFree(2n)]]);
    expect(ledger.objectsBySize()?.sizes.get(128)).toMatchObject({ olderFreed: 1, guessed: 1, liveObjects: 0 });
    expect(ledger.objectsBySize()?.hiddenAllocs).toBe(1);
  });

  it("follows no more doomed objects than live ones", () => {
    const callSites = new CallSiteTable();
    const ledger = new EventLedger(callSites, { maxObjects: 2 });
    const events = [kmalloc(1n), rcuFree(1n), kmalloc(2n), rcuFree(2n), rcuFree(3n), kmalloc(1n), kmalloc(4n)];
    ledger.apply(batchOf(events, callSites));
    // The address of the first is used again; there is no room for the fourth beside the second one.
    const { totals, loss } = ledger.snapshot({ source: SOURCE });
    expect(totals).toMatchObject({ allocs: 4, liveObjects: 1 });
    expect(loss.untracked?.allocs).toBe(1);
  });

  it("gives a call site that only frees no row", () => {
    expect(snapshotOf([kmalloc(1n), kfree(1n)]).callers.map((row) => row.callSite)).toEqual(["a+0x1/0x90"]);
  });

  it("keeps the peak when all is freed: of each site, and of the sum", () => {
    const { totals, callers } = snapshotOf([
      kmalloc(1n, "a"),
      kfree(1n),
      kmalloc(2n, "b"),
      kmalloc(3n, "b"),
      kfree(2n),
      kfree(3n),
    ]);
    expect(callers.map((row) => [row.callSite, row.peakNetBytes, row.netBytes])).toEqual([
      ["a", 32, 0],
      ["b", 64, 0],
    ]);
    expect(totals.peakNetBytes).toBe(64);
  });

  it("remembers the window of the trace's clock, in the order of the input", () => {
    const at = (timeNs: number): TestEvent => ({ ...kmalloc(BigInt(timeNs)), timeNs });
    const { window } = ledgerOf([[at(5), at(9)], [], [at(7)]]).snapshot({ source: SOURCE });
    expect(window).toEqual({ firstEventNs: 5, lastEventNs: 7 });
  });

  it("orders rows by net bytes, ties by caller", () => {
    const { callers } = snapshotOf([kmalloc(1n, "b"), kmalloc(2n, "a"), kmalloc(3n, "z", 1, 64)]);
    expect(callers.map((row) => row.callSite)).toEqual(["z", "a", "b"]);
  });

  it("keeps every row beyond the first thousands of call sites", () => {
    const events = Array.from({ length: 10_000 }, (_, i) => kmalloc(BigInt(i + 1), `site_${i}`, i, i));
    const { totals, callers } = snapshotOf(events);
    expect(totals).toMatchObject({ callSites: 10_000, netBytes: (10_000 * 9_999) / 2 });
    expect(callers[0]).toMatchObject({ callSite: "site_9999", netBytes: 9_999 });
  });
});

describe("unmatched frees", () => {
  it("are counted, change nothing else, and do not make the account inexact", () => {
    const { exact, loss, totals } = snapshotOf([kfree(1n), cacheFree(2n), kmalloc(3n), kfree(3n), kfree(3n)]);
    expect(loss.unmatchedFrees).toBe(3);
    expect(totals).toMatchObject({ allocs: 1, frees: 1, liveObjects: 0, netBytes: 0 });
    expect(exact).toBe(true);
  });
});

describe("implied frees", () => {
  it("close the old object when its address is allocated again, and do not make the account inexact", () => {
    const { exact, loss, totals, callers } = snapshotOf([kmalloc(1n, "old", 30, 32), cacheAlloc(1n, "new", 100, 128)]);
    expect(exact).toBe(true);
    expect(loss.impliedFrees).toBe(1);
    expect(totals).toMatchObject({ allocs: 2, frees: 0, impliedFrees: 1, liveObjects: 1, netBytes: 128 });
    expect(callers).toMatchObject([
      { callSite: "new", liveObjects: 1, impliedFrees: 0 },
      { callSite: "old", liveObjects: 0, impliedFrees: 1, netBytes: 0, peakNetBytes: 32 },
    ]);
  });

  it("keep the net right where 6.12 reports a large kmalloc twice, first from inside the allocator", () => {
    const { totals, callers } = snapshotOf([
      kmalloc(1n, "__kmalloc_noprof+0x1/0x2", 10_000, 16_384),
      kmalloc(1n, "alloc_fdtable+0x1/0x2", 10_000, 16_384),
      kfree(1n),
    ]);
    expect(totals).toMatchObject({ netBytes: 0, liveObjects: 0, frees: 1, impliedFrees: 1 });
    expect(callers.find((row) => row.callSite === "alloc_fdtable+0x1/0x2")).toMatchObject({
      frees: 1,
      impliedFrees: 0,
    });
  });
});

describe("--malloc and --cache", () => {
  it("match kfree with a cache object, as the kernel allows", () => {
    expect(snapshotOf([cacheAlloc(1n), kfree(1n)], "cache").totals).toMatchObject({
      allocs: 1,
      frees: 1,
      liveObjects: 0,
    });
    expect(snapshotOf([kmalloc(1n), cacheFree(1n)], "malloc").totals).toMatchObject({
      allocs: 1,
      frees: 1,
      liveObjects: 0,
    });
  });

  it("count no free as unmatched that freed an object of the other kind", () => {
    expect(snapshotOf([cacheAlloc(1n), kfree(1n)], "malloc").loss.unmatchedFrees).toBe(0);
  });

  it("count unmatched frees of their own events only", () => {
    expect(snapshotOf([kfree(1n), kfree(2n), cacheFree(3n)], "malloc").loss.unmatchedFrees).toBe(2);
    expect(snapshotOf([kfree(1n), kfree(2n), cacheFree(3n)], "cache").loss.unmatchedFrees).toBe(1);
  });

  it("see that an address was used again by the other kind", () => {
    expect(snapshotOf([kmalloc(1n), cacheAlloc(1n)], "malloc").totals).toMatchObject({
      allocs: 1,
      impliedFrees: 1,
      liveObjects: 0,
    });
  });

  it("have no rows of the other kind", () => {
    const events = [kmalloc(1n), cacheAlloc(2n)];
    expect(snapshotOf(events, "malloc").callers.map((row) => row.callSite)).toEqual(["a+0x1/0x90"]);
    expect(snapshotOf(events, "cache").callers.map((row) => row.callSite)).toEqual(["c+0x1/0x90"]);
    expect(snapshotOf(events, "malloc").filter).toBe("malloc");
  });
});

describe("freeing call sites", () => {
  it("count every free at the caller that freed, matched or not", () => {
    const ledger = ledgerOf([[kmalloc(1n), kfree(1n, "f"), kfree(2n, "f"), cacheFree(3n, "g")]]);
    expect(Object.fromEntries(ledger.freeingCallSites())).toEqual({ f: 2, g: 1 });
  });

  it("follow the filter", () => {
    const events = [[kmalloc(1n), kfree(1n, "f"), cacheFree(3n, "g")]];
    expect(Object.fromEntries(ledgerOf(events, "malloc").freeingCallSites())).toEqual({ f: 1 });
    expect(Object.fromEntries(ledgerOf(events, "cache").freeingCallSites())).toEqual({ g: 1 });
  });

  it("are kept beyond the first thousands of call sites", () => {
    const frees = Array.from({ length: 5_000 }, (_, i) => kfree(1n, `f_${i}`));
    expect(ledgerOf([frees.slice(0, 10), frees]).freeingCallSites().size).toBe(5_000);
  });
});

describe("losses", () => {
  it("are counted by CPU, with the clock of the last one, and make the account inexact", () => {
    const ledger = ledgerOf([[{ ...kmalloc(1n), cpu: 2 }]], "all", [
      { cpu: 0, events: 157, timeNs: 5 },
      { cpu: 2, events: 3, timeNs: 6 },
      { cpu: 0, events: 1, timeNs: 7 },
    ]);
    const { exact, loss } = ledger.snapshot({ source: SOURCE });
    expect(exact).toBe(false);
    expect(loss.lostEvents).toBe(161);
    expect(loss.perCpu).toEqual([
      { cpu: 0, events: 0, lostEvents: 158, lostUncounted: 0, lastLossNs: 7 },
      { cpu: 2, events: 1, lostEvents: 3, lostUncounted: 0, lastLossNs: 6 },
    ]);
  });

  it("without a number, or without a CPU, make the account inexact too", () => {
    const uncounted = ledgerOf([], "all", [{ cpu: 1, events: undefined, timeNs: 5 }]).snapshot({ source: SOURCE });
    expect(uncounted).toMatchObject({
      exact: false,
      loss: { lostEvents: 0, lostUncounted: 1, perCpu: [{ cpu: 1, lostUncounted: 1 }] },
    });
    const header = ledgerOf([], "all", [{ cpu: undefined, events: 9, timeNs: 0 }]).snapshot({ source: SOURCE });
    expect(header).toMatchObject({ exact: false, loss: { lostEvents: 9, perCpu: [] } });
  });

  it("in the input make the account inexact too", () => {
    const snapshot = ledgerOf([]).snapshot({ source: SOURCE, damagedInput: ["x.gz: unexpected end"] });
    expect(snapshot).toMatchObject({ exact: false, loss: { damagedInput: ["x.gz: unexpected end"] } });
  });
});

describe("memory", () => {
  it("is told, and what a snapshot costs does not follow live objects: rows are by call site", () => {
    const callSites = new CallSiteTable();
    const ledger = new EventLedger(callSites);
    ledger.apply(
      batchOf(
        Array.from({ length: 20_000 }, (_, i) => kmalloc(BigInt(i + 1))),
        callSites,
      ),
    );
    expect(ledger.memory).toMatchObject({ objects: 20_000, classes: 1 });
    expect(ledger.memory.bytes).toBeGreaterThan(20_000 * 8);
    expect(ledger.snapshot({ source: SOURCE }).callers.length).toBe(1);
  });
});

describe.each([{}, { phases: true, objects: true }])("more live objects than memory was given for, %j", (options) => {
  const capped = (events: readonly TestEvent[]) => {
    const callSites = new CallSiteTable();
    const ledger = new EventLedger(callSites, { ...options, maxObjects: 2 });
    ledger.apply(batchOf(events, callSites));
    return { ledger, snapshot: ledger.snapshot({ source: SOURCE }) };
  };

  it("are counted, not followed, and said", () => {
    const { ledger, snapshot } = capped([kmalloc(1n), cacheAlloc(2n), kmalloc(3n), kmalloc(4n), kfree(3n)]);
    expect(ledger.memory.objects).toBe(2);
    expect(snapshot).toMatchObject({
      exact: false,
      totals: { allocs: 4, frees: 0, totalBytes: 224, netBytes: 160, liveObjects: 2 },
      loss: { unmatchedFrees: 1, untracked: { allocs: 2, bytes: 64, requestedBytes: 60 } },
    });
    expect(snapshot.callers.find(({ caller }) => caller === "a+0x1")).toMatchObject({
      allocs: 3,
      liveObjects: 1,
      untrackedAllocs: 2,
      untrackedBytes: 64,
    });
  });

  it("are followed again when there is room, and one whose address is allocated anew keeps its place", () => {
    const { snapshot } = capped([kmalloc(1n), kmalloc(2n), cacheAlloc(2n), kfree(1n), kmalloc(3n)]);
    expect(snapshot).toMatchObject({
      exact: true,
      totals: { allocs: 4, frees: 1, impliedFrees: 1, liveObjects: 2, netBytes: 160 },
    });
    expect(snapshot.loss).not.toHaveProperty("untracked");
  });
});
