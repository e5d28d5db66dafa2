import type { TargetSummary } from "../../model/wire.ts";

/** The one after it, the first after the last; null where there is no other. */
export function nextTarget(targets: readonly TargetSummary[], shown: string | null): string | null {
  if (targets.length < 2) return null;
  const at = targets.findIndex(({ id }) => id === shown);
  return targets[(at + 1) % targets.length].id;
}
