/**
 * Events set against /proc/allocinfo, between two readings of it: by the function that allocates.
 *
 * The kernel counts what is alive of each line of its source, however it is freed (lib/alloc_tag.c). Events tell what was allocated in
 * the window and is still alive; of a free of something older they do not tell whose it was. So
 *
 *     live by events - change by the kernel = older objects' frees + frees without an event - allocations without one
 */
import type { FunctionCount, FunctionCounts } from "../model/function-counts.ts";
import { functionOf } from "../model/function-name.ts";
import type { ObjectsBySize } from "./objects-by-size.ts";
import { sum } from "./sum.ts";

/** What is alive of a function. */
export interface Counted {
  readonly objects: number;
  readonly bytes: number;
}

export interface FunctionReading {
  /** By `file:function`, as the kernel has them; before, those that have anything alive, after, all. */
  readonly functions: ReadonlyMap<string, Counted>;
  /** What the events said at that moment. */
  readonly events: ObjectsBySize;
}

/** @param cacheBytes of an object of a cache, where it is known */
export function reconcileFunctions(
  before: FunctionReading,
  after: FunctionReading,
  cacheBytes: (cache: string) => number | undefined,
): FunctionCounts {
  const kernel = changesOf(before.functions, after.functions);
  const events = liveOf(before.events, after.events);
  const older = olderFrees(before.events, after.events, cacheBytes);
  const elsewhere = [...kernel].filter(([name, { objects }]) => objects > 0 && !events.has(name));
  const functions: FunctionCount[] = [];
  for (const name of new Set([...kernel.keys(), ...events.keys()])) {
    const [counted, seen] = [kernel.get(name), events.get(name)];
    const sizes = seen?.sizes ?? new Set<number>();
    const olderFreed = older.of(sizes);
    const renamed = sum(elsewhere, ([, other]) => (mayBeOf(other, counted, sizes) ? other.objects : 0));
    const row = rowOf(name, counted, seen, counted !== undefined && seen !== undefined ? olderFreed + renamed : 0);
    if (row.kernelBytes !== 0 || row.eventBytes !== 0 || row.kernelObjects !== 0) functions.push(row);
  }
  functions.sort((a, b) => Math.abs(b.remainderBytes) - Math.abs(a.remainderBytes) || (a.name < b.name ? -1 : 1));
  return {
    hiddenFrees: sum(functions, ({ hiddenFrees }) => hiddenFrees),
    both: sumOf(functions, "both"),
    kernelOnly: sumOf(functions, "kernel"),
    eventsOnly: sumOf(functions, "events"),
    functions,
  };
}

interface KernelChange extends Counted {
  readonly files: readonly string[];
}

/** Of all functions that had anything alive at either end, by name. */
function changesOf(
  before: FunctionReading["functions"],
  after: FunctionReading["functions"],
): Map<string, KernelChange> {
  const changes = new Map<string, KernelChange>();
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const [old, now] = [before.get(key), after.get(key)];
    const colon = key.lastIndexOf(":");
    const file = key.slice(0, colon);
    // Named as the symbol of a call site would be.
    const { name } = functionOf(`${key.slice(colon + 1)}+0x0`);
    const known = changes.get(name) ?? { files: [], objects: 0, bytes: 0 };
    changes.set(name, {
      files: known.files.includes(file) ? known.files : [...known.files, file],
      objects: known.objects + (now?.objects ?? 0) - (old?.objects ?? 0),
      bytes: known.bytes + (now?.bytes ?? 0) - (old?.bytes ?? 0),
    });
  }
  return changes;
}

interface SeenChange extends Counted {
  readonly sizes: Set<number>;
}

/** What was allocated between both and is alive, by the function of its call site. */
function liveOf(before: ObjectsBySize, after: ObjectsBySize): Map<string, SeenChange> {
  const functions = new Map<string, SeenChange>();
  const add = ({ sizes }: ObjectsBySize, sign: 1 | -1) => {
    for (const [size, { live }] of sizes)
      for (const [site, objects] of live) {
        const { name } = functionOf(site);
        const known = functions.get(name) ?? { objects: 0, bytes: 0, sizes: new Set() };
        const [all, bytes] = [known.objects + sign * objects, known.bytes + sign * objects * size];
        functions.set(name, { objects: all, bytes, sizes: known.sizes.add(size) });
      }
  };
  add(after, 1);
  add(before, -1);
  return functions;
}

/** Frees of objects from before the window, at most: of given sizes, and of those that nobody knows the size of. */
function olderFrees(before: ObjectsBySize, after: ObjectsBySize, cacheBytes: (cache: string) => number | undefined) {
  const bySize = new Map<number, number>();
  let unknown = 0;
  const add = (size: number, frees: number) => bySize.set(size, (bySize.get(size) ?? 0) + Math.max(0, frees));
  for (const [size, { olderFreed }] of after.sizes) add(size, olderFreed - (before.sizes.get(size)?.olderFreed ?? 0));
  for (const [cache, frees] of after.freedTo) {
    const more = frees - (before.freedTo.get(cache) ?? 0);
    const size = cacheBytes(cache);
    if (size === undefined) unknown += more;
    else add(size, more);
  }
  return { of: (sizes: ReadonlySet<number>) => unknown + sum(sizes, (size) => bySize.get(size) ?? 0) };
}

/**
 * Whether objects of a function that no event names may be those of another: one that the compiler put into it, which stands in the
 * same file or in a header, or one that passes its caller on (kstrdup), which then has objects of the same size.
 */
function mayBeOf(other: KernelChange, counted: KernelChange | undefined, sizes: ReadonlySet<number>): boolean {
  if (sizes.has(other.bytes / other.objects)) return true;
  return other.files.some((file) => file.endsWith(".h") || counted?.files.includes(file) === true);
}

function rowOf(
  name: string,
  counted: KernelChange | undefined,
  seen: SeenChange | undefined,
  uncertainty: number,
): FunctionCount {
  const [kernelObjects, kernelBytes] = [counted?.objects ?? 0, counted?.bytes ?? 0];
  const [eventObjects, eventBytes] = [seen?.objects ?? 0, seen?.bytes ?? 0];
  const remainderObjects = eventObjects - kernelObjects;
  const countedBy = counted === undefined ? "events" : seen === undefined ? "kernel" : "both";
  return {
    name,
    files: [...(counted?.files ?? [])].sort(),
    countedBy,
    kernelObjects,
    kernelBytes,
    eventObjects,
    eventBytes,
    remainderObjects,
    remainderBytes: eventBytes - kernelBytes,
    uncertainty,
    hiddenFrees: countedBy === "both" ? Math.max(0, remainderObjects - uncertainty) : 0,
  };
}

function sumOf(rows: readonly FunctionCount[], by: FunctionCount["countedBy"]) {
  const counted = rows.filter(({ countedBy }) => countedBy === by);
  return {
    functions: counted.length,
    kernelBytes: sum(counted, ({ kernelBytes }) => kernelBytes),
    eventBytes: sum(counted, ({ eventBytes }) => eventBytes),
  };
}
