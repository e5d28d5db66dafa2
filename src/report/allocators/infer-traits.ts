/** How a cache was made, from what an object of it took: the first explanation, from the simplest on. */
import { type AllocatorModel, type CacheTraits, PLAIN } from "./models.ts";

export interface Explained {
  readonly traits: CacheTraits;
  /** One line; undefined where the source alone tells the size. */
  readonly cause: string | undefined;
}

/** Bytes of a machine's cache lines, the usual first. */
const LINES = [64, 32, 128] as const;
type Lines = (typeof LINES)[number];
/** Bytes of a pointer: 64-bit kernels are what one mostly has. */
const LINKS = [8, 4] as const;
const LINKED = "its free pointer stands behind the object: a constructor, or SLAB_TYPESAFE_BY_RCU";

/** A cache's object, as it was asked for and taken. */
export interface CacheSize {
  readonly bytesReq: number;
  readonly bytesAlloc: number;
}

/** How long cache lines were where all these come from, which is one machine: so that most of them are explained. */
export function cacheLinesOf(model: AllocatorModel, sizes: readonly CacheSize[]): Lines {
  const different = [...new Map(sizes.map((size) => [`${size.bytesReq} ${size.bytesAlloc}`, size])).values()];
  const explained = (lines: Lines) =>
    different.filter((size) => firstOf([...plain(model), ...withLines(model, lines)], model, size) !== undefined)
      .length;
  return LINES.reduce((best, lines) => (explained(lines) > explained(best) ? lines : best));
}

/**
 * Undefined where nothing explains it.
 *
 * @param lines the machine's: another alignment is a cache's own
 */
export function explain(model: AllocatorModel, size: CacheSize, lines: Lines): Explained | undefined {
  const own = LINES.filter((other) => other !== lines).flatMap((other) =>
    aligned(model, other, `aligned to ${other} bytes, as its creator asked (align)`),
  );
  return firstOf([...plain(model), ...withLines(model, lines), ...own], model, size);
}

function firstOf(all: readonly Explained[], model: AllocatorModel, { bytesReq, bytesAlloc }: CacheSize) {
  return all.find(({ traits }) => model.cache(bytesReq, traits) === bytesAlloc);
}

function plain(model: AllocatorModel): Explained[] {
  const linked = linksOf(model).map((linkBytes) => ({ traits: { lineBytes: null, linkBytes }, cause: LINKED }));
  return [{ traits: PLAIN, cause: undefined }, ...linked];
}

function withLines(model: AllocatorModel, lines: Lines): Explained[] {
  return aligned(model, lines, `aligned to cache lines of ${lines} bytes (SLAB_HWCACHE_ALIGN)`);
}

function aligned(model: AllocatorModel, lineBytes: number, cause: string): Explained[] {
  if (model.allocator === "SLOB") return [];
  return [
    { traits: { lineBytes, linkBytes: 0 }, cause },
    ...linksOf(model).map((linkBytes) => ({ traits: { lineBytes, linkBytes }, cause: `${cause}; ${LINKED}` })),
  ];
}

function linksOf({ allocator }: AllocatorModel): readonly number[] {
  return allocator === "SLUB" ? LINKS : [];
}
