import type { Totals } from "../../model/snapshot.ts";

/** False where the account has no peaks (sums made in the kernel): a true peak is never below what is held now. */
export function peaksKnown(row: Pick<Totals, "netBytes" | "peakNetBytes">): boolean {
  return row.peakNetBytes >= row.netBytes;
}
