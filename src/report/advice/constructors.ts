/** Objects of one size from one call site that are zeroed again and again in the same places: what a constructor does once for each place. */
import type { Finding } from "../../model/advice.ts";
import type { RequestClass } from "../../model/request-profile.ts";
import { formatSmallSpan } from "../../format/span.ts";
import { alignUp } from "../allocators/models.ts";
import type { SiteRequests } from "./by-site.ts";
import { LARGEST_BUCKET, sizedBase } from "./sized-findings.ts";
import { ownCacheBytes, slabShare } from "./slab-share.ts";
import {
  CONSTRUCTOR_MIN_ALLOCS,
  CONSTRUCTOR_MIN_BYTES,
  CONSTRUCTOR_MIN_ONE_SIZE,
  CONSTRUCTOR_MIN_REUSE,
  CONSTRUCTOR_MIN_SAVED_BYTES,
  CONSTRUCTOR_MIN_SAVED_PER_SECOND,
} from "./thresholds.ts";

/** What comes first of a kmalloc: a buffer has nothing that a constructor could keep, and needs none. */
const FILLED_ANYWAY = "where it is a buffer that is filled before it is read, ask without __GFP_ZERO, at no cost";

/** Behind the object, so that it stays as constructed while it is free: within one without a constructor (mm/slub.c, calculate_sizes). */
const FREE_LINK_BYTES = 8;

/** Of a call site that allocates one type: one size, nearly always. Buffers and strings are of many. */
export function constructorsOf(sites: readonly SiteRequests[], cpus: number, seconds: number): Finding[] {
  return sites.flatMap(({ classes, allocs }) => {
    const usual = classes.find((request) => request.allocs >= allocs * CONSTRUCTOR_MIN_ONE_SIZE);
    return (usual && constructorOf(usual, cpus, seconds)) ?? [];
  });
}

/**
 * The zeroing of all but as many objects as were ever alive at once is saved at most: the slab of which all are free goes back, and is
 * constructed again. A cache that has a constructor is not seen here: what it gives cannot be asked for zeroed (mm/slub.c).
 */
function constructorOf(request: RequestClass, cpus: number, seconds: number): Finding | undefined {
  const { kind, caller, bytesReq, bytesAlloc, allocs, peakObjects, meanLifeNs } = request;
  if (request.asksForZeros !== true || allocs < CONSTRUCTOR_MIN_ALLOCS || peakObjects === 0) return undefined;
  if (bytesReq < CONSTRUCTOR_MIN_BYTES || bytesAlloc > LARGEST_BUCKET) return undefined;
  const reuse = allocs / peakObjects;
  // SLUB zeroes the bucket of a kmalloc, and of a cache's object what its creator asked for (slab_post_alloc_hook).
  const zeroedEach = kind === "kmalloc" ? bytesAlloc : bytesReq;
  const notZeroedBytes = (allocs - peakObjects) * zeroedEach;
  if (notZeroedBytes < seconds * CONSTRUCTOR_MIN_SAVED_PER_SECOND) return undefined;
  if (reuse < CONSTRUCTOR_MIN_REUSE || notZeroedBytes < CONSTRUCTOR_MIN_SAVED_BYTES) return undefined;
  const objectBytes = alignUp(bytesReq, FREE_LINK_BYTES) + FREE_LINK_BYTES;
  const larger = peakObjects * (slabShare(objectBytes, cpus) - slabShare(bytesAlloc, cpus));
  const costBytes = Math.max(0, Math.round(larger + (kind === "kmalloc" ? ownCacheBytes(objectBytes, cpus) : 0)));
  const perSecond = (count: number) => (seconds > 0 ? Math.round(count / seconds) : 0);
  const zeroedBytes = allocs * zeroedEach;
  const lifeNs = meanLifeNs ?? 0;
  return {
    ...sizedBase(request),
    kind: "constructor",
    savedBytes: 0,
    costBytes,
    figures: {
      ...{ zeroedBytes, notZeroedBytes, zeroedPerSecond: perSecond(zeroedBytes), ratePerSecond: perSecond(allocs) },
      ...{ peakObjects, reuse, meanLifeNs: lifeNs, objectBytes },
    },
    summary: `${caller} has ${allocs} objects of ${bytesReq} bytes zeroed (${perSecond(allocs)}/s, ${zeroedBytes} bytes), at most ${peakObjects} of them alive at once: each place ${reuse.toFixed(0)} times, for ${formatSmallSpan(lifeNs / 1e9)}`,
    remedy: `${kind === "kmalloc" ? `${FILLED_ANYWAY}; else a kmem_cache of its own with` : "give its kmem_cache"} a constructor, no __GFP_ZERO, and free objects as constructed: up to ${notZeroedBytes} bytes less to zero, for ${costBytes} bytes of slabs`,
  };
}
