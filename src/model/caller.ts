/**
 * The caller of a call site, as trace_analyze printed it: without the function's size.
 *
 * `alloc_inode+0x59/0xc0` → `alloc_inode+0x59`; `fat_fill_super+0xa3/0xc70 [fat]` → `fat_fill_super+0xa3 [fat]`, since the
 * module is part of who it is; a bare address stays as it is.
 */
export function callerOf(callSite: string): string {
  const slash = callSite.indexOf("/", callSite.lastIndexOf("+0x"));
  if (slash < 0) return callSite;
  const space = callSite.indexOf(" ", slash);
  return space < 0 ? callSite.slice(0, slash) : callSite.slice(0, slash) + callSite.slice(space);
}

/** The call site that is charged with a stack, which is one of its frames: rows of stacks name it without its function's size. */
export function chargedBy({
  frames,
  caller,
}: {
  readonly frames: readonly string[];
  readonly caller: string;
}): string | undefined {
  return frames.find((frame) => callerOf(frame) === caller);
}

/** Order of rows that are otherwise equal: by caller, then by call site, so that output is stable. */
export function byCaller(a: { caller: string; callSite: string }, b: { caller: string; callSite: string }): number {
  return compareText(a.caller, b.caller) || compareText(a.callSite, b.callSite);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
