/** What was asked of the allocator, in classes of equal requests: what advice and models of allocators are made from. */

/** Requests of one call site, one interface and one size. */
export interface RequestClass {
  readonly callSite: string;
  readonly caller: string;
  readonly kind: "kmalloc" | "cache";
  readonly bytesReq: number;
  readonly bytesAlloc: number;
  /** Whether the call site asks for zeroed memory (`__GFP_ZERO`), by its first allocation; null where none tells, or several differ. */
  readonly asksForZeros: boolean | null;
  readonly allocs: number;
  /** Seen frees of these objects; {@link impliedFrees} are not among them. */
  readonly frees: number;
  readonly impliedFrees: number;
  readonly liveObjects: number;
  /** The most that were alive at the same time. */
  readonly peakObjects: number;
  /** Of the frees, those within {@link SHORT_LIFE_NS} of the allocation. */
  readonly shortLived: number;
  /** Of the frees; null where there was none. */
  readonly meanLifeNs: number | null;
  /** Of the frees, those on another CPU than the allocation. */
  readonly crossCpuFrees: number;
}

export interface RequestProfile {
  readonly classes: readonly RequestClass[];
  /** CPUs that events came from. */
  readonly cpus: number;
  /** Trace clock from the first event to the last. */
  readonly seconds: number;
}

/** Trace clock; an object that lives no longer could have been on the stack, or kept. */
export const SHORT_LIFE_NS = 10_000_000;
