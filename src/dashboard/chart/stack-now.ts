/**
 * The stack up to the present. The server takes the callers' sums down at moments that lie the further apart the longer a run is:
 * the rows of the table are newer. Pure.
 */
import type { CallerRow } from "../../model/snapshot.ts";
import { UNATTRIBUTED } from "../../model/source-tree.ts";
import { BUILT_IN, NO_NAME, placeOf } from "../../model/place-of.ts";
import type { Layer, Stacking } from "./stack.ts";

export interface Stack {
  /** Trace clock, seconds. */
  readonly times: readonly number[];
  readonly layers: readonly Layer[];
}

/** @param seconds trace clock of the rows */
export function stackNow(
  { times, layers }: Stack,
  stacking: Stacking,
  callers: ReadonlyMap<string, CallerRow>,
  seconds: number,
): Stack {
  if (layers.length === 0 || seconds <= (times.at(-1) ?? -Infinity)) return { times, layers };
  const netOf = stacking === "directories" ? netByDirectory(callers) : (name: string) => callers.get(name)?.netBytes;
  return {
    times: [...times, seconds],
    layers: layers.map(({ name, net }) => ({ name, net: [...net, netOf(name) ?? 0] })),
  };
}

function netByDirectory(callers: ReadonlyMap<string, CallerRow>): (name: string) => number | undefined {
  const sums = new Map<string, number>();
  for (const row of callers.values()) {
    const name = layerNameOf(row);
    sums.set(name, (sums.get(name) ?? 0) + row.netBytes);
  }
  return (name) => sums.get(name);
}

/** What the server calls the directory that it adds a caller to: `fs/ext4`; where no file is known `[fat]`, `built-in`, `(unattributed)`. */
export function layerNameOf(row: Pick<CallerRow, "callSite" | "source">): string {
  const { directory, module } = placeOf(row);
  if (directory !== "") return directory;
  const file = row.source?.file ?? null;
  if (file !== null) return file;
  return module === NO_NAME ? UNATTRIBUTED : module === BUILT_IN ? BUILT_IN : `[${module}]`;
}
