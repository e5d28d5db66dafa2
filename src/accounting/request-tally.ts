/**
 * Requests in classes, with how long their objects live and where they are freed. Beside the ledger, and as the ledger: an
 * allocation over a live pointer ends the old object, whose free nobody saw, so that its life counts for nothing.
 */
import { type EventBatch, EventKind } from "../model/event-batch.ts";
import { NO_CPU, NO_POINTER } from "../model/no-value.ts";
import { SHORT_LIFE_NS } from "../model/request-profile.ts";
import { LedgerCore } from "./ledger-core.ts";
import { classAt, ClassField } from "./object-classes.ts";
import { ObjectStore } from "./object-store.ts";

/** Doubles of a class. */
const ROW = 8;
const Column = {
  allocs: 0,
  frees: 1,
  impliedFrees: 2,
  liveObjects: 3,
  peakObjects: 4,
  shortLived: 5,
  lifeNs: 6,
  crossCpuFrees: 7,
} as const;

/** A class by the id of its call site; see `RequestClass`. */
export type TalliedClass = Readonly<Record<keyof typeof Column, number>> & {
  readonly site: number;
  readonly kind: number;
  readonly bytesReq: number;
  readonly bytesAlloc: number;
};

export class RequestTally {
  /** For its live objects and classes: its sums stay empty. */
  readonly #core: LedgerCore;
  readonly #objects = new ObjectStore();
  readonly #maxObjects: number;
  #rows = new Float64Array(4096 * ROW);
  /** CPU of the allocation, by place in the store. */
  #cpuOf = new Uint16Array(1024);
  #cpus = 0;

  /** @param maxObjects live objects that are followed; what is allocated beyond counts, and seems never freed */
  constructor(maxObjects: number) {
    this.#maxObjects = maxObjects;
    this.#core = new LedgerCore(0, maxObjects);
  }

  /** CPUs that events came from. */
  get cpus(): number {
    return this.#cpus;
  }

  apply(batch: EventBatch): void {
    const { kind, ptrLow, ptrHigh, callSite, bytesReq, bytesAlloc, cpu, timeNs } = batch;
    for (let i = 0; i < batch.length; i++) {
      if (cpu[i] !== NO_CPU && cpu[i] >= this.#cpus) this.#cpus = cpu[i] + 1;
      const isKnown = (ptrLow[i] | ptrHigh[i]) !== NO_POINTER;
      if (kind[i] > EventKind.cacheAlloc) {
        const held = isKnown ? this.#core.take(ptrLow[i], ptrHigh[i]) : -1;
        if (held >= 0) this.#free(held, timeNs[i], cpu[i]);
        continue;
      }
      this.#core.prepare(callSite[i] + 1, 1);
      const objectClass = this.#core.classOf(callSite[i], bytesReq[i], bytesAlloc[i], kind[i]);
      const row = this.#rowOf(objectClass);
      this.#rows[row + Column.allocs] += 1;
      if (!isKnown || this.#core.size >= this.#maxObjects) continue;
      const place = this.#objects.add(objectClass, timeNs[i]);
      if (place >= this.#cpuOf.length) this.#growCpus();
      this.#cpuOf[place] = cpu[i];
      const replaced = this.#core.set(ptrLow[i], ptrHigh[i], place);
      if (replaced >= 0) this.#end(this.#objects.take(replaced), Column.impliedFrees);
      const alive = (this.#rows[row + Column.liveObjects] += 1);
      if (alive > this.#rows[row + Column.peakObjects]) this.#rows[row + Column.peakObjects] = alive;
    }
  }

  classes(): TalliedClass[] {
    const { classes: fields, classCount } = this.#core;
    return Array.from({ length: classCount }, (_, id) => {
      const at = classAt(id);
      const value = (column: number) => this.#rows[id * ROW + column];
      return {
        site: fields[at + ClassField.callSite],
        kind: fields[at + ClassField.tag],
        bytesReq: fields[at + ClassField.bytesReq],
        bytesAlloc: fields[at + ClassField.bytesAlloc],
        allocs: value(Column.allocs),
        frees: value(Column.frees),
        impliedFrees: value(Column.impliedFrees),
        liveObjects: value(Column.liveObjects),
        peakObjects: value(Column.peakObjects),
        shortLived: value(Column.shortLived),
        lifeNs: value(Column.lifeNs),
        crossCpuFrees: value(Column.crossCpuFrees),
      };
    });
  }

  #free(place: number, timeNs: number, cpu: number): void {
    const allocatedNs = this.#objects.timeOf(place);
    const allocatedOn = this.#cpuOf[place];
    const row = this.#end(this.#objects.take(place), Column.frees);
    // The merged stream may step back by some milliseconds.
    const lifeNs = Math.max(0, timeNs - allocatedNs);
    this.#rows[row + Column.lifeNs] += lifeNs;
    if (lifeNs <= SHORT_LIFE_NS) this.#rows[row + Column.shortLived] += 1;
    if (cpu !== allocatedOn && cpu !== NO_CPU && allocatedOn !== NO_CPU) this.#rows[row + Column.crossCpuFrees] += 1;
  }

  #end(objectClass: number, column: number): number {
    const row = this.#rowOf(objectClass);
    this.#rows[row + column] += 1;
    this.#rows[row + Column.liveObjects] -= 1;
    return row;
  }

  #rowOf(objectClass: number): number {
    const row = objectClass * ROW;
    if (row === this.#rows.length) {
      const rows = new Float64Array(this.#rows.length * 2);
      rows.set(this.#rows);
      this.#rows = rows;
    }
    return row;
  }

  #growCpus(): void {
    const cpuOf = new Uint16Array(this.#cpuOf.length * 2);
    cpuOf.set(this.#cpuOf);
    this.#cpuOf = cpuOf;
  }
}
