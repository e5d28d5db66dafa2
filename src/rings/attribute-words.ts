/** trace_analyze's attributes, in words. */
import type { RingAttribute, SourceNode } from "../model/source-tree.ts";

interface Words {
  /** Over a chart. */
  readonly title: string;
  /** Under the number in its centre. */
  readonly brief: string;
}

export const ATTRIBUTE_WORDS: Readonly<Record<RingAttribute, Words>> = {
  current: { title: "Memory held now", brief: "image and allocated" },
  static: { title: "Static footprint of the image", brief: "in the image" },
  waste: { title: "Memory wasted now", brief: "allocated, not requested" },
  current_dynamic: { title: "Memory allocated now", brief: "allocated now" },
  total_dynamic: { title: "Memory allocated in all", brief: "allocated in all" },
};

/** The same of a window, which tells no more. */
export const WINDOW_WORDS: Partial<typeof ATTRIBUTE_WORDS> = {
  current_dynamic: { title: "Growth in the window", brief: "growth" },
  total_dynamic: { title: "Memory allocated in the window", brief: "allocated" },
};

/** Why a chart of this tree would be empty or lacks a part, for people; undefined where it is whole. */
export function lackOf(root: SourceNode, attribute: RingAttribute): string | undefined {
  const image = root.static !== undefined;
  const capture = root.dynamic !== undefined;
  if (attribute === "current" && image !== capture)
    return image ? "nothing was captured: the image alone" : "no kernel image was read: allocations alone";
  if (attribute === "static") return image ? undefined : "no kernel image was read";
  return attribute !== "current" && !capture ? "nothing was captured" : undefined;
}
