/** What a workload left behind as a snapshot, so that two of them compare as accounts do. */
import type { CallerRow, Snapshot } from "../model/snapshot.ts";
import { totalsOf } from "../model/totals-of.ts";
import type { PhaseCaller, ResidueCaller, Workload } from "../model/workload.ts";

/**
 * Its rows are what the workload's phases allocated, and what of that is there at the end. A call site that left nothing has a row,
 * too: it is no new one where it leaves something in another run.
 */
export function residueSnapshot({ snapshot, phases, residue }: Workload): Snapshot {
  const left = new Map(residue.callers.map((row) => [row.callSite, row]));
  const allocated = new Map<string, Pick<PhaseCaller, "caller" | "allocs" | "totalBytes" | "requestedBytes">>();
  for (const { callers } of phases)
    for (const { callSite, caller, ...row } of callers) {
      const before = allocated.get(callSite) ?? { allocs: 0, totalBytes: 0, requestedBytes: 0 };
      allocated.set(callSite, {
        caller,
        allocs: before.allocs + row.allocs,
        totalBytes: before.totalBytes + row.totalBytes,
        requestedBytes: before.requestedBytes + row.requestedBytes,
      });
    }
  const callers = [...allocated].flatMap(([callSite, sums]): CallerRow[] => {
    const { objects, bytes, requestedBytes, source, ...row } = left.get(callSite) ?? NOTHING;
    if (sums.allocs === 0) return [];
    return [
      {
        ...{ callSite, ...sums },
        // Of what it allocated, however that ended.
        frees: sums.allocs - objects,
        impliedFrees: 0,
        netBytes: bytes,
        netRequestedBytes: requestedBytes,
        wasteBytes: bytes - requestedBytes,
        peakNetBytes: bytes,
        liveObjects: objects,
        ...doubtOf({ ...row, objects, bytes }),
        ...(source !== undefined && { source }),
      },
    ];
  });
  return { ...snapshot, callers, totals: totalsOf(callers) };
}

const NOTHING: Omit<ResidueCaller, "callSite" | "caller" | "byPhase" | "ages"> = {
  objects: 0,
  bytes: 0,
  requestedBytes: 0,
  marks: [],
};

/** Where the slabs were not read, or do not tell, any of a call site may be gone whose frees raise no event. */
function doubtOf({
  doubtfulObjects,
  doubtfulBytes,
  marks,
  objects,
  bytes,
}: Pick<ResidueCaller, "doubtfulObjects" | "doubtfulBytes" | "marks" | "objects" | "bytes">) {
  if (doubtfulObjects !== undefined) return { doubtfulObjects, doubtfulBytes };
  return marks.includes("unseen-frees") ? { doubtfulObjects: objects, doubtfulBytes: bytes } : {};
}
