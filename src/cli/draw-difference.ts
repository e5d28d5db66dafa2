/** Charts of what differs between two snapshots: one of the change, one of both beside each other. */
import type { Diff } from "../model/diff.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { isBySource, noPlace, placeIn } from "../report/branch.ts";
import { countedChanges } from "../report/diff/counted-changes.ts";
import { formatPicture } from "../report/format-rings.ts";
import { lossNotice } from "../report/loss-notice.ts";
import { differenceChart, type Side } from "../rings/difference-chart.ts";
import { sideBySide } from "../rings/side-by-side.ts";
import type { DifferenceCharts } from "./difference-options.ts";
import { moduleTree, sourceTree } from "./snapshot-tree.ts";
import { writeOutput } from "./write-output.ts";

const DRAW = { difference: differenceChart, sides: sideBySide } as const;

export interface BuildOf {
  readonly snapshot: Snapshot;
  readonly kernel: string | undefined;
}

/**
 * @param sides before and after, each with what `-k` named for it
 * @param diff of both, which the text is of: a chart of the same bytes counts as it does
 */
export async function drawDifference(
  { pictures, attribute, branch, theme }: DifferenceCharts,
  sides: readonly [BuildOf, BuildOf],
  diff: Diff,
): Promise<void> {
  const bySource = sides.every(({ snapshot }) => isBySource(snapshot));
  const sideOf = async ({ snapshot, kernel }: BuildOf): Promise<Side> => {
    const root = bySource ? await sourceTree(snapshot, kernel, attribute) : moduleTree(snapshot);
    const notExact = lossNotice(snapshot);
    return { root, name: snapshot.source.label, ...(notExact !== undefined && { notExact }) };
  };
  const [before, after] = [await sideOf(sides[0]), await sideOf(sides[1])];
  const place = placeIn(before.root, branch) ?? placeIn(after.root, branch);
  if (place === undefined) throw noPlace(branch, [before.root, after.root]);
  const counted = attribute === "current_dynamic" ? countedChanges(diff) : undefined;
  for (const { file, format, chart } of pictures) {
    const picture = await formatPicture(format, theme, (inTheme) =>
      DRAW[chart](before, after, { attribute, branch: place, theme: inTheme, counted }),
    );
    await writeOutput(file, picture);
  }
}
