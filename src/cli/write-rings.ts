/** `report -r`: a ring chart as a file, and before somebody's eyes. */
import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RingAttribute, SourceNode } from "../model/source-tree.ts";
import { noPlace, placeIn } from "../report/branch.ts";
import { formatRings } from "../report/format-rings.ts";
import type { RingFacts } from "../rings/ring-chart.ts";
import type { RingsChoice } from "./rings-options.ts";
import { showFile } from "./show-file.ts";
import { writeOutput } from "./write-output.ts";

export async function writeRings(choice: RingsChoice, root: SourceNode, facts: RingFacts): Promise<void> {
  const branch = placeIn(root, choice.branch);
  if (branch === undefined) throw noPlace(choice.branch, [root]);
  const attribute = choice.attribute ?? widestOf(root);
  const { theme } = choice;
  const chart = await formatRings(choice.format, root, facts, { attribute, branch, ...(theme && { theme }) });
  const file = choice.file ?? join(tmpdir(), `kmemtap-rings-${randomUUID()}.html`);
  await writeOutput(file, chart);
  if (choice.show) await showFile(file);
}

/** `current` where the image was read, and what is known of it where not. */
function widestOf(root: SourceNode): RingAttribute {
  if (root.static === undefined) return "current_dynamic";
  return root.dynamic === undefined ? "static" : "current";
}
