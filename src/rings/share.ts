import { formatShare } from "../format/count.ts";

/** `12.3 %`; of what is there, but small, `<0.1 %` and not nothing. */
export function shareOf(bytes: number, whole: number): string {
  const share = bytes / whole;
  return share > 0 && share < 0.0005 ? "<0.1 %" : formatShare(share);
}
