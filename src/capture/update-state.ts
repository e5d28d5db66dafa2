/** What an update is to those who keep accounts. */
import type { LiveUpdate } from "./live-update.ts";

/**
 * Whether an update has an account: the zeros of what has sent nothing read as one that is exact. An armed target has an account from its window's
 * beginning on; of what is read as it comes, its first bytes make one.
 */
export function hasDelivered({ began, snapshot }: Pick<LiveUpdate, "began" | "snapshot">): boolean {
  return began && (snapshot.mode !== undefined || snapshot.input.bytes > 0 || snapshot.totals.allocs > 0);
}

/** Whether it is the last of its run: nothing more comes of the source. */
export function isOver({ link }: Pick<LiveUpdate, "link">): boolean {
  return link.status === "ended" || link.status === "failed";
}
