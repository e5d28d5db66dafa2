import type { Snapshot } from "../model/snapshot.ts";
import { functionCountsNotice } from "./function-counts-notice.ts";
import { hiddenFreesNotice, unfinishedNotice } from "./loss-notice.ts";
import { reconciliationNotice } from "./reconciliation-notice.ts";
import { wrapperNotice } from "./wrapper-notice.ts";

/** What people should know of what is shown of an account, if it is right: a line each. JSON has it in its fields. */
export function remarksOn(snapshot: Snapshot): readonly string[] {
  return [
    hiddenFreesNotice(snapshot),
    unfinishedNotice(snapshot),
    reconciliationNotice(snapshot),
    functionCountsNotice(snapshot),
    wrapperNotice(snapshot),
  ].filter((remark) => remark !== undefined);
}
