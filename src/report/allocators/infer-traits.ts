/** How a cache was made, from what an object of it took: the first explanation, from the simplest on. */
import { type AllocatorModel, type CacheTraits, PLAIN } from "./models.ts";

export interface Explained {
  readonly traits: CacheTraits;
  /** One line; undefined where the source alone tells the size. */
  readonly cause: string | undefined;
}

const LINES = [64, 32, 128] as const;
/** Bytes of a pointer: 64-bit kernels are what one mostly has. */
const LINKS = [8, 4] as const;
const LINKED = "its free pointer stands behind the object: a constructor, or SLAB_TYPESAFE_BY_RCU";

/** Undefined where nothing explains it. */
export function explain(model: AllocatorModel, bytesReq: number, bytesAlloc: number): Explained | undefined {
  return explanations(model).find(({ traits }) => model.cache(bytesReq, traits) === bytesAlloc);
}

function explanations({ allocator }: AllocatorModel): Explained[] {
  const links = allocator === "SLUB" ? LINKS : [];
  const lines = allocator === "SLOB" ? [] : LINES;
  const aligned = (lineBytes: number) => `aligned to cache lines of ${lineBytes} bytes (SLAB_HWCACHE_ALIGN)`;
  const withLines = (lineBytes: number): Explained[] => [
    { traits: { lineBytes, linkBytes: 0 }, cause: aligned(lineBytes) },
    ...links.map((linkBytes) => ({ traits: { lineBytes, linkBytes }, cause: `${aligned(lineBytes)}; ${LINKED}` })),
  ];
  return [
    { traits: PLAIN, cause: undefined },
    ...links.map((linkBytes) => ({ traits: { lineBytes: null, linkBytes }, cause: LINKED })),
    ...lines.flatMap(withLines),
  ];
}
