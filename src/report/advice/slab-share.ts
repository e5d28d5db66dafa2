/** What an object takes of its slab, with its part of what the slab leaves over. */

const PAGE = 4096;
/** slub_max_order, PAGE_ALLOC_COSTLY_ORDER. */
const MAX_ORDER = 3;

/**
 * The slab that SLUB chooses: the smallest that holds enough objects for the machine's CPUs and leaves over no more than a sixteenth, else an eighth, else a
 * quarter (mm/slub.c, calculate_order).
 */
export function slabBytesFor(objectBytes: number, cpus: number): number {
  const minObjects = Math.min(4 * (Math.floor(Math.log2(Math.max(1, cpus))) + 2), (PAGE << MAX_ORDER) / objectBytes);
  for (const fraction of [16, 8, 4]) {
    for (let order = 0; order <= MAX_ORDER; order++) {
      const slab = PAGE << order;
      if (slab >= minObjects * objectBytes && slab % objectBytes <= slab / fraction) return slab;
    }
  }
  return PAGE << MAX_ORDER;
}

/** A cache's descriptor with its per-CPU part, a node, and its sysfs files: what creating one was seen to allocate on 6.1. */
const DESCRIPTOR_BYTES = 2048;

/** What a cache takes whose objects have as many bytes, besides those: of each CPU's own slab half is empty on average. */
export function ownCacheBytes(objectBytes: number, cpus: number): number {
  return DESCRIPTOR_BYTES + Math.round((cpus * slabBytesFor(objectBytes, cpus)) / 2);
}

/** Bytes an object. */
export function slabShare(objectBytes: number, cpus: number): number {
  const slab = slabBytesFor(objectBytes, cpus);
  const objects = Math.floor(slab / objectBytes);
  return objects === 0 ? objectBytes : slab / objects;
}
