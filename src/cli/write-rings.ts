/** `report -r`: a ring chart as a file, and before somebody's eyes. */
import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ExitCode, KmemtapError } from "../model/errors.ts";
import type { RingAttribute, SourceNode } from "../model/source-tree.ts";
import { formatRings } from "../report/format-rings.ts";
import type { RingFacts } from "../rings/ring-chart.ts";
import { nodeAt } from "../rings/ring-tree.ts";
import type { RingsChoice } from "./rings-options.ts";
import { showFile } from "./show-file.ts";
import { writeOutput } from "./write-output.ts";

export async function writeRings(choice: RingsChoice, root: SourceNode, facts: RingFacts): Promise<void> {
  const branch = branchOf(root, choice.branch);
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

/** The branch's names as the tree has them: a module may be named without its brackets. */
function branchOf(root: SourceNode, names: readonly string[]): readonly string[] {
  const found: string[] = [];
  for (const name of names) {
    const next = [name, `[${name}]`].find((candidate) => nodeAt(root, [...found, candidate]) !== undefined);
    if (next === undefined) throw noBranch(nodeAt(root, found) ?? root, [...found, name].join("/"), found.join("/"));
    found.push(next);
  }
  return found;
}

function noBranch(parent: SourceNode, wanted: string, place: string): KmemtapError {
  const there = parent.children.map(({ name }) => name);
  const some = there.slice(0, 8).join(", ") + (there.length > 8 ? ` and ${String(there.length - 8)} more` : "");
  return new KmemtapError("cli/usage", `--start-branch ${wanted}: the tree has no such place`, {
    nextStep: `${place === "" ? "at its top" : `in ${place}`} there is ${some === "" ? "nothing" : some}`,
    exitCode: ExitCode.wrongUse,
  });
}
