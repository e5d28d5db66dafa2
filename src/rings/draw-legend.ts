/** Tables of names with absolute and relative sizes. */
import { humanBytes } from "../format/bytes.ts";
import { othersOf } from "./gather.ts";
import { largestLeaves } from "./largest-leaves.ts";
import { fitText, textWidth } from "./measure-text.ts";
import { shareOf } from "./share.ts";
import type { Shade } from "./ring-colours.ts";
import type { RingNode } from "./ring-tree.ts";
import type { SvgPage } from "./svg-page.ts";

export interface LegendRow {
  readonly name: string;
  /** Where it is, paler behind its name. */
  readonly place?: string;
  readonly shade: Shade;
  /** One for each column. */
  readonly figures: readonly string[];
}

export interface LegendTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly LegendRow[];
}

export const ROW = 22;
const SIZE = 13;
const SWATCH = 12;
const FIGURE_WIDTH = 78;

/** The first ring, then the largest at the tips, as many as `room` pixels hold. */
export function legendOf(tree: RingNode, room: number, shade: (node: RingNode) => Shade): LegendTable[] {
  const lines = Math.floor(room / ROW);
  const columns = ["bytes", "share"];
  const row = (node: RingNode, name: string, place?: string): LegendRow => ({
    name,
    ...(place !== undefined && { place }),
    shade: shade(node),
    figures: [humanBytes(node.bytes), shareOf(node.bytes, tree.bytes)],
  });
  const leaves = largestLeaves(tree);
  // A head for each table and a gap between them; the second is left out rather than cut to a row or two.
  const second = leaves.length > 0 && lines >= 12;
  const first = second ? Math.max(lines - 3 - leaves.length, Math.ceil((lines - 3) * 0.55)) : lines - 1;
  const rows = restGathered(tree, first).map((node) => row(node, node.label));
  const tables = [{ title: kindsOf(tree.children), columns, rows }];
  if (second) {
    const tips = leaves.slice(0, lines - 3 - rows.length);
    const placeOf = ({ path }: RingNode) => path.slice(tree.path.length, -1).join("/");
    const oneOfMany = new Set(tips.map(placeOf)).size > 1;
    tables.push({
      title: `Largest ${kindsOf(tips).toLowerCase()}`,
      columns,
      rows: tips.map((node) => row(node, node.label, oneOfMany ? placeOf(node) : undefined)),
    });
  }
  return tables.filter((table) => table.rows.length > 0);
}

/** At most `most` rows that still add up to the whole. */
function restGathered({ path, children }: RingNode, most: number): readonly RingNode[] {
  if (children.length <= most) return children;
  return [...children.slice(0, most - 1), othersOf(path, children.slice(most - 1))];
}

const KINDS = { module: "modules", directory: "directories", file: "files", symbol: "symbols" } as const;

/** What the nodes are: `Directories and files`. */
function kindsOf(nodes: readonly RingNode[]): string {
  const kinds = nodes.map(({ kind, path }) => (/^\[.*\]$/.test(path.at(-1) ?? "") ? "module" : kind));
  const named = Object.entries(KINDS).filter(([kind]) => kinds.some((found) => found === kind));
  // Beside modules there is the image, which is none.
  const words = kinds.includes("module") ? [KINDS.module] : named.map(([, word]) => word);
  const text = words.join(" and ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** @returns where what is below may begin */
export function drawLegend(page: SvgPage, x: number, y: number, width: number, tables: readonly LegendTable[]): number {
  for (const table of tables) y = drawTable(page, x, y, width, table) + ROW;
  return y;
}

function drawTable(page: SvgPage, x: number, y: number, width: number, { title, columns, rows }: LegendTable): number {
  const right = (index: number) => x + width - FIGURE_WIDTH * (columns.length - 1 - index);
  page.text(x, y, title, { size: SIZE, weight: "bold" });
  columns.forEach((column, index) => page.text(right(index), y, column, { size: 12, ink: "soft", anchor: "end" }));
  page.rule(x, y + 6.5, width);
  const nameWidth = width - FIGURE_WIDTH * columns.length - SWATCH - 12;
  for (const { name, place, shade, figures } of rows) {
    y += ROW;
    page.swatch(x, y - SWATCH + 1.5, SWATCH, shade);
    const shown = fitText(name, nameWidth, SIZE, { least: 1 }) ?? "…";
    const nameX = x + SWATCH + 8;
    page.text(nameX, y, shown, { size: SIZE });
    if (place !== undefined && place !== "") {
      const used = textWidth(shown, SIZE) + 8;
      const fitting = fitText(place, nameWidth - used, 11.5, { least: 4 });
      if (fitting !== undefined) page.text(Math.round(nameX + used), y, fitting, { size: 11.5, ink: "soft" });
    }
    figures.forEach((figure, index) =>
      page.text(right(index), y, figure, { size: SIZE, anchor: "end", ink: index === 0 ? "ink" : "soft" }),
    );
  }
  return y + 8;
}
