/** What the events say of slabs: by size, since that is what every kernel's events tell. */
import { describe, expect, it } from "vitest";
import type { LedgerOptions } from "../../src/accounting/ledger-options.ts";
import { EventLedger } from "../../src/accounting/ledger.ts";
import { CallSiteTable } from "../../src/model/call-site-table.ts";
import { batchOf, type TestEvent } from "../support/events.ts";

const alloc = (ptr: bigint, size: number, site = "a+0x1/0x90"): TestEvent => ({
  kind: "kmalloc",
  ptr,
  site,
  req: size,
  alloc: size,
});
const free = (ptr: bigint, site = "f+0x1/0x90"): TestEvent => ({ kind: "kfree", ptr, site });

describe.each<[string, LedgerOptions]>([
  ["plain", {}],
  ["with phases and the times of objects", { phases: true, objects: true }],
  ["of kmem_cache alone: the slabs hold all", { filter: "cache" }],
])("a ledger %s", (_, options) => {
  function sizesOf(events: readonly TestEvent[], freesTo: Readonly<Partial<Record<string, string>>> = {}) {
    const callSites = new CallSiteTable();
    const ledger = new EventLedger(callSites, options);
    ledger.apply(batchOf(events, callSites));
    for (let id = 0; id < callSites.size; id++) {
      const cache = freesTo[callSites.text(id)];
      if (cache !== undefined) callSites.setFreesTo(id, cache);
    }
    return ledger.objectsBySize();
  }

  it("counts live objects by their size and caller", () => {
    const events = [alloc(8n, 64), alloc(16n, 64, "b+0x1/0x90"), alloc(24n, 192), alloc(32n, 64), free(16n)];
    const { sizes } = sizesOf(events) ?? {};
    expect(sizes?.get(64)).toEqual({
      live: new Map([["a+0x1/0x90", 2]]),
      liveObjects: 2,
      olderFreed: 0,
      guessed: 0,
    });
    expect(sizes?.get(192)?.liveObjects).toBe(1);
  });

  it("takes an older object for one of the size that its call site frees, whichever comes first", () => {
    const { sizes, freedTo } = sizesOf([free(800n), alloc(8n, 64), free(8n), free(808n), free(816n)]) ?? {};
    expect(sizes?.get(64)).toMatchObject({ liveObjects: 0, olderFreed: 3, guessed: 0 });
    expect(freedTo?.size).toBe(0);
  });

  it("says where a call site frees several sizes", () => {
    const { sizes } = sizesOf([alloc(8n, 64), free(8n), alloc(8n, 96), free(8n), free(800n)]) ?? {};
    expect(sizes?.get(96)).toMatchObject({ olderFreed: 1, guessed: 1 });
  });

  it("asks for the cache where no size is known", () => {
    const events = [free(800n), free(808n), free(816n, "g+0x1/0x90")];
    expect(sizesOf(events, { "f+0x1/0x90": "dentry" })?.freedTo).toEqual(
      new Map([
        ["dentry", 2],
        ["", 1],
      ]),
    );
  });

  it("knows that an address which is freed once more was allocated without an event", () => {
    const events = [alloc(8n, 64), free(8n), free(800n), free(800n), free(808n), free(800n)];
    expect(sizesOf(events)).toMatchObject({ hiddenAllocs: 2 });
    expect(sizesOf(events)?.sizes.get(64)?.olderFreed).toBe(2);
  });

  it("remembers thousands of addresses", () => {
    const older = Array.from({ length: 20_000 }, (_, i) => free(BigInt(0x1000 + i * 64)));
    expect(sizesOf([alloc(8n, 64), free(8n), ...older, ...older])).toMatchObject({ hiddenAllocs: 20_000 });
  });
});

it("says nothing where objects were not followed", () => {
  const callSites = new CallSiteTable();
  const ledger = new EventLedger(callSites, { maxObjects: 1 });
  ledger.apply(batchOf([alloc(8n, 64), alloc(16n, 64)], callSites));
  expect(ledger.objectsBySize()).toBeUndefined();
});
