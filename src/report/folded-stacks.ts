/**
 * Collapsed stacks, a line each, outermost function first: what flamegraph.pl, speedscope and others draw.
 *
 *     entry_SYSCALL_64_after_hwframe;do_syscall_64;__do_sys_clone;kernel_clone;copy_process 16896
 *
 * All lines add up to the account: what came without a stack, or with one too many, stands under its call site alone.
 */
import type { CallerRow } from "../model/snapshot.ts";

export const FOLDED_ATTRIBUTES = ["current", "total"] as const;
export type FoldedAttribute = (typeof FOLDED_ATTRIBUTES)[number];

/** A stack with its sums; see `StackAccount`. */
export interface FoldableStack {
  /** Names of functions, the outermost first. */
  readonly functions: readonly string[];
  /** Text of the call site that it charges. */
  readonly callSite: string;
  readonly totalBytes: number;
  readonly netBytes: number;
}

/** @param callers of the same account */
export function formatFolded(
  stacks: readonly FoldableStack[],
  callers: readonly CallerRow[],
  attribute: FoldedAttribute,
): string {
  const value = (sums: Pick<CallerRow, "netBytes" | "totalBytes">) =>
    attribute === "current" ? sums.netBytes : sums.totalBytes;
  const rest = new Map(callers.map((row) => [row.callSite, { name: row.caller, bytes: value(row) }]));
  const lines = new Map<string, number>();
  const add = (names: readonly string[], bytes: number) => {
    const line = names.map((name) => name.replaceAll(";", ":")).join(";");
    if (bytes !== 0) lines.set(line, (lines.get(line) ?? 0) + bytes);
  };
  for (const stack of stacks) {
    const bytes = value(stack);
    add(stack.functions, bytes);
    const row = rest.get(stack.callSite);
    if (row !== undefined) row.bytes -= bytes;
  }
  for (const { name, bytes } of rest.values()) add([name], bytes);
  return [...lines]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([line, bytes]) => `${line} ${String(bytes)}\n`)
    .join("");
}
