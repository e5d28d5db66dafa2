/**
 * What an allocator takes for a request, by the kernel's source; what its events report as bytes_alloc.
 *
 * Not in it: what a slab leaves over at its end, partly used slabs, and descriptors, which no event tells.
 */

const PAGE = 4096;

/** What only the cache's creator knows, and no event says. */
export interface CacheTraits {
  /** Aligned to lines of so many bytes (SLAB_HWCACHE_ALIGN); null where it is not. */
  readonly lineBytes: number | null;
  /**
   * A constructor, or SLAB_TYPESAFE_BY_RCU: a free object must keep its content, so that SLUB's free pointer, of so many bytes, stands
   * behind it (mm/slub.c, calculate_sizes); 0 without.
   */
  readonly linkBytes: number;
}

export const PLAIN: CacheTraits = { lineBytes: null, linkBytes: 0 };

export interface AllocatorModel {
  readonly allocator: "SLUB" | "SLAB" | "SLOB";
  readonly name: string;
  /** bytes_alloc of a kmalloc. */
  kmalloc(bytesReq: number): number;
  /** bytes_alloc of an object of a cache of objects of so many bytes. */
  cache(bytesReq: number, traits: CacheTraits): number;
}

/**
 * SLUB, 3.x to 7.x: buckets of powers of two, and 96 and 192 where nothing larger is the minimum (include/linux/slab.h, __kmalloc_index;
 * in 3.6 include/linux/slub_def.h, kmalloc_index); above two pages whole pages, an order of them (kmalloc_large).
 *
 * @param minBytes KMALLOC_MIN_SIZE: 8 on x86; ARCH_DMA_MINALIGN elsewhere, 64 on 32-bit ARM, 128 on arm64 before 6.5
 */
export function slub(minBytes: 8 | 64 | 128): AllocatorModel {
  return {
    allocator: "SLUB",
    name: minBytes === 8 ? "SLUB" : `SLUB, from ${minBytes} bytes up`,
    kmalloc: (bytesReq) => bucketOf(bytesReq, { minBytes, has96: minBytes <= 32, has192: minBytes <= 64 }),
    cache: (bytesReq, { lineBytes, linkBytes }) =>
      alignUp(alignUp(bytesReq, Math.max(4, linkBytes)) + linkBytes, alignmentOf(bytesReq, lineBytes)),
  };
}

/**
 * SLAB, until 6.7: general caches from 32 bytes (include/linux/kmalloc_sizes.h), 96 only where lines are shorter than 64 bytes, 192 where they
 * are shorter than 128; of all sizes, without a way around it for large ones. Bookkeeping is outside of the object (mm/slab.c, kmem_bufctl_t).
 *
 * @param lineBytes L1_CACHE_BYTES
 */
export function slab(lineBytes: 32 | 64): AllocatorModel {
  return {
    allocator: "SLAB",
    name: lineBytes === 64 ? "SLAB" : "SLAB, lines of 32 bytes",
    kmalloc: (bytesReq) => bucketOf(bytesReq, { minBytes: 32, has96: lineBytes < 64, has192: true }),
    cache: (bytesReq, traits) => alignUp(alignUp(bytesReq, 4), alignmentOf(bytesReq, traits.lineBytes)),
  };
}

/** ARCH_KMALLOC_MINALIGN, which SLOB keeps the size in, before the object. */
const SLOB_HEADER = 8;
/** sizeof(slob_block_t) with pages of less than 64 KiB. */
const SLOB_UNIT = 2;

/**
 * SLOB, until 6.3: a kmalloc has a header with its size, and no rounding beyond it in what its event reports; from a page less the header
 * up it takes whole pages, an order of them. Objects of caches have no header (mm/slob.c, __do_kmalloc_node, slob_alloc_node).
 */
export const SLOB: AllocatorModel = {
  allocator: "SLOB",
  name: "SLOB",
  kmalloc: (bytesReq) => {
    if (bytesReq === 0) return 0;
    return bytesReq < PAGE - SLOB_HEADER ? bytesReq + SLOB_HEADER : pagesFor(bytesReq);
  },
  cache: (bytesReq) => (bytesReq < PAGE ? alignUp(bytesReq, SLOB_UNIT) : pagesFor(bytesReq)),
};

/** Those that a recording is compared with; the first of an allocator that reproduces it recorded it. */
export const MODELS: readonly AllocatorModel[] = [slub(8), slub(64), slub(128), slab(64), slab(32), SLOB];

interface Buckets {
  readonly minBytes: number;
  readonly has96: boolean;
  readonly has192: boolean;
}

/** Beyond two pages SLUB's orders of pages and SLAB's caches are the same powers of two. */
function bucketOf(bytesReq: number, { minBytes, has96, has192 }: Buckets): number {
  if (bytesReq === 0) return 0;
  if (has96 && bytesReq > 64 && bytesReq <= 96) return 96;
  if (has192 && bytesReq > 128 && bytesReq <= 192) return 192;
  return Math.max(minBytes, powerOfTwo(bytesReq));
}

function pagesFor(bytes: number): number {
  return Math.max(PAGE, powerOfTwo(bytes));
}

function powerOfTwo(bytes: number): number {
  let power = 1;
  while (power < bytes) power *= 2;
  return power;
}

/** ARCH_SLAB_MINALIGN is that of a long long; of a line as much as small objects share one (calculate_alignment). */
function alignmentOf(bytesReq: number, lineBytes: number | null): number {
  if (lineBytes === null) return 8;
  let alignment = lineBytes;
  while (bytesReq <= alignment / 2) alignment /= 2;
  return Math.max(8, alignment);
}

export function alignUp(bytes: number, alignment: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}
