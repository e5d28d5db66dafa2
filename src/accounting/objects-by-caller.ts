/** Live objects of each caller by what it asked for. */
import type { CallSiteTable } from "../model/call-site-table.ts";
import type { CallerObjects, ObjectsOfSize } from "../model/inside.ts";
import { CLASS, classAt, kindOf } from "./object-classes.ts";

/**
 * @param counts live objects by class
 * @param fields of the classes, see object-classes.ts
 * @param isCounted whether the account counts objects of a kind
 */
export function foldByCaller(
  counts: Float64Array,
  fields: Float64Array,
  callSites: Pick<CallSiteTable, "text">,
  isCounted: (kind: number) => boolean,
): CallerObjects[] {
  const bySite = new Map<number, Map<string, ObjectsOfSize>>();
  for (let id = 0; id < counts.length; id++) {
    if (counts[id] === 0) continue;
    const [site, bytesReq, bytesAlloc, tag] = fields.subarray(classAt(id), classAt(id) + CLASS);
    const kind = kindOf(tag);
    if (!isCounted(kind)) continue;
    const sizes = bySite.get(site) ?? new Map<string, ObjectsOfSize>();
    bySite.set(site, sizes);
    // Classes of other phases are the same sizes.
    const key = `${kind} ${bytesReq} ${bytesAlloc}`;
    const liveObjects = (sizes.get(key)?.liveObjects ?? 0) + counts[id];
    sizes.set(key, { kind: kind === 0 ? "kmalloc" : "cache", bytesReq, bytesAlloc, liveObjects });
  }
  return [...bySite].map(([site, sizes]) => ({
    callSite: callSites.text(site),
    sizes: [...sizes.values()].sort((a, b) => b.liveObjects - a.liveObjects || a.bytesReq - b.bytesReq),
  }));
}
