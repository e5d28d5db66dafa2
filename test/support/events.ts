/** Events for the ledger without any text, and an account of them that is too simple to be wrong. */
import { EventLedger } from "../../src/accounting/ledger.ts";
import { CallSiteTable } from "../../src/model/call-site-table.ts";
import { type EventBatch, EventKind, type LossMark } from "../../src/model/event-batch.ts";
import { LineClass, LineTally } from "../../src/model/line-tally.ts";
import type { AccountFilter } from "../../src/model/snapshot.ts";

export interface TestEvent {
  readonly kind: keyof typeof EventKind;
  readonly ptr: bigint;
  readonly site: string;
  readonly req?: number;
  readonly alloc?: number;
  readonly cpu?: number;
  readonly timeNs?: number;
}

export function batchOf(
  events: readonly TestEvent[],
  callSites: CallSiteTable,
  losses: readonly LossMark[] = [],
): EventBatch {
  const tally = new LineTally();
  events.forEach(() => tally.count(LineClass.event, 100));
  return {
    length: events.length,
    kind: Uint8Array.from(events, (event) => EventKind[event.kind]),
    ptrLow: Uint32Array.from(events, (event) => Number(event.ptr & 0xffffffffn)),
    ptrHigh: Uint32Array.from(events, (event) => Number(event.ptr >> 32n)),
    callSite: Uint32Array.from(events, (event) => idOf(event.site, callSites)),
    bytesReq: Float64Array.from(events, (event) => event.req ?? 0),
    bytesAlloc: Float64Array.from(events, (event) => event.alloc ?? 0),
    cpu: Uint16Array.from(events, (event) => event.cpu ?? 0),
    timeNs: Float64Array.from(events, (event) => event.timeNs ?? 0),
    losses,
    unread: [],
    marks: [],
    tally,
  };
}

/** A ledger that has applied the events, a batch each. */
export function ledgerOf(
  batches: readonly (readonly TestEvent[])[],
  filter: AccountFilter = "all",
  losses: readonly LossMark[] = [],
) {
  const callSites = new CallSiteTable();
  const ledger = new EventLedger(callSites, { filter });
  for (const events of batches) ledger.apply(batchOf(events, callSites));
  ledger.apply(batchOf([], callSites, losses));
  return ledger;
}

export interface PlainRow {
  allocs: number;
  frees: number;
  impliedFrees: number;
  totalBytes: number;
  requestedBytes: number;
  netBytes: number;
  netRequestedBytes: number;
  wasteBytes: number;
  peakNetBytes: number;
  liveObjects: number;
}

/**
 * The account as one would do it by hand: a Map of what is alive, and every figure counted anew from the list of what
 * happened. The filter chooses rows: which allocations, and which events' unmatched frees, are counted.
 */
export function plainAccount(events: readonly TestEvent[], filter: AccountFilter) {
  const counted = (kind: TestEvent["kind"]) =>
    filter === "all" || (filter === "malloc") === (kind === "kmalloc" || kind === "kfree" || kind === "rcuFree");
  const sites = new Map<string, PlainRow>();
  const live = new Map<bigint, TestEvent>();
  /** Freed by kfree_rcu: what frees them once more is the kernel, which does as it was told. */
  const doomed = new Set<bigint>();
  let unmatchedFrees = 0;
  let peakNetBytes = 0;
  for (const event of events) {
    const old = live.get(event.ptr);
    const allocates = event.kind === "kmalloc" || event.kind === "cacheAlloc";
    live.delete(event.ptr);
    const isTold = doomed.delete(event.ptr) && !allocates;
    if (event.kind === "rcuFree") doomed.add(event.ptr);
    if (isTold) continue;
    if (old === undefined && !allocates && counted(event.kind)) unmatchedFrees++;
    if (old !== undefined && counted(old.kind)) {
      const row = rowOf(sites, old.site);
      row[allocates ? "impliedFrees" : "frees"]++;
    }
    if (allocates) {
      live.set(event.ptr, event);
      if (counted(event.kind)) {
        const row = rowOf(sites, event.site);
        row.allocs++;
        row.totalBytes += event.alloc ?? 0;
        row.requestedBytes += event.req ?? 0;
      }
    }
    for (const row of sites.values()) row.netBytes = row.netRequestedBytes = row.liveObjects = 0;
    for (const object of live.values()) {
      if (!counted(object.kind)) continue;
      const row = rowOf(sites, object.site);
      row.netBytes += object.alloc ?? 0;
      row.netRequestedBytes += object.req ?? 0;
      row.liveObjects++;
    }
    for (const row of sites.values()) row.peakNetBytes = Math.max(row.peakNetBytes, row.netBytes);
    peakNetBytes = Math.max(
      peakNetBytes,
      [...sites.values()].reduce((sum, row) => sum + row.netBytes, 0),
    );
  }
  for (const row of sites.values()) row.wasteBytes = row.netBytes - row.netRequestedBytes;
  return { sites, unmatchedFrees, peakNetBytes };
}

function rowOf(sites: Map<string, PlainRow>, site: string): PlainRow {
  const row = sites.get(site) ?? {
    allocs: 0,
    frees: 0,
    impliedFrees: 0,
    totalBytes: 0,
    requestedBytes: 0,
    netBytes: 0,
    netRequestedBytes: 0,
    wasteBytes: 0,
    peakNetBytes: 0,
    liveObjects: 0,
  };
  sites.set(site, row);
  return row;
}

/** The id of a call site's text, as a decoder comes to it. */
function idOf(text: string, callSites: CallSiteTable): number {
  const bytes = Buffer.from(text, "latin1");
  const padded = new Uint8Array(bytes.length + 8);
  padded.set(bytes);
  const view = new DataView(padded.buffer);
  const hash = bytes.reduce((sum, byte) => Math.imul(sum ^ byte, 0x01000193), 0x811c9dc5);
  const known = callSites.find(view, 0, bytes.length, hash);
  return known >= 0 ? known : callSites.add(view, 0, bytes.length, hash);
}
