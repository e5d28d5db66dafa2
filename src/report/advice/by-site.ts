/** All requests of a call site by one interface together. */
import type { RequestClass } from "../../model/request-profile.ts";

export interface SiteRequests {
  readonly caller: string;
  readonly callSite: string;
  readonly kind: RequestClass["kind"];
  readonly classes: readonly RequestClass[];
  readonly allocs: number;
  readonly frees: number;
  readonly impliedFrees: number;
  readonly liveObjects: number;
  readonly shortLived: number;
  readonly crossCpuFrees: number;
  readonly totalBytes: number;
  readonly netBytes: number;
  readonly netRequestedBytes: number;
  /** Of the frees. */
  readonly meanLifeNs: number;
}

export function bySite(classes: readonly RequestClass[]): SiteRequests[] {
  const sites = new Map<string, RequestClass[]>();
  for (const request of classes) {
    const key = `${request.kind} ${request.callSite}`;
    sites.set(key, [...(sites.get(key) ?? []), request]);
  }
  return [...sites.values()].map((members) => {
    const sum = (of: (request: RequestClass) => number) => members.reduce((total, request) => total + of(request), 0);
    const frees = sum((request) => request.frees);
    const [{ caller, callSite, kind }] = members;
    return {
      ...{ caller, callSite, kind, classes: members, frees },
      allocs: sum((request) => request.allocs),
      impliedFrees: sum((request) => request.impliedFrees),
      liveObjects: sum((request) => request.liveObjects),
      shortLived: sum((request) => request.shortLived),
      crossCpuFrees: sum((request) => request.crossCpuFrees),
      totalBytes: sum((request) => request.allocs * request.bytesAlloc),
      netBytes: sum((request) => request.liveObjects * request.bytesAlloc),
      netRequestedBytes: sum((request) => request.liveObjects * request.bytesReq),
      meanLifeNs: frees === 0 ? 0 : sum((request) => request.frees * (request.meanLifeNs ?? 0)) / frees,
    };
  });
}
