/** Whether the implied frees of a window are known: moments do not keep them, allocations that neither were freed nor live tell. Pure. */
import type { CallerRow } from "../../model/snapshot.ts";
import { impliedKnown } from "../format/implied-known.ts";
import type { Account } from "../state/page-state.ts";

/** False for a caller with allocations that were not followed, which are neither as well, and where it is not known whether it has. */
export function impliedInWindow(
  account: Pick<Account, "callers" | "target"> | null,
  row: Pick<CallerRow, "callSite" | "impliedFrees">,
): boolean {
  const whole = account?.callers.get(row.callSite);
  if (whole === undefined || whole.hiddenAllocs !== undefined || whole.untrackedAllocs !== undefined) return false;
  return impliedKnown(account?.target.mode, row);
}
