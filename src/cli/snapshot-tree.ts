/** The tree that a chart of a snapshot draws: by source where that is known, with what the image takes; else by module and function. */
import type { Snapshot } from "../model/snapshot.ts";
import type { RingAttribute, SourceNode } from "../model/source-tree.ts";
import { moduleTreeOf } from "../rings/module-tree.ts";
import { joinTrees, sourceTreeOf } from "../rings/source-tree.ts";
import { showsImage } from "./rings-options.ts";
import { staticTreeOf } from "./static-tree.ts";

/** What its rings are, from the centre outward. */
export const SOURCE_RINGS = "directory, file, function";
export const MODULE_RINGS = "module, function";

export function moduleTree({ callers, release }: Snapshot): SourceNode {
  return moduleTreeOf(callers, nameOf(release));
}

/**
 * @param snapshot one whose callers know their source
 * @param kernel what `-k` names; undefined where sources came with the snapshot: the image is not known then
 * @param attribute undefined for all that there is
 */
export async function sourceTree(
  snapshot: Snapshot,
  kernel: string | undefined,
  attribute: RingAttribute | undefined,
): Promise<SourceNode> {
  const { release, branch } = snapshot;
  const dynamic = sourceTreeOf(snapshot, nameOf(release));
  // To measure an image of half a gigabyte takes its time.
  const isWanted = showsImage(attribute);
  const fixed = kernel === undefined || !isWanted ? undefined : await staticTreeOf(kernel, release, branch);
  return fixed === undefined ? dynamic : joinTrees(dynamic, fixed);
}

function nameOf(release: string | undefined): string {
  return release ?? "kernel";
}
