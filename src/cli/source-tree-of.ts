/** The tree that charts are drawn of. */
import type { Snapshot } from "../model/snapshot.ts";
import type { SourceNode } from "../model/source-tree.ts";
import { moduleTreeOf } from "../rings/module-tree.ts";
import { sourceTreeOf as sourcesOf } from "../symbols/source-tree.ts";

export interface SourceTree {
  readonly root: SourceNode;
  /** What the rings are, from the centre outward. */
  readonly rings: string;
  /** `uname -r`, where it is known. */
  readonly kernel?: string;
}

/** By source where a kernel is at hand; by module and function from what every snapshot has, without. */
export function sourceTreeOf(snapshot: Snapshot): SourceTree {
  const { release, callers, symbols } = snapshot;
  const name = release ?? "kernel";
  return {
    ...(symbols === undefined
      ? { root: moduleTreeOf(callers, name), rings: "module, function" }
      : { root: sourcesOf(snapshot, name), rings: "directory, file, function" }),
    ...(release !== undefined && { kernel: release }),
  };
}
