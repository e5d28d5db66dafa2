/** Rows of an account, with a source. */
import { callerOf } from "../../src/model/caller.ts";
import type { CallerRow, CallerSource } from "../../src/model/snapshot.ts";

/** A caller that holds `netBytes` in one object, wastes a byte of it, and has freed as much. */
export function charge(callSite: string, source: Partial<CallerSource> | undefined, netBytes: number): CallerRow {
  return {
    callSite,
    caller: callerOf(callSite),
    allocs: 2,
    frees: 1,
    impliedFrees: 0,
    totalBytes: netBytes * 2,
    requestedBytes: netBytes * 2 - 2,
    netBytes,
    netRequestedBytes: netBytes - 1,
    wasteBytes: 1,
    peakNetBytes: netBytes,
    liveObjects: 1,
    ...(source && { source: { file: null, line: null, function: null, module: null, chain: [], ...source } }),
  };
}
