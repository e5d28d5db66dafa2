/** What shows in all requests of a call site together: strings, churn, frees on another CPU. */
import { formatSmallSpan } from "../../format/span.ts";
import type { Finding } from "../../model/advice.ts";
import type { SiteRequests } from "./by-site.ts";
import { freesUnseen } from "./frees-unseen.ts";
import {
  CHURN_MIN_ALLOCS,
  CHURN_MIN_SHORT_LIVED,
  CROSS_CPU_MIN_FREES,
  CROSS_CPU_MIN_SHARE,
  MIN_SAVED_BYTES,
  STRINGS_MAX_MEAN_BYTES,
  STRINGS_MIN_OBJECTS,
  STRINGS_MIN_SIZES,
  STRINGS_MIN_UNALIGNED,
} from "./thresholds.ts";

/** What may stand on the stack, bytes: a tenth of what warns (CONFIG_FRAME_WARN). */
const STACK_BYTES = 192;

/**
 * Text has any length, structures have one: small requests of many sizes, most of them no multiple of a word, are strings, whoever duplicates
 * them (kstrdup, kasprintf and kvasprintf are charged to their callers, mm/util.c).
 */
export function stringsOf(site: SiteRequests): Finding | undefined {
  const { classes, liveObjects, netBytes, netRequestedBytes, caller } = site;
  if (site.kind !== "kmalloc" || liveObjects < STRINGS_MIN_OBJECTS) return undefined;
  const alive = classes.filter((request) => request.liveObjects > 0);
  const unaligned =
    alive.reduce((sum, { bytesReq, liveObjects: n }) => sum + (bytesReq % 4 === 0 ? 0 : n), 0) / liveObjects;
  const meanBytes = netRequestedBytes / liveObjects;
  if (new Set(alive.map(({ bytesReq }) => bytesReq)).size < STRINGS_MIN_SIZES) return undefined;
  if (meanBytes > STRINGS_MAX_MEAN_BYTES || unaligned < STRINGS_MIN_UNALIGNED || netBytes < MIN_SAVED_BYTES)
    return undefined;
  return {
    ...base(site),
    kind: "strings",
    // How many of them are literals or equal, no event tells.
    savedBytes: 0,
    figures: { netBytes, wasteBytes: netBytes - netRequestedBytes, meanBytes, unaligned },
    summary: `${caller} holds ${liveObjects} strings of ${meanBytes.toFixed(1)} bytes on average in ${netBytes} bytes, ${netBytes - netRequestedBytes} of them waste`,
    remedy: "kstrdup_const where they are literals; share equal ones; keep short ones in their owner",
  };
}

export function churnOf(site: SiteRequests, seconds: number): Finding | undefined {
  const { caller, allocs, shortLived, meanLifeNs, totalBytes, kind, classes } = site;
  if (allocs < CHURN_MIN_ALLOCS || shortLived < allocs * CHURN_MIN_SHORT_LIVED) return undefined;
  const ratePerSecond = seconds > 0 ? allocs / seconds : 0;
  const largest = Math.max(...classes.map(({ bytesReq }) => bytesReq));
  const onStack = kind === "kmalloc" && largest <= STACK_BYTES;
  return {
    ...base(site),
    kind: "churn",
    savedBytes: 0,
    figures: { ratePerSecond, shortLived, meanLifeNs, totalBytes, largestBytesReq: largest },
    summary: `${caller} allocates ${allocs} times (${Math.round(ratePerSecond)}/s), ${percent(shortLived / allocs)} freed within 10 ms, ${formatSmallSpan(meanLifeNs / 1e9)} on average`,
    remedy: onStack
      ? `keep it on the stack (${largest} bytes at most) or in its user`
      : "keep one for each user, or allocate once for many uses",
  };
}

export function crossCpuOf(site: SiteRequests): Finding | undefined {
  const { caller, frees, crossCpuFrees } = site;
  if (frees < CROSS_CPU_MIN_FREES || crossCpuFrees < frees * CROSS_CPU_MIN_SHARE) return undefined;
  return {
    ...base(site),
    kind: "cross-cpu",
    savedBytes: 0,
    figures: { frees, crossCpuFrees, share: crossCpuFrees / frees },
    summary: `${caller}: ${crossCpuFrees} of ${frees} frees (${percent(crossCpuFrees / frees)}) on another CPU than the allocation`,
    remedy:
      "free where it was allocated, or in bulk: SLUB's fast path is for the CPU's own slab (kmem_cache_free_bulk)",
  };
}

function base(site: SiteRequests) {
  const { caller, callSite, classes, allocs, liveObjects } = site;
  const [{ bytesReq, bytesAlloc }] = classes;
  const isOne = classes.length === 1;
  const marks: Finding["marks"] = freesUnseen(site) ? ["unseen-frees"] : [];
  return {
    ...{ caller, callSite, allocs, liveObjects, marks, costBytes: 0 },
    bytesReq: isOne ? bytesReq : null,
    bytesAlloc: isOne ? bytesAlloc : null,
  };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
