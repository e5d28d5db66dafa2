/**
 * Of each call site: who frees its objects, how long they lived, and how old those are that are alive. Beside the ledger and after its rules,
 * with a table of live objects of its own, so that who does not ask pays nothing.
 *
 * A free by kfree_rcu ends its object; what the kernel does with the pointer later finds nothing, and is none. An allocation over a live pointer
 * ends the old object, whose free nobody saw: it has neither a freeing call site nor a lifetime.
 */
import { type EventBatch, EventKind } from "../model/event-batch.ts";
import { NO_POINTER } from "../model/no-value.ts";
import type { AccountFilter } from "../model/snapshot.ts";
import { FreeingPairs } from "./freeing-pairs.ts";
import { LedgerCore } from "./ledger-core.ts";
import { countedKinds } from "./ledger-options.ts";
import { stepOf, STEPS } from "./time-steps.ts";

/** 2 MiB. */
const MOST_PAIRS = 65_536;
/** Doubles of a call site: frees by no pair that is kept, their bytes, then its lifetimes by step. */
const ROW = 2 + STEPS;
const LIVES = 2;
const INITIAL_OBJECTS = 4096;

export interface LifetimeOptions {
  readonly filter: AccountFilter;
  /** Live objects that are followed; those beyond have no age, lifetime or freeing call site. */
  readonly maxObjects: number;
  readonly maxPairs?: number;
}

/** By the id of the call site that allocated. */
export interface SiteLives {
  readonly freedBy: Map<number, { readonly objects: number; readonly bytes: number }>;
  /** By call sites that there was no room for. */
  othersObjects: number;
  othersBytes: number;
  /** Freed objects by how long they had lived, a count a step (time-steps.ts). */
  readonly lived: readonly number[];
  /** Live objects by how old they are. */
  readonly ages: number[];
  /** Nanoseconds; 0 where none is alive. */
  oldestNs: number;
}

export class LifetimeAccount {
  /** For its table of live objects alone: a pointer's value is its place in the columns below. */
  readonly #core: LedgerCore;
  readonly #counted: number;
  readonly #maxObjects: number;
  readonly #pairs: FreeingPairs;
  #rows = new Float64Array(256 * ROW);
  #siteOf = new Uint32Array(INITIAL_OBJECTS);
  #bytesOf = new Float64Array(INITIAL_OBJECTS);
  #timeOf = new Float64Array(INITIAL_OBJECTS);
  /** The free place that is given out next, plus one; of a free place {@link #siteOf} is the next. */
  #freePlace = 0;
  #places = 0;
  #untracked = 0;
  #nowNs = 0;

  constructor({ filter, maxObjects, maxPairs = MOST_PAIRS }: LifetimeOptions) {
    this.#core = new LedgerCore(0, maxObjects);
    this.#counted = countedKinds(filter);
    this.#maxObjects = maxObjects;
    this.#pairs = new FreeingPairs(maxPairs);
  }

  /** Allocations that were not followed: their pointer was hidden, or the objects were too many. */
  get untracked(): number {
    return this.#untracked;
  }

  get pairs(): number {
    return this.#pairs.size;
  }

  get byteLength(): number {
    const columns = this.#siteOf.byteLength + this.#bytesOf.byteLength + this.#timeOf.byteLength;
    return this.#core.byteLength + this.#pairs.byteLength + this.#rows.byteLength + columns;
  }

  apply({ length, kind, ptrLow, ptrHigh, callSite, bytesAlloc, timeNs }: EventBatch): void {
    for (let i = 0; i < length; i++) {
      const [low, high] = [ptrLow[i], ptrHigh[i]];
      const isCounted = ((this.#counted >> kind[i]) & 1) !== 0;
      if (kind[i] > EventKind.cacheAlloc) {
        const place = (low | high) === NO_POINTER ? -1 : this.#core.take(low, high);
        if (place >= 0) this.#free(place, callSite[i], timeNs[i]);
      } else if (!isCounted || (low | high) === NO_POINTER || this.#core.size >= this.#maxObjects) {
        if (isCounted) this.#untracked += 1;
        const replaced = (low | high) === NO_POINTER ? -1 : this.#core.take(low, high);
        if (replaced >= 0) this.#release(replaced);
      } else {
        const replaced = this.#core.set(low, high, this.#add(callSite[i], bytesAlloc[i], timeNs[i]));
        if (replaced >= 0) this.#release(replaced);
      }
    }
    if (length > 0) this.#nowNs = Math.max(this.#nowNs, timeNs[length - 1]);
  }

  /** O(live objects), so for whoever asks. */
  bySite(): Map<number, SiteLives> {
    const sites = new Map<number, SiteLives>();
    const of = (site: number) => {
      const known = sites.get(site);
      if (known !== undefined) return known;
      const lives = this.#livesOf(site);
      sites.set(site, lives);
      return lives;
    };
    for (let site = 0; site * ROW < this.#rows.length; site++)
      if (this.#rows.subarray(site * ROW, (site + 1) * ROW).some((sum) => sum > 0)) of(site);
    for (const { allocatedBy, freedBy, objects, bytes } of this.#pairs.all())
      of(allocatedBy).freedBy.set(freedBy, { objects, bytes });
    this.#core.forEach((_low, _high, place) => {
      const lives = of(this.#siteOf[place]);
      // Not below zero: the merged stream steps back by some milliseconds now and then.
      const age = Math.max(0, this.#nowNs - this.#timeOf[place]);
      lives.ages[stepOf(age)] += 1;
      if (age > lives.oldestNs) lives.oldestNs = age;
    });
    return sites;
  }

  #livesOf(site: number): SiteLives {
    const row = this.#rows.subarray(site * ROW, (site + 1) * ROW);
    return {
      freedBy: new Map(),
      othersObjects: row.at(0) ?? 0,
      othersBytes: row.at(1) ?? 0,
      lived: Array.from({ length: STEPS }, (_, step) => row.at(LIVES + step) ?? 0),
      ages: new Array<number>(STEPS).fill(0),
      oldestNs: 0,
    };
  }

  #free(place: number, freedBy: number, timeNs: number): void {
    const site = this.#siteOf[place];
    const bytes = this.#bytesOf[place];
    const row = site * ROW;
    if (row >= this.#rows.length) this.#rows = longer(this.#rows, row + ROW);
    this.#rows[row + LIVES + stepOf(Math.max(0, timeNs - this.#timeOf[place]))] += 1;
    if (!this.#pairs.add(site, freedBy, bytes)) {
      this.#rows[row] += 1;
      this.#rows[row + 1] += bytes;
    }
    this.#release(place);
  }

  #add(site: number, bytes: number, timeNs: number): number {
    let place = this.#freePlace - 1;
    if (place >= 0) this.#freePlace = this.#siteOf[place];
    else {
      place = this.#places++;
      if (place === this.#siteOf.length) this.#grow();
    }
    this.#siteOf[place] = site;
    this.#bytesOf[place] = bytes;
    this.#timeOf[place] = timeNs;
    return place;
  }

  #release(place: number): void {
    this.#siteOf[place] = this.#freePlace;
    this.#freePlace = place + 1;
  }

  #grow(): void {
    const siteOf = new Uint32Array(this.#siteOf.length * 2);
    siteOf.set(this.#siteOf);
    this.#siteOf = siteOf;
    this.#bytesOf = longer(this.#bytesOf, siteOf.length);
    this.#timeOf = longer(this.#timeOf, siteOf.length);
  }
}

/** At least so long, and at least twice as long as before. */
function longer(column: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  const grown = new Float64Array(Math.max(length, column.length * 2));
  grown.set(column);
  return grown;
}
