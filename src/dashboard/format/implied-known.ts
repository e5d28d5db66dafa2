import type { CallerRow } from "../../model/snapshot.ts";
import type { CaptureMode } from "../../model/target-facts.ts";

/** False where sums made in the kernel do not tell an address that is allocated again; where they do tell some, that is known. */
export function impliedKnown(
  mode: CaptureMode | undefined,
  { impliedFrees }: Pick<CallerRow, "impliedFrees">,
): boolean {
  return mode !== "hist" || impliedFrees > 0;
}
