import type { Account } from "./page-state.ts";

/** Nothing more comes: the target ended, or failed for good. */
export function isOver({ status }: Pick<Account["link"], "status">): boolean {
  return status === "ended" || status === "failed";
}
