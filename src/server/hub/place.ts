/** Where a caller belongs: its directory of the source, or as far as no kernel was given, its module. */
import { parseCallSite } from "../../model/call-site-text.ts";
import type { CallerRow } from "../../model/snapshot.ts";
import { UNATTRIBUTED } from "../../model/source-tree.ts";

/** What is in the kernel's image and in no module. */
export const BUILT_IN = "built-in";

type Placed = Pick<CallerRow, "callSite" | "source">;

/** `fs/ext4`; without a source file `[fat]`, `built-in`, or for a bare address `(unattributed)`. */
export function directoryOf(row: Placed): string {
  const file = row.source?.file;
  if (file === undefined || file === null) {
    const module = moduleOf(row);
    return module === undefined ? UNATTRIBUTED : module === BUILT_IN ? BUILT_IN : `[${module}]`;
  }
  const slash = file.lastIndexOf("/");
  return slash < 0 ? file : file.slice(0, slash);
}

/** A module's name, `built-in`, or undefined where the call site does not tell. */
export function moduleOf({ callSite, source }: Placed): string | undefined {
  if (source?.module !== undefined && source.module !== null) return source.module;
  const site = parseCallSite(callSite);
  return site !== undefined && "symbol" in site ? (site.module ?? BUILT_IN) : undefined;
}
