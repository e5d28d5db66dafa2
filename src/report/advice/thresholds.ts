/** From where on a finding is worth a maintainer's time (docs/advice.md). */

/** Objects of one size, from one call site, alive at the end: fewer do not fill the slabs of a cache of their own. */
export const CACHE_MIN_OBJECTS = 64;
/** What a remedy must give back, bytes. */
export const MIN_SAVED_BYTES = 4096;
/** How far above the next bucket down a size may be, as a share of that bucket: what one finds in a structure. */
export const ODD_SIZE_MAX_EXCESS = 1 / 8;

/** Strings: so many alive, of so many sizes, so small on average, and so many of sizes that structures do not have. */
export const STRINGS_MIN_OBJECTS = 64;
export const STRINGS_MIN_SIZES = 6;
export const STRINGS_MAX_MEAN_BYTES = 64;
export const STRINGS_MIN_UNALIGNED = 0.5;

/** Churn: so many allocations, nearly all of them seen to be freed within 10 ms. */
export const CHURN_MIN_ALLOCS = 1000;
export const CHURN_MIN_SHORT_LIVED = 0.9;

/**
 * Constructors: so many allocations of one size, that share of the call site's, above a cache line, each place used so often; and so many bytes that were zeroed
 * in a place that had been zeroed before, in all and each second.
 */
export const CONSTRUCTOR_MIN_ALLOCS = 1000;
export const CONSTRUCTOR_MIN_ONE_SIZE = 0.9;
export const CONSTRUCTOR_MIN_BYTES = 65;
export const CONSTRUCTOR_MIN_REUSE = 10;
export const CONSTRUCTOR_MIN_SAVED_BYTES = 1 << 20;
export const CONSTRUCTOR_MIN_SAVED_PER_SECOND = 64 << 10;

/** Freed elsewhere: so many frees, so many of them on another CPU. */
export const CROSS_CPU_MIN_FREES = 500;
export const CROSS_CPU_MIN_SHARE = 0.5;

/** Of each kind. */
export const MAX_FINDINGS = 5;
