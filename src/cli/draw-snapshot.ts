/** The ring chart of a snapshot: by source where a kernel is at hand, with what its image takes; by module and function without. */
import type { Snapshot } from "../model/snapshot.ts";
import { lossNotice } from "../report/loss-notice.ts";
import type { RingsChoice } from "./rings-options.ts";
import { MODULE_RINGS, moduleTree, SOURCE_RINGS, sourceTree } from "./snapshot-tree.ts";
import { writeRings } from "./write-rings.ts";

/** @param kernel what `-k` names, where it was given */
export async function drawSnapshot(choice: RingsChoice, snapshot: Snapshot, kernel: string | undefined): Promise<void> {
  const { release, source } = snapshot;
  const root = kernel === undefined ? moduleTree(snapshot) : await sourceTree(snapshot, kernel, choice.attribute);
  const notExact = root.dynamic === undefined ? undefined : lossNotice(snapshot);
  await writeRings(choice, root, {
    source: source.label,
    rings: kernel === undefined ? MODULE_RINGS : SOURCE_RINGS,
    ...(release !== undefined && { kernel: release }),
    ...(notExact !== undefined && { notExact }),
  });
}
