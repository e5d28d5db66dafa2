/** The ring chart of a snapshot: by source where a kernel is at hand, with what its image takes; by module and function without. */
import type { Snapshot } from "../model/snapshot.ts";
import type { SourceNode } from "../model/source-tree.ts";
import { lossNotice } from "../report/loss-notice.ts";
import { moduleTreeOf } from "../rings/module-tree.ts";
import { joinTrees, sourceTreeOf } from "../symbols/source-tree.ts";
import type { RingsChoice } from "./rings-options.ts";
import { staticTreeOf } from "./static-tree.ts";
import { writeRings } from "./write-rings.ts";

/** @param kernel what `-k` names, where it was given */
export async function drawSnapshot(choice: RingsChoice, snapshot: Snapshot, kernel: string | undefined): Promise<void> {
  const { release, source } = snapshot;
  const root = await treeOf(choice, snapshot, kernel);
  const notExact = root.dynamic === undefined ? undefined : lossNotice(snapshot);
  await writeRings(choice, root, {
    source: source.label,
    rings: kernel === undefined ? "module, function" : "directory, file, function",
    ...(release !== undefined && { kernel: release }),
    ...(notExact !== undefined && { notExact }),
  });
}

async function treeOf({ attribute }: RingsChoice, snapshot: Snapshot, kernel: string | undefined): Promise<SourceNode> {
  const { callers, release, branch } = snapshot;
  const name = release ?? "kernel";
  if (kernel === undefined) return moduleTreeOf(callers, name);
  const dynamic = sourceTreeOf(snapshot, name);
  // To measure an image of half a gigabyte takes its time.
  const wantsStatic = attribute === undefined || attribute === "current" || attribute === "static";
  const fixed = wantsStatic ? await staticTreeOf(kernel, release, branch) : undefined;
  return fixed === undefined ? dynamic : joinTrees(dynamic, fixed);
}
