/** A caller in words. */
import type { CallerRow } from "../../model/snapshot.ts";
import { formatCount } from "../format/count.ts";
import { formatSpan } from "../format/time.ts";
import type { ScopeKind } from "./columns.ts";

/** `fs/fat/inode.c:1843 in fat_fill_super`, or why no file is known. */
export function describeSource({ source, callSite }: Pick<CallerRow, "source" | "callSite">): string {
  if (source === undefined) return `${callSite}: no kernel was given (-k), so no file is known`;
  const { file, line, reason } = source;
  const name = source.function === null ? "" : ` in ${source.function}`;
  if (file === null) return `${reason ?? "no file is known"}${name}`;
  return `${file}${line === null ? "" : `:${line}`}${name}${reason === undefined ? "" : ` (${reason})`}`;
}

/** The functions that were inlined at the call, innermost first; empty where none were. */
export function describeChain({ source }: Pick<CallerRow, "source">): string[] {
  const chain = source?.chain ?? [];
  if (chain.length < 2) return [];
  return chain.map(({ function: name, file, line }) => {
    const place = file === null ? "" : ` ${file}${line === null ? "" : `:${line}`}`;
    return `${name ?? "?"}${place}`;
  });
}

/**
 * What a block is of that is of more than the row it stands under: `whole run`, `whole run, all tasks`; empty where it is of the row.
 *
 * @param isTask the row is of one task, or of those of one name
 */
export function describeBeyond(kind: ScopeKind, isTask: boolean): string {
  return [kind === "window" ? "whole run" : "", isTask ? "all tasks" : ""].filter(Boolean).join(", ");
}

/** `last allocated or freed 3.2 s ago` */
export function describeActive(active: { readonly seconds: number; readonly seen: boolean }, nowS: number): string {
  const ago = formatSpan(nowS - active.seconds);
  return active.seen ? `last allocated or freed ${ago} ago` : `neither allocated nor freed for at least ${ago}`;
}

export function wrapperHint({ sizes = 0 }: CallerRow): string {
  const hint = sizes > 1 ? `, for ${formatCount(sizes)} sizes` : "";
  return `allocates for its callers${hint}; a capture with --stacks names them`;
}
