/** What events say of slabs: live objects and frees of older ones by size, the only thing that an event tells of its cache on every kernel. */
import type { UnmatchedBySize } from "./ledger-core.ts";
import type { CallSiteTable } from "../model/call-site-table.ts";
import { classAt, ClassField } from "./object-classes.ts";

export interface ObjectsOfSize {
  /** Live objects by the text of the call site that allocated them. */
  readonly live: ReadonlyMap<string, number>;
  /** Their sum. */
  readonly liveObjects: number;
  /** Frees of objects from before the trace, the guessed ones among them. */
  readonly olderFreed: number;
  /** Of these, those of call sites that free several sizes, so that this one may be the wrong one; and those freed in bulk, which may not be older. */
  readonly guessed: number;
}

export interface ObjectsBySize {
  /** By bytes_alloc. */
  readonly sizes: ReadonlyMap<number, ObjectsOfSize>;
  /** Frees of older objects whose size is not known, by the cache they went to; "" where nothing says. */
  readonly freedTo: ReadonlyMap<string, number>;
  /** Frees of objects whose allocation raised no event, in no figure above: their address had been freed before. */
  readonly hiddenAllocs: number;
}

type CallSites = Pick<CallSiteTable, "text" | "freesTo">;

/**
 * @param counts live objects by class
 * @param fields of the classes, see object-classes.ts
 */
export function foldBySize(
  counts: Float64Array,
  fields: Float64Array,
  { known, guessed, unknown, hiddenAllocs }: UnmatchedBySize,
  sites: CallSites,
): ObjectsBySize {
  const live = new Map<number, Map<string, number>>();
  for (let id = 0; id < counts.length; id++) {
    if (counts[id] === 0) continue;
    const at = classAt(id);
    const size = fields[at + ClassField.bytesAlloc];
    const holders = live.get(size) ?? new Map<string, number>();
    const site = sites.text(fields[at + ClassField.callSite]);
    live.set(size, holders.set(site, (holders.get(site) ?? 0) + counts[id]));
  }
  const sizes = new Map<number, ObjectsOfSize>();
  for (const size of new Set([...live.keys(), ...known.keys(), ...guessed.keys()])) {
    const holders = live.get(size) ?? new Map<string, number>();
    let liveObjects = 0;
    for (const objects of holders.values()) liveObjects += objects;
    const guesses = guessed.get(size) ?? 0;
    sizes.set(size, { live: holders, liveObjects, olderFreed: (known.get(size) ?? 0) + guesses, guessed: guesses });
  }
  const freedTo = new Map<string, number>();
  for (const [site, frees] of unknown) {
    const cache = sites.freesTo(site) ?? "";
    freedTo.set(cache, (freedTo.get(cache) ?? 0) + frees);
  }
  return { sizes, freedTo, hiddenAllocs };
}
