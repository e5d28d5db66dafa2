/** Where a caller belongs: its directory of the source, or as far as no kernel was given, its module. */
import { BUILT_IN, NO_NAME, placeOf } from "../../model/place-of.ts";
import type { CallerRow } from "../../model/snapshot.ts";
import { UNATTRIBUTED } from "../../model/source-tree.ts";

type Placed = Pick<CallerRow, "callSite" | "source">;

/** `fs/ext4`; without a source file `[fat]`, `built-in`, or for a bare address `(unattributed)`. */
export function directoryOf(row: Placed): string {
  const file = row.source?.file;
  if (file === undefined || file === null) {
    const { module } = placeOf(row);
    return module === NO_NAME ? UNATTRIBUTED : module === BUILT_IN ? BUILT_IN : `[${module}]`;
  }
  const slash = file.lastIndexOf("/");
  return slash < 0 ? file : file.slice(0, slash);
}
