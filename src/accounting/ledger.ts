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
import type { CallerObjects } from "../model/inside.ts";
import { type EventBatch, EventKind } from "../model/event-batch.ts";
import { LineTally } from "../model/line-tally.ts";
import type { Ledger } from "../model/ports.ts";
import { NO_POINTER } from "../model/no-value.ts";
import type { AccountFilter, CallerRow, Snapshot, SnapshotContext } from "../model/snapshot.ts";
import { HiddenObjects } from "./hidden-objects.ts";
import { LossAccount } from "./loss-account.ts";
import { DOOMED, LedgerCore } from "./ledger-core.ts";
import {
  countedKinds,
  type LedgerOptions,
  type LedgerSites,
  type LedgerState,
  maxObjectsIn,
} from "./ledger-options.ts";
import { classAt, ClassField, kindOf, tagOf } from "./object-classes.ts";
import { ObjectStore } from "./object-store.ts";
import { PhaseColumn, PhaseRows } from "./phase-rows.ts";
import { type ResidueCell, ResidueFold, type ResidueOptions } from "./residue.ts";
import { Column, ROW } from "./site-rows.ts";
import { callerRows, composeSnapshot } from "./compose-snapshot.ts";
import { foldByCaller } from "./objects-by-caller.ts";
import { foldBySize, type ObjectsBySize } from "./objects-by-size.ts";
import { WrapperMarks } from "./wrapper-marks.ts";

export class EventLedger implements Ledger {
  readonly #callSites: LedgerSites;
  readonly #filter: AccountFilter;
  readonly #core: LedgerCore;
  readonly #loss = new LossAccount();
  readonly #tally = new LineTally();
  readonly #hidden = new HiddenObjects();
  readonly #maxObjects: number;
  /** Allocations beyond {@link #maxObjects}. */
  readonly #untracked = new HiddenObjects();
  readonly #wrappers: WrapperMarks | undefined;
  readonly #phases: PhaseRows | undefined;
  /** Where there is one, the table of live objects holds places in it, else classes. */
  readonly #objects: ObjectStore | undefined;
  /** Bit {@link EventKind}: does the account hold allocations, and unmatched frees, of this kind? */
  readonly #counted: number;
  #firstEventNs: number | null = null;
  #lastEventNs: number | null = null;

  constructor(callSites: LedgerSites, options: LedgerOptions = {}) {
    this.#callSites = callSites;
    this.#filter = options.filter ?? "all";
    this.#maxObjects = options.maxObjects ?? maxObjectsIn();
    this.#counted = countedKinds(this.#filter);
    this.#core = new LedgerCore(this.#counted, this.#maxObjects);
    if (options.wrappers !== undefined) this.#wrappers = new WrapperMarks(options.wrappers, callSites);
    if (options.phases === true) this.#phases = new PhaseRows();
    if (options.objects === true) this.#objects = new ObjectStore();
  }

  /** What is alive now, for a chart: without the cost of a snapshot. */
  get now(): { readonly netBytes: number; readonly netRequestedBytes: number; readonly liveObjects: number } {
    const { netBytes, netRequestedBytes, liveObjects } = this.#core;
    return { netBytes, netRequestedBytes, liveObjects };
  }

  /** Net bytes by the id of the call site, as they are now. */
  netBytesBySite(): Float64Array {
    const { sums } = this.#core;
    return Float64Array.from({ length: sums.length / ROW }, (_, site) => sums[site * ROW + Column.netBytes]);
  }

  /** The id of a call site that has a row, by its text; -1 where there is none. O(call sites). */
  siteOf(text: string): number {
    for (let site = 0; site < this.#callSites.size; site++) if (this.#callSites.text(site) === text) return site;
    return -1;
  }

  /** Of a call site's allocations, see {@link CallSiteTable.asksForZeros}. */
  asksForZeros(site: number): boolean | undefined {
    return this.#callSites.asksForZeros(site);
  }

  /** Live objects of every kind, and the bytes that it takes to know them. */
  get memory(): { readonly objects: number; readonly bytes: number; readonly classes: number } {
    const bytes = this.#core.byteLength + (this.#objects?.byteLength ?? 0);
    return { objects: this.#core.size, bytes, classes: this.#core.classCount };
  }

  apply(batch: EventBatch): void {
    this.applyRange(batch, 0, batch.length);
    this.applyInput(batch);
  }

  /**
   * The events `[from, to)` of a batch and nothing else, so that a phase can begin in the middle of it. Ranges come in
   * order and add up to the batch, and {@link applyInput} comes once.
   */
  applyRange(batch: EventBatch, from: number, to: number): void {
    this.#core.prepare(this.#callSites.size, to - from);
    this.#phases?.reserve(this.#callSites.size);
    // Outside of any phase nothing is summed by phase: a session in which no workload runs pays nothing for those that might.
    if ((this.#phases?.current ?? 0) === 0 && this.#objects === undefined) this.#applyPlain(batch, from, to);
    else this.#applyTracked(batch, from, to);
    if (to > from) {
      this.#firstEventNs ??= batch.timeNs[from];
      this.#lastEventNs = batch.timeNs[to - 1];
    }
  }

  /** What a batch says of the input as a whole: its losses, and what its bytes were. */
  applyInput(batch: EventBatch): void {
    this.#loss.apply(batch);
    this.#tally.add(batch.tally);
  }

  #applyPlain(batch: EventBatch, from: number, to: number): void {
    for (let at = from; at < to; at += this.#core.capacity) {
      const events = Math.min(to - at, this.#core.capacity);
      this.#core.load(batch, at, at + events);
      for (let i = this.#core.apply(0, events); i < events; i = this.#core.apply(i + 1, events))
        this.#applyUnusual(batch, at + i);
    }
  }

  /** What {@link LedgerCore.apply} leaves to its caller. */
  #applyUnusual({ kind, ptrLow, ptrHigh, callSite, bytesReq, bytesAlloc }: EventBatch, i: number): void {
    if ((ptrLow[i] | ptrHigh[i]) === NO_POINTER) this.#applyHidden(callSite[i], bytesReq[i], bytesAlloc[i], kind[i]);
    else if (this.#makesRoom(ptrLow[i], ptrHigh[i]))
      this.#allocate(ptrLow[i], ptrHigh[i], callSite[i], bytesReq[i], bytesAlloc[i], kind[i]);
    else this.#applyUntracked(callSite[i], bytesReq[i], bytesAlloc[i], kind[i]);
  }

  #allocate(low: number, high: number, site: number, bytesReq: number, bytesAlloc: number, kind: number): void {
    const objectClass = this.#core.classOf(site, bytesReq, bytesAlloc, kind);
    this.#core.set(low, high, objectClass);
    this.#core.open(objectClass);
  }

  /** An event whose object has no identity: allocated, but not among what is known to be alive; or an unmatched free. */
  #applyHidden(site: number, bytesReq: number, bytesAlloc: number, kind: number): void {
    if (!this.#counts(kind)) return;
    if (kind > EventKind.cacheAlloc) {
      this.#core.countFree(site);
      this.#core.countUnmatchedFree();
      this.#hidden.free();
      return;
    }
    this.#core.countOnly(site, bytesReq, bytesAlloc);
    this.#hidden.allocation(site, bytesReq, bytesAlloc);
  }

  /** An object that there is no room for among those that are followed: its free will be an unmatched one. */
  #applyUntracked(site: number, bytesReq: number, bytesAlloc: number, kind: number): void {
    if (!this.#counts(kind)) return;
    this.#core.countOnly(site, bytesReq, bytesAlloc);
    this.#untracked.allocation(site, bytesReq, bytesAlloc);
  }

  /** Where the pointer is that of an object that is followed, that one ends: true then. */
  #makesRoom(low: number, high: number): boolean {
    const held = this.#core.take(low, high);
    if (held < 0) return false;
    if (held !== DOOMED) this.#closeTracked(held, PhaseColumn.impliedFrees);
    return true;
  }

  /** As {@link #applyPlain}, with phases and the times of objects: apart from it, so that it costs nothing where unused. */
  #applyTracked(batch: EventBatch, from: number, to: number): void {
    const { kind, ptrLow, ptrHigh, callSite, bytesReq, bytesAlloc, timeNs } = batch;
    const phase = this.#phases?.current ?? 0;
    for (let i = from; i < to; i++) {
      const low = ptrLow[i];
      const high = ptrHigh[i];
      const counted = this.#counts(kind[i]);
      if ((low | high) === NO_POINTER) {
        this.#applyHidden(callSite[i], bytesReq[i], bytesAlloc[i], kind[i]);
        continue;
      }
      if (kind[i] > EventKind.cacheAlloc) {
        const held = this.#core.take(low, high);
        if (kind[i] === EventKind.rcuFree) this.#core.doom(low, high);
        if (held === DOOMED) continue;
        if (counted) this.#core.countFree(callSite[i]);
        if (held >= 0) this.#core.noteFreed(callSite[i], this.#closeTracked(held, PhaseColumn.frees));
        else {
          this.#core.noteUnmatched(callSite[i], low, high, kind[i] !== EventKind.bulkFree);
          if (!counted) continue;
          this.#core.countUnmatchedFree();
          this.#phases?.unmatchedFree();
        }
        continue;
      }
      if (this.#core.size >= this.#maxObjects && !this.#makesRoom(low, high)) {
        this.#applyUntracked(callSite[i], bytesReq[i], bytesAlloc[i], kind[i]);
        continue;
      }
      const objectClass = this.#core.classOf(callSite[i], bytesReq[i], bytesAlloc[i], tagOf(kind[i], phase));
      const replaced = this.#core.set(low, high, this.#objects?.add(objectClass, timeNs[i]) ?? objectClass);
      if (replaced >= 0) this.#closeTracked(replaced, PhaseColumn.impliedFrees);
      if (!counted) continue;
      this.#core.open(objectClass);
      this.#phases?.allocation(callSite[i], bytesReq[i], bytesAlloc[i]);
    }
  }

  /** The class of the object. */
  #closeTracked(held: number, phaseColumn: number): number {
    const objectClass = this.#objects?.take(held) ?? held;
    this.#core.close(objectClass, phaseColumn === PhaseColumn.frees);
    if (this.#phases === undefined) return objectClass;
    const { classes: fields } = this.#core;
    const at = classAt(objectClass);
    if (this.#counts(kindOf(fields[at + ClassField.tag])))
      this.#phases.end(fields[at + ClassField.callSite], fields[at + ClassField.bytesAlloc], phaseColumn);
    return objectClass;
  }

  /**
   * What comes now belongs to this phase: a small integer of which the caller keeps the list. 0 is outside of any, has no sums, and is where
   * a ledger begins. Only with the option `phases`.
   */
  enterPhase(phase: number): void {
    this.#phases?.enter(phase);
  }

  /** Sums per phase and call site; undefined without the option `phases`. */
  get phases(): PhaseRows | undefined {
    return this.#phases;
  }

  /** What is alive now, by call site and by the phase that allocated it: O(live objects), so not for every snapshot. */
  residue(options: ResidueOptions = {}): ResidueCell[] {
    const fold = new ResidueFold(this.#core.classCount, options.addresses ?? 0);
    const objects = this.#objects;
    if (objects === undefined) this.#core.forEach((low, high, held) => fold.add(held, low, high, null));
    else this.#core.forEach((low, high, held) => fold.add(objects.classOf(held), low, high, objects.timeOf(held)));
    return fold.cells(this.#core.classes, (tag) => this.#counts(kindOf(tag)));
  }

  /**
   * What the events say that slabs hold more, or less, than before the trace, by the size of objects; of every kind of event,
   * whatever the filter. O(live objects). Undefined where events could not be followed to their objects.
   */
  objectsBySize(): ObjectsBySize | undefined {
    if (this.#hidden.sum() !== undefined || this.#untracked.sum() !== undefined) return undefined;
    return foldBySize(this.#liveByClass(), this.#core.classes, this.#core.unmatchedBySize(), this.#callSites);
  }

  /** The sizes of live objects by caller. O(live objects), so for whoever asks. */
  objectsByCaller(): CallerObjects[] {
    return foldByCaller(this.#liveByClass(), this.#core.classes, this.#callSites, (kind) => this.#counts(kind));
  }

  #liveByClass(): Float64Array {
    const counts = new Float64Array(this.#core.classCount);
    const objects = this.#objects;
    this.#core.forEach((_low, _high, held) => (counts[objects?.classOf(held) ?? held] += 1));
    return counts;
  }

  #counts(kind: number): boolean {
    return ((this.#counted >> kind) & 1) !== 0;
  }

  snapshot(context: SnapshotContext): Snapshot {
    return composeSnapshot(this.#state(), context);
  }

  /** The snapshot's rows, with the id of the call site of each. O(call sites). */
  rows(): (readonly [site: number, row: CallerRow])[] {
    return callerRows(this.#state());
  }

  #state(): LedgerState {
    this.#wrappers?.look(this.#core.classes);
    return {
      filter: this.#filter,
      sums: this.#core.sums,
      callSites: this.#callSites,
      netBytes: this.#core.netBytes,
      peakNetBytes: this.#core.peakNetBytes,
      unmatchedFrees: this.#core.unmatchedFrees,
      firstEventNs: this.#firstEventNs,
      lastEventNs: this.#lastEventNs,
      tally: this.#tally,
      loss: this.#loss,
      hidden: this.#hidden,
      untracked: this.#untracked,
      wrappers: this.#wrappers,
    };
  }

  /** Frees by the text of the call site that freed, matched or not; those that freed nothing are left out. */
  freeingCallSites(): Map<string, number> {
    return this.freesNow()();
  }

  /** The same as it is now, put together when it is asked for: of an update nobody may ask. */
  freesNow(): () => Map<string, number> {
    const counts = this.#core.freesBy();
    return () => {
      const frees = new Map<string, number>();
      for (const [site, count] of counts.entries()) {
        if (count > 0) frees.set(this.#callSites.text(site), count);
      }
      return frees;
    };
  }
}
