/** Puts into a snapshot what hidden frees may explain of it. */
import type { Reconciled } from "../accounting/reconcile.ts";
import type { Snapshot } from "../model/snapshot.ts";

export function markDoubtful(snapshot: Snapshot, reconciled: Reconciled | undefined): Snapshot {
  if (reconciled === undefined) return snapshot;
  const callers = snapshot.callers.map((row) => {
    const doubt = reconciled.doubtful.get(row.callSite);
    if (doubt === undefined || row.liveObjects === 0) return row;
    // What --malloc or --cache leaves out of a row is none of it.
    return {
      ...row,
      doubtfulObjects: Math.min(doubt.objects, row.liveObjects),
      doubtfulBytes: Math.min(doubt.bytes, row.netBytes),
    };
  });
  return { ...snapshot, callers, reconciliation: reconciled.account };
}
