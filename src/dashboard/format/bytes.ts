import { humanBytes } from "../../format/bytes.ts";

export { exactBytes, humanBytes } from "../../format/bytes.ts";

/** `+1.2 KiB` of a change. */
export function signedBytes(bytes: number): string {
  return bytes > 0 ? `+${humanBytes(bytes)}` : humanBytes(bytes);
}
