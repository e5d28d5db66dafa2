/**
 * What is done to every event, in WebAssembly (assembly/ledger.ts): the table of live objects, their classes, the sums. Here is
 * how the rest of the room gets at it.
 */
import type { EventBatch } from "../model/event-batch.ts";
import { type ColumnExports, columnsOf } from "../wasm/columns.ts";
import { instantiate, type WasmGlobal } from "../wasm/instantiate.ts";
import { LEDGER_WASM } from "../wasm/ledger-module.ts";
import { CLASS } from "./object-classes.ts";
import { ROW } from "./site-rows.ts";

interface LedgerExports extends ColumnExports {
  readonly totals: WasmGlobal;
  readonly SIZES: WasmGlobal;
  readonly unmatchedBySize: WasmGlobal;
  start(countedKinds: number, maxObjects: number): void;
  apply(from: number, to: number): number;
  prepare(sites: number, events: number): void;
  settle(): void;
  rowsAt(): number;
  freeingAt(): number;
  classesAt(): number;
  classesSize(): number;
  classOf(callSite: number, bytesReq: number, bytesAlloc: number, tag: number): number;
  setLive(low: number, high: number, value: number): number;
  takeLive(low: number, high: number): number;
  doom(low: number, high: number): void;
  liveObjects(): number;
  liveBytes(): number;
  beginList(): void;
  list(): number;
  open(objectClass: number): void;
  close(objectClass: number, isFreed: boolean): void;
  countOnly(callSite: number, bytesReq: number, bytesAlloc: number): void;
  countFree(callSite: number): void;
  countUnmatchedFree(): void;
  noteFreed(site: number, objectClass: number): void;
  noteUnmatched(site: number, low: number, high: number, isOlder: boolean): void;
  hiddenAllocsSeen(): number;
}

/** The most that the table of live objects takes for one of them, once it holds some thousands and they stand within 8 TiB. */
export const BYTES_AN_OBJECT = 16;
/** Instead of a value: freed by kfree_rcu, and not seen since (assembly/ledger.ts). */
export const DOOMED = 0x7fffffff;
/** Places of assembly/ledger.ts, `totals`. */
const Total = { net: 0, netRequested: 1, live: 2, peak: 3, unmatched: 4 } as const;
const TOTALS = 5;

export class LedgerCore {
  readonly #wasm: LedgerExports;
  readonly #capacity: number;
  #views: Views;
  /** Call sites that there is room for. */
  #sites = 0;

  /**
   * @param countedKinds bit {@link EventKind}: does the account hold allocations, and unmatched frees, of this kind?
   * @param maxObjects of which {@link apply} follows no more
   */
  constructor(countedKinds: number, maxObjects: number) {
    this.#wasm = instantiate(LEDGER_WASM) as LedgerExports;
    this.#capacity = this.#wasm.CAPACITY.value;
    this.#wasm.start(countedKinds, maxObjects);
    this.#views = viewsOf(this.#wasm);
  }

  /** Views of the memory as it is now: it may have grown with any object. */
  #current(): Views {
    if (this.#views.buffer !== this.#wasm.memory.buffer) this.#views = viewsOf(this.#wasm);
    return this.#views;
  }

  /** As {@link #current}, where sums are asked for that are not kept at every event. O(classes). */
  #settled(): Views {
    this.#wasm.settle();
    return this.#current();
  }

  /** Makes room for every call site below `sites`, and for so many events more: they come next, one by one or by {@link apply}. */
  prepare(sites: number, events: number): void {
    this.#wasm.prepare(sites, events);
    this.#sites = Math.max(this.#sites, sites);
  }

  /** Events that {@link load} takes at once. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Takes over events `[from, to)` of a batch, for {@link apply}. */
  load(batch: EventBatch, from: number, to: number): void {
    const { kind, ptrLow, ptrHigh, callSite, bytesReq, bytesAlloc } = this.#current().columns;
    kind.set(batch.kind.subarray(from, to));
    ptrLow.set(batch.ptrLow.subarray(from, to));
    ptrHigh.set(batch.ptrHigh.subarray(from, to));
    callSite.set(batch.callSite.subarray(from, to));
    bytesReq.set(batch.bytesReq.subarray(from, to));
    bytesAlloc.set(batch.bytesAlloc.subarray(from, to));
  }

  /**
   * Accounts the events `[from, to)` of those that were loaded.
   *
   * @returns `to`, or the first one that is for the caller to take: with a hidden pointer, or beyond the objects that may be followed
   */
  apply(from: number, to: number): number {
    return this.#wasm.apply(from, to);
  }

  // ---- one by one ----------------------------------------------------------------------------------------------------

  /** The id of a class, see object-classes.ts; its call site must have been reserved for. */
  classOf(callSite: number, bytesReq: number, bytesAlloc: number, tag: number): number {
    return this.#wasm.classOf(callSite, bytesReq, bytesAlloc, tag);
  }

  /** Remembers `value` (below 2³¹) for the pointer; the value it replaces, or -1. */
  set(low: number, high: number, value: number): number {
    return this.#wasm.setLive(low, high, value);
  }

  /** Forgets the pointer; the value it had, {@link DOOMED} among them, or -1. */
  take(low: number, high: number): number {
    return this.#wasm.takeLive(low, high);
  }

  /** The pointer's object, which was taken, was freed by kfree_rcu: what frees it once more before it is allocated again is no free. */
  doom(low: number, high: number): void {
    this.#wasm.doom(low, high);
  }

  /** An object of a class begins, which counts if its kind does. */
  open(objectClass: number): void {
    this.#wasm.open(objectClass);
  }

  /** An object of a class ends: freed, or its place was given to another. */
  close(objectClass: number, isFreed: boolean): void {
    this.#wasm.close(objectClass, isFreed);
  }

  /** An allocation of which no end will be known: it counts, and is not held. */
  countOnly(callSite: number, bytesReq: number, bytesAlloc: number): void {
    this.#wasm.countOnly(callSite, bytesReq, bytesAlloc);
  }

  countFree(callSite: number): void {
    this.#wasm.countFree(callSite);
  }

  countUnmatchedFree(): void {
    this.#wasm.countUnmatchedFree();
  }

  /** For {@link unmatchedBySize}: a call site has freed an object of a class, or one that was not known. */
  noteFreed(site: number, objectClass: number): void {
    this.#wasm.noteFreed(site, objectClass);
  }

  /** @param isOlder false where it may have been allocated in the trace, without an event */
  noteUnmatched(site: number, low: number, high: number, isOlder: boolean): void {
    this.#wasm.noteUnmatched(site, low, high, isOlder);
  }

  // ---- what it comes to ----------------------------------------------------------------------------------------------

  get netBytes(): number {
    return this.#current().totals[Total.net];
  }

  get netRequestedBytes(): number {
    return this.#settled().totals[Total.netRequested];
  }

  get peakNetBytes(): number {
    return this.#current().totals[Total.peak];
  }

  get unmatchedFrees(): number {
    return this.#current().totals[Total.unmatched];
  }

  /** Objects that the account counts. */
  get liveObjects(): number {
    return this.#settled().totals[Total.live];
  }

  /** Objects that are followed, whether the account counts them or not. */
  get size(): number {
    return this.#wasm.liveObjects();
  }

  /** Bytes that the table of live objects takes. */
  get byteLength(): number {
    return this.#wasm.liveBytes();
  }

  get classCount(): number {
    return this.#wasm.classesSize();
  }

  /** Rows of {@link ROW} sums, one for each call site that was reserved for. Valid until the next event. O(classes). */
  get sums(): Float64Array {
    this.#wasm.settle();
    return new Float64Array(this.#wasm.memory.buffer, this.#wasm.rowsAt(), this.#sites * ROW);
  }

  /** Frees that a call site asked for, by its id. */
  freesBy(): Float64Array {
    const { buffer } = this.#wasm.memory;
    const freeing = new Float64Array(buffer, this.#wasm.freeingAt(), this.#sites * (FREEING_BYTES / 8));
    return Float64Array.from({ length: this.#sites }, (_, site) => freeing[site * (FREEING_BYTES / 8) + 1]);
  }

  /** Unmatched frees by the size of their objects, as far as their call sites tell. */
  unmatchedBySize(): UnmatchedBySize {
    const { memory, SIZES, unmatchedBySize } = this.#wasm;
    const sizes = SIZES.value;
    const counters = new Uint32Array(memory.buffer, unmatchedBySize.value, 2 * sizes);
    const known = new Map<number, number>();
    const guessed = new Map<number, number>();
    for (let place = 0; place < sizes; place++) {
      if (counters[place] > 0) known.set(place * 8, counters[place]);
      if (counters[place + sizes] > 0) guessed.set(place * 8, counters[place + sizes]);
    }
    // What came before the first object whose size was known.
    const unknown = new Map<number, number>();
    const freeing = new Uint32Array(memory.buffer, this.#wasm.freeingAt(), this.#sites * (FREEING_BYTES / 4));
    for (let site = 0; site < this.#sites; site++) {
      const at = site * (FREEING_BYTES / 4);
      const frees = freeing[at + 1];
      if (frees === 0) continue;
      const last = freeing[at];
      const size = last & ~MIXED;
      const sizesOf = last >= MIXED_FROM ? guessed : known;
      if (size === 0) unknown.set(site, frees);
      else sizesOf.set(size, (sizesOf.get(size) ?? 0) + frees);
    }
    return { known, guessed, unknown, hiddenAllocs: this.#wasm.hiddenAllocsSeen() };
  }

  /** Of each class what object-classes.ts names. Valid until the next event. */
  get classes(): Float64Array {
    return new Float64Array(this.#wasm.memory.buffer, this.#wasm.classesAt(), this.classCount * CLASS);
  }

  /** Every pointer with its value, in no order. Nothing may be applied meanwhile. */
  forEach(visit: (low: number, high: number, value: number) => void): void {
    this.#wasm.beginList();
    for (let length = this.#wasm.list(); length > 0; length = this.#wasm.list()) {
      const { ptrLow, ptrHigh, callSite } = this.#current().columns;
      for (let i = 0; i < length; i++) if (callSite[i] !== DOOMED) visit(ptrLow[i], ptrHigh[i], callSite[i]);
    }
  }
}

/** assembly/ledger/freed-sizes.ts: what it has of a call site. */
const FREEING_BYTES = 16;
/** assembly/ledger/freed-sizes.ts, MIXED: on a size where its call site has freed others as well. */
const MIXED = 0x80000000;
const MIXED_FROM = 2 ** 31;

/** Frees of objects from before the trace, each once, by bytes_alloc. Larger objects than a slab has may be left out. */
export interface UnmatchedBySize {
  /** Of call sites that have freed one size only. */
  readonly known: ReadonlyMap<number, number>;
  /** Of call sites that free several sizes: taken to be of that which they had freed last. And frees in bulk: what is freed so is often allocated so, unseen. */
  readonly guessed: ReadonlyMap<number, number>;
  /** By call site: of those that have freed nothing whose size is known. */
  readonly unknown: ReadonlyMap<number, number>;
  /** Frees, besides, of what was allocated without an event: their address had been freed so before. */
  readonly hiddenAllocs: number;
}

type Views = ReturnType<typeof viewsOf>;

function viewsOf(wasm: LedgerExports) {
  const { buffer } = wasm.memory;
  return {
    buffer,
    columns: columnsOf(wasm),
    totals: new Float64Array(buffer, wasm.totals.value, TOTALS),
  };
}
