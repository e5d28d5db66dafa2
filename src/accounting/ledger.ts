/**
 * The account: who allocated what is alive now.
 *
 * Definitions (those of trace_analyze): total = bytes allocated ever; net = bytes allocated now; waste = net allocated
 * less net requested; a free is charged to the call site that allocated. An allocation over a live pointer closes the
 * old object, because its free was not seen (kfree_rcu and bulk frees raise no event) or because the kernel reported one
 * allocation twice, first from inside the allocator (6.12 and later): both keep the net right, and both are counted.
 *
 * `--malloc` and `--cache` choose rows, not events: whichever event frees an object or reuses its address, the object
 * ends. Looking at half of the events would leave objects alive that the other half freed.
 */
import type { CallSiteTable } from "../model/call-site-table.ts";
import { type EventBatch, EventKind } from "../model/event-batch.ts";
import { LineTally } from "../model/line-tally.ts";
import type { Ledger } from "../model/ports.ts";
import type { AccountFilter, Snapshot, SnapshotContext } from "../model/snapshot.ts";
import { LossAccount } from "./loss-account.ts";
import { classAt, ClassField, ObjectClasses } from "./object-classes.ts";
import { PointerTable } from "./pointer-table.ts";
import { Column, ROW, SiteRows } from "./site-rows.ts";
import { composeSnapshot } from "./compose-snapshot.ts";

export interface LedgerOptions {
  readonly filter?: AccountFilter;
}

/** What a ledger knows, for {@link composeSnapshot}. */
export interface LedgerState {
  readonly filter: AccountFilter;
  readonly sums: Float64Array;
  readonly callSites: CallSiteTable;
  readonly netBytes: number;
  readonly peakNetBytes: number;
  readonly unmatchedFrees: number;
  readonly firstEventNs: number | null;
  readonly lastEventNs: number | null;
  readonly tally: LineTally;
  readonly loss: LossAccount;
}

export class EventLedger implements Ledger {
  readonly #callSites: CallSiteTable;
  readonly #filter: AccountFilter;
  readonly #live = new PointerTable();
  readonly #classes = new ObjectClasses();
  readonly #rows = new SiteRows();
  readonly #loss = new LossAccount();
  readonly #tally = new LineTally();
  /** Frees by the call site that freed, for the layout of /proc/slab_account. */
  #freedBy = new Float64Array(1024);
  /** Bit {@link EventKind}: does the account hold allocations, and unmatched frees, of this kind? */
  readonly #counted: number;
  #netBytes = 0;
  #netRequestedBytes = 0;
  #liveObjects = 0;
  #peakNetBytes = 0;
  #unmatchedFrees = 0;
  #firstEventNs: number | null = null;
  #lastEventNs: number | null = null;

  constructor(callSites: CallSiteTable, options: LedgerOptions = {}) {
    this.#callSites = callSites;
    this.#filter = options.filter ?? "all";
    const malloc = this.#filter === "cache" ? 0 : (1 << EventKind.kmalloc) | (1 << EventKind.kfree);
    const cache = this.#filter === "malloc" ? 0 : (1 << EventKind.cacheAlloc) | (1 << EventKind.cacheFree);
    this.#counted = malloc | cache;
  }

  /** What is alive now, for a chart: without the cost of a snapshot. */
  get now(): { readonly netBytes: number; readonly netRequestedBytes: number; readonly liveObjects: number } {
    return { netBytes: this.#netBytes, netRequestedBytes: this.#netRequestedBytes, liveObjects: this.#liveObjects };
  }

  /** Live objects of every kind, and the bytes that it takes to know them. */
  get memory(): { readonly objects: number; readonly bytes: number; readonly classes: number } {
    return { objects: this.#live.size, bytes: this.#live.byteLength, classes: this.#classes.size };
  }

  apply(batch: EventBatch): void {
    this.#rows.reserve(this.#callSites.size);
    this.#classes.reserve(this.#callSites.size);
    if (this.#freedBy.length < this.#callSites.size) this.#freedBy = enlarged(this.#freedBy, this.#callSites.size);
    const { kind, ptrLow, ptrHigh, callSite, bytesReq, bytesAlloc, length } = batch;
    for (let i = 0; i < length; i++) {
      if (kind[i] <= EventKind.cacheAlloc)
        this.#allocate(ptrLow[i], ptrHigh[i], callSite[i], bytesReq[i], bytesAlloc[i], kind[i]);
      else this.#free(ptrLow[i], ptrHigh[i], callSite[i], kind[i]);
    }
    if (length > 0) {
      this.#firstEventNs ??= batch.timeNs[0];
      this.#lastEventNs = batch.timeNs[length - 1];
    }
    this.#loss.apply(batch);
    this.#tally.add(batch.tally);
  }

  #allocate(low: number, high: number, site: number, bytesReq: number, bytesAlloc: number, kind: number): void {
    const replaced = this.#live.set(low, high, this.#classes.of(site, bytesReq, bytesAlloc, kind));
    if (replaced >= 0) this.#close(replaced, Column.impliedFrees);
    if (!this.#counts(kind)) return;
    const sums = this.#rows.sums;
    const row = site * ROW;
    sums[row + Column.allocs] += 1;
    sums[row + Column.totalBytes] += bytesAlloc;
    sums[row + Column.requestedBytes] += bytesReq;
    sums[row + Column.netRequestedBytes] += bytesReq;
    const net = (sums[row + Column.netBytes] += bytesAlloc);
    if (net > sums[row + Column.peakNetBytes]) sums[row + Column.peakNetBytes] = net;
    this.#netBytes += bytesAlloc;
    this.#netRequestedBytes += bytesReq;
    this.#liveObjects += 1;
    if (this.#netBytes > this.#peakNetBytes) this.#peakNetBytes = this.#netBytes;
  }

  #free(low: number, high: number, freeingSite: number, kind: number): void {
    if (this.#counts(kind)) this.#freedBy[freeingSite] += 1;
    const objectClass = this.#live.delete(low, high);
    if (objectClass >= 0) this.#close(objectClass, Column.frees);
    else if (this.#counts(kind)) this.#unmatchedFrees += 1;
  }

  /** An object ends; `column` says how. */
  #close(objectClass: number, column: number): void {
    const { fields } = this.#classes;
    const at = classAt(objectClass);
    if (!this.#counts(fields[at + ClassField.kind])) return;
    const sums = this.#rows.sums;
    const row = fields[at + ClassField.callSite] * ROW;
    const bytesAlloc = fields[at + ClassField.bytesAlloc];
    sums[row + column] += 1;
    sums[row + Column.netBytes] -= bytesAlloc;
    const bytesReq = fields[at + ClassField.bytesReq];
    sums[row + Column.netRequestedBytes] -= bytesReq;
    this.#netBytes -= bytesAlloc;
    this.#netRequestedBytes -= bytesReq;
    this.#liveObjects -= 1;
  }

  #counts(kind: number): boolean {
    return ((this.#counted >> kind) & 1) !== 0;
  }

  snapshot(context: SnapshotContext): Snapshot {
    return composeSnapshot(
      {
        filter: this.#filter,
        sums: this.#rows.sums,
        callSites: this.#callSites,
        netBytes: this.#netBytes,
        peakNetBytes: this.#peakNetBytes,
        unmatchedFrees: this.#unmatchedFrees,
        firstEventNs: this.#firstEventNs,
        lastEventNs: this.#lastEventNs,
        tally: this.#tally,
        loss: this.#loss,
      },
      context,
    );
  }

  /** Frees by the text of the call site that freed, matched or not; those that freed nothing are left out. */
  freeingCallSites(): Map<string, number> {
    const frees = new Map<string, number>();
    for (let site = 0; site < this.#callSites.size; site++) {
      const count = this.#freedBy[site] ?? 0;
      if (count > 0) frees.set(this.#callSites.text(site), count);
    }
    return frees;
  }
}

function enlarged(from: Float64Array<ArrayBuffer>, needed: number): Float64Array<ArrayBuffer> {
  const to = new Float64Array(Math.max(needed, from.length * 2));
  to.set(from);
  return to;
}
