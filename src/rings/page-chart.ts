/** What a self-contained page holds: everything it draws. */
import type { RingAttribute } from "../model/source-tree.ts";
import type { CompactNode } from "./compact-tree.ts";
import type { RingFacts } from "./ring-chart.ts";

export interface PageChart {
  readonly tree: CompactNode;
  readonly facts: RingFacts;
  readonly attribute: RingAttribute;
  readonly branch: readonly string[];
}
