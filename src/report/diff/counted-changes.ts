/** How many functions changed, which way and by how much: what the text says first, and a chart beside its rings. */
import type { Diff, DiffFunction } from "../../model/diff.ts";
import type { CountedChange } from "../../rings/difference-chart.ts";

/** Noise counts where it is too much together; kworkers never do. */
export function isCounted(row: DiffFunction, { isCounted: all, bytesAFunction }: Diff["noise"]): boolean {
  return !row.isNoise || (all && Math.abs(row.delta.netBytes) <= bytesAFunction);
}

/**
 * New and gone are all that one side alone allocates with, whatever is alive of it; grown and shrunk those beyond noise. Bytes are of what
 * counts, and of noise what does not: together they are the difference.
 */
export function countedChanges({ functions, noise, statuses, delta }: Diff): readonly CountedChange[] {
  const differing = functions.filter((row) => isCounted(row, noise) && row.delta.netBytes !== 0);
  const bytesOf = (rows: readonly DiffFunction[]) => rows.reduce((sum, row) => sum + row.delta.netBytes, 0);
  const by = (is: (row: DiffFunction) => boolean) => differing.filter(is);
  const held = (row: DiffFunction) => row.status !== "new" && row.status !== "gone";
  const grown = by((row) => held(row) && row.delta.netBytes > 0);
  const shrunk = by((row) => held(row) && row.delta.netBytes < 0);
  const noisy = functions.filter((row) => !isCounted(row, noise) && row.delta.netBytes !== 0).length;
  return [
    { kind: "new", functions: statuses.new, bytes: bytesOf(by(({ status }) => status === "new")) },
    { kind: "grown", functions: grown.length, bytes: bytesOf(grown) },
    { kind: "shrunk", functions: shrunk.length, bytes: bytesOf(shrunk) },
    { kind: "gone", functions: statuses.gone, bytes: bytesOf(by(({ status }) => status === "gone")) },
    ...(noisy === 0 ? [] : [{ kind: "noise" as const, functions: noisy, bytes: delta.netBytes - bytesOf(differing) }]),
  ];
}
