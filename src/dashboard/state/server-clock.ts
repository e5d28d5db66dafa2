import type { Account } from "./page-state.ts";

/** The server's wall clock, carried on by this viewer's: the two need not agree. @param clockMs this viewer's wall clock */
export function serverNowMs({ link, receivedMs }: Pick<Account, "link" | "receivedMs">, clockMs: number): number {
  return link.nowMs + Math.max(0, clockMs - receivedMs);
}
