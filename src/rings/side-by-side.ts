/** Two trees as two charts: the same places in the same order and colours, and a table of both. */
import { humanBytes } from "../format/bytes.ts";
import { bytesOf, type RingAttribute, type SourceNode } from "../model/source-tree.ts";
import { ATTRIBUTE_WORDS, lackOf } from "./attribute-words.ts";
import { CHART_SIZE, MARGIN } from "./chart-frame.ts";
import { lossOf, type Side, signed } from "./difference-chart.ts";
import { drawLegend, type LegendRow, type LegendTable } from "./draw-legend.ts";
import { drawRings } from "./draw-rings.ts";
import { fitText } from "./measure-text.ts";
import type { RingChoice } from "./ring-chart.ts";
import { shadesOf } from "./neighbour-shades.ts";
import type { Shade } from "./ring-colours.ts";
import { ringGeometryOf } from "./ring-geometry.ts";
import { nodeAt, ordered, type RingNode, ringTreeOf } from "./ring-tree.ts";
import { SvgPage } from "./svg-page.ts";

const HEIGHT = 940;
const RINGS = { outerRadius: 276, innerRadius: 68, rings: 5, leastArc: 4, fontSize: 11 } as const;
const ROWS = 9;
const TABLE_WIDTH = 760;

/** @returns both charts as the text of one SVG file */
export function sideBySide(before: Side, after: Side, choice: RingChoice): string {
  const { attribute, branch = [], theme = "both" } = choice;
  const page = new SvgPage(CHART_SIZE.width, HEIGHT, theme);
  const words = ATTRIBUTE_WORDS[attribute];
  const title = [words.title, ...(branch.length === 0 ? [] : [branch.join("/")])].join(", ");
  const sides = [before, after].map((side) => ({ side, tree: treeOrNothing(side.root, attribute, branch) }));
  const weights = weightsOf(sides.map(({ tree }) => tree));

  page.text(MARGIN, 44, title, { size: 23, weight: "bold" });
  const loss = lossOf(before, after);
  if (loss !== undefined) page.text(MARGIN, 68, `⚠ ${loss}`, { size: 13, weight: "bold", ink: "danger" });
  const trees = sides.map(({ tree }) => ordered(tree, ({ path }) => weights.get(path.join("/")) ?? 0));
  // One place has one colour in both, which is that of the second; what is there no more has its own.
  const shade = shadesOf(trees[1].children.length > 0 ? trees[1] : trees[0]);
  sides.forEach(({ side, tree }, index) => {
    page.group(CHART_SIZE.width * (index === 0 ? 0.25 : 0.75), 396, () => {
      const name = fitText(side.name, 2 * RINGS.outerRadius, 14, { weight: "bold", least: 1 }) ?? "";
      page.text(0, -RINGS.outerRadius - 16, name, { size: 14, weight: "bold", anchor: "middle" });
      drawRings(page, ringGeometryOf(trees[index], RINGS), {
        ...RINGS,
        shade,
        describe: ({ bytes }) => humanBytes(bytes),
        centre: {
          above: branch.at(-1) ?? "",
          figure: `${side.notExact === undefined ? "" : "≈"}${humanBytes(tree.bytes)}`,
          below: [words.brief],
        },
        nothing: lackOf(side.root, attribute) ?? "nothing to show",
      });
    });
  });
  const table = tableOf([before.root, after.root], attribute, branch, shade);
  drawLegend(page, (CHART_SIZE.width - TABLE_WIDTH) / 2, 712, TABLE_WIDTH, [table]);
  return page.toString(`${title}: ${before.name} and ${after.name}`);
}

/** What is in one of the trees alone is nothing in the other. */
function treeOrNothing(root: SourceNode, attribute: RingAttribute, path: readonly string[]): RingNode {
  if (nodeAt(root, path) !== undefined) return ringTreeOf(root, attribute, path);
  return { path, label: path.at(-1) ?? "", kind: "directory", bytes: 0, children: [] };
}

/** Bytes of a place in both trees. */
function weightsOf(trees: readonly RingNode[]): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  const add = (node: RingNode) => {
    const key = node.path.join("/");
    weights.set(key, (weights.get(key) ?? 0) + node.bytes);
    node.children.forEach(add);
  };
  trees.forEach(add);
  return weights;
}

/** The largest places of the first ring, before and after. */
function tableOf(
  roots: readonly SourceNode[],
  attribute: RingAttribute,
  path: readonly string[],
  shade: (node: RingNode) => Shade,
): LegendTable {
  const rows = new Map<string, { name: string; bytes: number[] }>();
  roots.forEach((root, index) => {
    for (const child of nodeAt(root, path)?.children ?? []) {
      const row = rows.get(child.name) ?? { name: child.name, bytes: [0, 0] };
      row.bytes[index] = bytesOf(child, attribute);
      rows.set(child.name, row);
    }
  });
  const largest = [...rows.values()]
    .filter(({ bytes: [a, b] }) => a !== 0 || b !== 0)
    .sort((a, b) => b.bytes[0] + b.bytes[1] - a.bytes[0] - a.bytes[1] || (a.name < b.name ? -1 : 1));
  return {
    title: largest.length > ROWS ? `The largest ${String(ROWS)} of ${String(largest.length)}` : "Places",
    columns: ["before", "after", "change"],
    rows: largest.slice(0, ROWS).map(({ name, bytes: [a, b] }): LegendRow => ({
      name,
      shade: shade({ path: [...path, name], label: name, kind: "directory", bytes: 0, children: [] }),
      figures: [humanBytes(a), humanBytes(b), signed(b - a)],
    })),
  };
}
