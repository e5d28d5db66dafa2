import { randomBytes } from "node:crypto";

/** Tells one session's lines from another's; letters and digits, as names of instances and synthetic events may hold them. */
export function newNonce(): string {
  return `k${randomBytes(3).toString("hex")}`;
}
