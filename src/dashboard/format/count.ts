import { formatCount } from "../../format/count.ts";

export { formatCount, formatShare, plural } from "../../format/count.ts";

/** `+26` of a change. */
export function signedCount(count: number): string {
  return count > 0 ? `+${formatCount(count)}` : formatCount(count);
}
