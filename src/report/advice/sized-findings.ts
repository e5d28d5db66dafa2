/** Kmallocs of one size from one call site that take more than they need: a cache of their own, or the next bucket down. */
import type { Finding } from "../../model/advice.ts";
import type { RequestClass } from "../../model/request-profile.ts";
import type { AllocatorModel } from "../allocators/models.ts";
import { alignUp } from "../allocators/models.ts";
import { freesUnseen } from "./frees-unseen.ts";
import { ownCacheBytes, slabShare } from "./slab-share.ts";
import { CACHE_MIN_OBJECTS, MIN_SAVED_BYTES, ODD_SIZE_MAX_EXCESS } from "./thresholds.ts";

/** The largest bucket; what is larger takes pages. */
export const LARGEST_BUCKET = 8192;

/** One finding for each class: the one that gives back more, and changing a size before making a cache. */
export function sizedFindings(classes: readonly RequestClass[], model: AllocatorModel, cpus: number): Finding[] {
  return classes.flatMap((request) => {
    const { kind, bytesReq, bytesAlloc, liveObjects } = request;
    if (kind !== "kmalloc" || bytesReq === 0 || bytesAlloc <= bytesReq || liveObjects === 0) return [];
    return oddSize(request, model) ?? ownCache(request, cpus) ?? [];
  });
}

function oddSize(request: RequestClass, model: AllocatorModel): Finding | undefined {
  const { bytesReq, bytesAlloc, liveObjects, caller } = request;
  const lower = bucketBelow(bytesAlloc, model);
  const excess = bytesReq - lower;
  if (lower === 0 || excess <= 0 || excess > lower * ODD_SIZE_MAX_EXCESS) return undefined;
  const savedBytes = liveObjects * (bytesAlloc - lower);
  if (savedBytes < MIN_SAVED_BYTES) return undefined;
  return {
    ...sizedBase(request),
    kind: "odd-size",
    savedBytes,
    costBytes: 0,
    figures: { bucketBelow: lower, excessBytes: excess, wasteBytes: liveObjects * (bytesAlloc - bytesReq) },
    summary: `${caller} asks for ${bytesReq} bytes, ${excess} more than the bucket of ${lower}, and takes ${bytesAlloc}; ${liveObjects} are alive`,
    remedy: `make the object ${excess} bytes smaller: ${savedBytes} bytes less`,
  };
}

function ownCache(request: RequestClass, cpus: number): Finding | undefined {
  const { bytesReq, bytesAlloc, liveObjects, caller } = request;
  if (liveObjects < CACHE_MIN_OBJECTS || bytesAlloc > LARGEST_BUCKET) return undefined;
  const objectBytes = alignUp(bytesReq, 8);
  const before = liveObjects * slabShare(bytesAlloc, cpus);
  const after = liveObjects * slabShare(objectBytes, cpus);
  const costBytes = ownCacheBytes(objectBytes, cpus);
  const savedBytes = Math.round(before - after) - costBytes;
  if (savedBytes < MIN_SAVED_BYTES) return undefined;
  return {
    ...sizedBase(request),
    kind: "cache",
    savedBytes,
    costBytes,
    figures: { objectBytes, wasteBytes: liveObjects * (bytesAlloc - bytesReq), peakObjects: request.peakObjects },
    summary: `${caller} holds ${liveObjects} objects of ${bytesReq} bytes in buckets of ${bytesAlloc}`,
    remedy: `a kmem_cache of ${objectBytes}-byte objects: ${savedBytes} bytes less, after the ${costBytes} that it takes itself`,
  };
}

/** The largest bucket that is smaller; 0 where there is none. In halves: a size that damage has made may be of any length. */
function bucketBelow(bytesAlloc: number, model: AllocatorModel): number {
  let [fits, tooLarge] = [0, bytesAlloc];
  while (tooLarge - fits > 1) {
    const bytes = Math.floor((fits + tooLarge) / 2);
    if (model.kmalloc(bytes) < bytesAlloc) fits = bytes;
    else tooLarge = bytes;
  }
  return model.kmalloc(fits);
}

export function sizedBase({ caller, callSite, bytesReq, bytesAlloc, allocs, liveObjects, ...rest }: RequestClass) {
  const marks: Finding["marks"] = freesUnseen({ liveObjects, ...rest }) ? ["unseen-frees"] : [];
  return { caller, callSite, bytesReq, bytesAlloc, allocs, liveObjects, marks };
}
