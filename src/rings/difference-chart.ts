/** What changed between two trees as one chart: angles by how much, colours by which way. */
import { humanBytes } from "../format/bytes.ts";
import { plural } from "../format/count.ts";
import type { SourceNode } from "../model/source-tree.ts";
import { ATTRIBUTE_WORDS, lackOf } from "./attribute-words.ts";
import { CENTRE, CHART_RINGS, CHART_SIZE, COLUMN, drawHead, MARGIN } from "./chart-frame.ts";
import { CHANGE_SHADES } from "./difference-colours.ts";
import { CHANGE_KINDS, type ChangeKind, changeKindOf, differenceTreeOf } from "./difference-tree.ts";
import { drawLegend, type LegendRow, type LegendTable, ROW } from "./draw-legend.ts";
import { drawRings } from "./draw-rings.ts";
import { leavesOf } from "./largest-leaves.ts";
import type { RingChoice } from "./ring-chart.ts";
import { shadeOf } from "./ring-colours.ts";
import { ringGeometryOf } from "./ring-geometry.ts";
import type { RingNode } from "./ring-tree.ts";
import { SvgPage } from "./svg-page.ts";

/** One of two trees. */
export interface Side {
  readonly root: SourceNode;
  /** What it is called: its file, a moment. */
  readonly name: string;
  /** Why its figures are not exact; absent where they are. */
  readonly notExact?: string;
}

/** How many functions changed one way, as the text of a comparison has it. */
export interface CountedChange {
  readonly kind: Exclude<ChangeKind, "mixed"> | "noise";
  readonly functions: number;
  readonly bytes: number;
}

export interface DifferenceChoice extends RingChoice {
  /** What else was printed of it, so that both say the same; without it places are counted. */
  readonly counted?: readonly CountedChange[] | undefined;
}

/** @returns the chart as the text of an SVG file */
export function differenceChart(before: Side, after: Side, choice: DifferenceChoice): string {
  const { counted, attribute, branch = [], theme = "both" } = choice;
  const tree = differenceTreeOf(before.root, after.root, attribute, branch);
  const page = new SvgPage(CHART_SIZE.width, CHART_SIZE.height, theme);
  const danger = lossOf(before, after);
  const about = danger === undefined ? "" : "≈";

  page.group(CENTRE, CENTRE, () => {
    drawRings(page, ringGeometryOf(tree, CHART_RINGS), {
      ...CHART_RINGS,
      shade: (node) => CHANGE_SHADES[changeKindOf(node)],
      describe: (node) => `${changeKindOf(node)}, ${about}${netOf(node)}`,
      centre: { above: branch.at(-1) ?? "", figure: `${about}${netOf(tree)}`, below: ["net change"] },
      nothing: lackOf(after.root, attribute) ?? "no difference",
    });
  });
  const title = `Difference: ${ATTRIBUTE_WORDS[attribute].brief}`;
  const y = drawHead(page, {
    title,
    place: branch.join("/"),
    lines: [
      `${before.name} → ${after.name}`,
      `${attribute}: ${humanBytes(tree.change.before)} → ${humanBytes(tree.change.after)}`,
    ],
    danger,
  });
  const lines = Math.floor((CHART_SIZE.height - MARGIN - y) / ROW);
  drawLegend(page, COLUMN.x, y, COLUMN.width, legendOf(tree, lines, counted));
  return page.toString(`${title}, ${before.name} to ${after.name}`);
}

const NOISE_SHADE = shadeOf({ kind: "others", path: [] });

/** How much changed and by how much, then the largest changes. */
function legendOf(tree: RingNode, lines: number, counted: DifferenceChoice["counted"]): LegendTable[] {
  const leaves = leavesOf(tree);
  const kinds = counted === undefined || leaves.length === 0 ? placesByKind(leaves) : functionsByKind(counted);
  const rows = leaves.slice(0, Math.max(0, lines - kinds.rows.length - 4)).map((leaf): LegendRow => {
    const place = leaf.path.slice(tree.path.length, -1).join("/");
    return { name: leaf.label, place, shade: CHANGE_SHADES[changeKindOf(leaf)], figures: [netOf(leaf)] };
  });
  const tables = [kinds, { title: "Largest", columns: ["bytes"], rows }];
  return tables.filter((table) => table.rows.length > 0);
}

function functionsByKind(counted: readonly CountedChange[]): LegendTable {
  const rows = counted.map(({ kind, functions, bytes }): LegendRow => {
    const shade = kind === "noise" ? NOISE_SHADE : CHANGE_SHADES[kind];
    return { name: kind, place: plural(functions, "function"), shade, figures: [signed(bytes)] };
  });
  return { title: "Changed functions", columns: ["bytes"], rows };
}

function placesByKind(leaves: readonly RingNode[]): LegendTable {
  const rows = CHANGE_KINDS.filter((kind) => kind !== "mixed").map((kind): LegendRow => {
    const changed = leaves.filter((leaf) => changeKindOf(leaf) === kind);
    const net = changed.reduce((sum, leaf) => sum + changeOf(leaf), 0);
    return { name: kind, place: plural(changed.length, "place"), shade: CHANGE_SHADES[kind], figures: [signed(net)] };
  });
  return { title: "Changed places, noise included", columns: ["bytes"], rows };
}

/** What is said of both where one of them is not exact. */
export function lossOf(before: Side, after: Side): string | undefined {
  const losses = [before, after].flatMap(({ name, notExact }) =>
    notExact === undefined ? [] : [`${name}: ${notExact}`],
  );
  return losses.length === 0 ? undefined : losses.join("; ");
}

function changeOf({ change }: RingNode): number {
  return change === undefined ? 0 : change.after - change.before;
}

function netOf(node: RingNode): string {
  return signed(changeOf(node));
}

/** `+1.2 MiB`, `−4.0 KiB`, `±0 B` */
export function signed(bytes: number): string {
  return `${bytes > 0 ? "+" : bytes === 0 ? "±" : ""}${humanBytes(bytes)}`;
}
