/**
 * Events set against /proc/slabinfo, between two readings of it.
 *
 * In a group of caches, objects(after) - objects(before) is all that was allocated less all that was freed. Events say the same
 * but for what raises none: bulk frees, some of RCU's, and bulk allocations. The difference is the remainder.
 */
import type { Reconciliation, SlabGroup } from "../model/reconciliation.ts";
import type { ObjectsBySize } from "./objects-by-size.ts";

export interface SlabCache {
  /** active_objs. */
  readonly objects: number;
  /** Of an object, as its events have it in bytes_alloc. */
  readonly bytes: number;
  readonly perSlab: number;
  /** Free objects that a sheaf holds, which count as active; 0 where the cache has no sheaves (mm/slub.c from Linux 6.18 on). */
  readonly perSheaf: number;
}

export interface SlabReading {
  readonly caches: ReadonlyMap<string, SlabCache>;
  /** CPUs gave back what they kept free. */
  readonly exact: boolean;
  /** What the events said at that moment. */
  readonly events: ObjectsBySize;
}

export interface Reconciled {
  readonly account: Reconciliation;
  /** Of each call site, by its text: live objects that hidden frees may explain, at most. */
  readonly doubtful: ReadonlyMap<string, Doubt>;
}

export interface Doubt {
  readonly objects: number;
  readonly bytes: number;
}

/** @param cpus of the target, each of which keeps some slabs for itself */
export function reconcile(before: SlabReading, after: SlabReading, cpus: number): Reconciled {
  const exactSlabs = before.exact && after.exact;
  const groups = [...cachesBySize(before, after)]
    .map(([bytes, caches]) => groupOf(bytes, caches, before, after, keptFree(exactSlabs, cpus)))
    .filter(({ eventObjects, slabObjects }) => eventObjects !== 0 || slabObjects !== 0);
  groups.sort((a, b) => Math.abs(b.remainder) * b.bytesAlloc - Math.abs(a.remainder) * a.bytesAlloc);
  return {
    account: {
      exactSlabs,
      hiddenFrees: sum(groups, ({ hiddenFrees }) => hiddenFrees),
      hiddenBytes: sum(groups, ({ hiddenFrees, bytesAlloc }) => hiddenFrees * bytesAlloc),
      unknownFrees: Math.max(0, unknownFrees(after) - unknownFrees(before)),
      hiddenAllocs: after.events.hiddenAllocs - before.events.hiddenAllocs,
      groups,
    },
    doubtful: doubtsOf(groups, after.events),
  };
}

/** To caches that nothing names, or that slabinfo does not have. */
function unknownFrees({ events, caches }: SlabReading): number {
  return sum(events.freedTo, ([cache, frees]) => (caches.has(cache) ? 0 : frees));
}

interface CacheChange {
  readonly name: string;
  readonly before: number;
  readonly after: number;
  readonly perSlab: number;
  readonly perSheaf: number;
}

function cachesBySize(before: SlabReading, after: SlabReading): Map<number, CacheChange[]> {
  const groups = new Map<number, CacheChange[]>();
  for (const name of new Set([...before.caches.keys(), ...after.caches.keys()])) {
    const [old, now] = [before.caches.get(name), after.caches.get(name)];
    const { bytes, perSlab, perSheaf } = now ?? old ?? { bytes: 0, perSlab: 0, perSheaf: 0 };
    const change = { name, before: old?.objects ?? 0, after: now?.objects ?? 0, perSlab, perSheaf };
    groups.set(bytes, [...(groups.get(bytes) ?? []), change]);
  }
  return groups;
}

function groupOf(
  bytesAlloc: number,
  caches: readonly CacheChange[],
  before: SlabReading,
  after: SlabReading,
  keptFreeOf: (cache: CacheChange, bytes: number) => number,
): SlabGroup {
  const [old, now] = [before.events.sizes.get(bytesAlloc), after.events.sizes.get(bytesAlloc)];
  const netOf = (events: ObjectsBySize, size: typeof old) =>
    (size?.liveObjects ?? 0) - (size?.olderFreed ?? 0) - sum(caches, ({ name }) => events.freedTo.get(name) ?? 0);
  const eventObjects = netOf(after.events, now) - netOf(before.events, old);
  const slabObjects = sum(caches, (cache) => cache.after - cache.before);
  const remainder = eventObjects - slabObjects;
  const guessed = (now?.guessed ?? 0) - (old?.guessed ?? 0);
  // Each cache is off by itself, so that they hardly all are off to one side.
  const kept = sum(
    caches,
    (cache) => Math.min(keptFreeOf(cache, bytesAlloc), Math.max(cache.before, cache.after)) ** 2,
  );
  const uncertainty = Math.ceil(Math.sqrt(kept)) + Math.max(0, guessed);
  return {
    bytesAlloc,
    caches: caches.map(({ name, before: was, after: is }) => ({ name, before: was, after: is })),
    eventObjects,
    slabObjects,
    remainder,
    uncertainty,
    // What is older than the window and was freed so is in nobody's row.
    hiddenFrees: remainder > uncertainty ? Math.min(remainder, now?.liveObjects ?? 0) : 0,
  };
}

/** CPU's own sheaves: the one in use and the spare. They were seen full behind a shrink. */
const SHEAVES_PER_CPU = 2;
/** Full sheaves of a memory node (MAX_FULL_SHEAVES); a shrink gives them back. */
const SHEAVES_PER_NODE = 10;

/** Free objects of a cache that count as active, at most; `isExact`: CPUs gave back their slabs. */
function keptFree(isExact: boolean, cpus: number) {
  return ({ perSlab, perSheaf }: CacheChange, bytes: number): number =>
    isExact
      ? cpus * (perSlab + SHEAVES_PER_CPU * perSheaf)
      : cpus * (perSlab + SHEAVES_PER_CPU * perSheaf + cpuPartialObjects(bytes)) + SHEAVES_PER_NODE * perSheaf;
}

/** Free objects in a CPU's partial slabs that the kernel aims at (mm/slub.c, set_cpu_partial). */
function cpuPartialObjects(bytes: number): number {
  if (bytes >= 4096) return 6;
  if (bytes >= 1024) return 24;
  return bytes >= 256 ? 52 : 120;
}

function doubtsOf(groups: readonly SlabGroup[], events: ObjectsBySize): Map<string, Doubt> {
  const doubts = new Map<string, Doubt>();
  for (const { bytesAlloc, hiddenFrees } of groups) {
    if (hiddenFrees === 0) continue;
    for (const [site, live] of events.sizes.get(bytesAlloc)?.live ?? []) {
      const { objects, bytes } = doubts.get(site) ?? { objects: 0, bytes: 0 };
      const doubtful = Math.min(live, hiddenFrees);
      doubts.set(site, { objects: objects + doubtful, bytes: bytes + doubtful * bytesAlloc });
    }
  }
  return doubts;
}

function sum<T>(rows: Iterable<T>, of: (row: T) => number): number {
  let total = 0;
  for (const row of rows) total += of(row);
  return total;
}
