/** Callers put together by where they are: who holds memory by directory, file, module or function. */
import { BY_DIRECTORY, BY_MODULE, type Place, sourceFileOf } from "../compare/source-of.ts";
import { functionOf } from "../model/function-name.ts";
import type { AccountGroup, AccountGroups, CallerRow, Snapshot } from "../model/snapshot.ts";
import { UNATTRIBUTED } from "../model/source-tree.ts";
import { totalsOf } from "../model/totals-of.ts";

export const GROUP_BY = ["directory", "file", "module", "function"] as const;
export type GroupBy = AccountGroups["by"];

/** @param depth parts of a path, so that `fs/ext4` is in `fs` at 1; all of it unless given */
export function groupsOf({ callers }: Pick<Snapshot, "callers">, by: GroupBy, depth?: number): AccountGroups {
  const members = new Map<string, CallerRow[]>();
  for (const row of callers) {
    const name = nameOf(row, by, depth);
    const before = members.get(name);
    if (before === undefined) members.set(name, [row]);
    else before.push(row);
  }
  const groups = [...members].map(([name, rows]): AccountGroup => {
    const { allocs, frees, impliedFrees, totalBytes, requestedBytes, ...rest } = totalsOf(rows);
    const { netBytes, netRequestedBytes, wasteBytes, liveObjects, callSites } = rest;
    const doubtfulObjects = rows.reduce((sum, row) => sum + (row.doubtfulObjects ?? 0), 0);
    // Not their peaks, which were not at one time.
    return {
      ...{ name, callSites, allocs, frees, impliedFrees, liveObjects },
      ...{ totalBytes, requestedBytes, netBytes, netRequestedBytes, wasteBytes },
      ...(doubtfulObjects > 0 && { doubtfulObjects }),
    };
  });
  groups.sort((a, b) => b.netBytes - a.netBytes || (a.name < b.name ? -1 : 1));
  return { by, ...(depth !== undefined && { depth }), groups };
}

function nameOf(row: CallerRow, by: GroupBy, depth: number | undefined): string {
  const { name, module, offset } = functionOf(row.callSite);
  const file = sourceFileOf(row);
  const place: Place = { name, module, isAddress: offset === null, file };
  switch (by) {
    case "module":
      return BY_MODULE.groupOf(place);
    case "function":
      return module === null ? name : `${name} [${module}]`;
    case "directory":
      return file === undefined ? BY_DIRECTORY.groupOf(place) : cut(BY_DIRECTORY.groupOf(place), depth);
    case "file":
      return file === undefined ? (module === null ? UNATTRIBUTED : `[${module}]`) : cut(file, depth);
  }
}

function cut(path: string, depth: number | undefined): string {
  return depth === undefined ? path : path.split("/").slice(0, depth).join("/");
}
