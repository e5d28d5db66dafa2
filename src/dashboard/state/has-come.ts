import type { Account } from "./page-state.ts";

/** Whether there is an account of it yet, by the server's own rule: until then it refuses what it is asked of a target (docs/wire.md, 503). */
export function hasCome({ target, input, totals }: Pick<Account, "target" | "input" | "totals">): boolean {
  return target.mode !== undefined || input.bytes > 0 || totals.allocs > 0;
}
