/** A chart of one tree as a still picture: the rings at the left, what they are and a legend at the right. */
import { humanBytes } from "../format/bytes.ts";
import type { RingAttribute, SourceNode } from "../model/source-tree.ts";
import { ATTRIBUTE_WORDS, lackOf } from "./attribute-words.ts";
import { drawLegend, legendOf } from "./draw-legend.ts";
import { drawRings } from "./draw-rings.ts";
import { wrapText } from "./measure-text.ts";
import { shadeOf } from "./ring-colours.ts";
import { ringGeometryOf } from "./ring-geometry.ts";
import { nodeAt, ringTreeOf } from "./ring-tree.ts";
import { shareOf } from "./share.ts";
import { SvgPage, type TextStyle, type Theme } from "./svg-page.ts";

/** What a chart says about itself. */
export interface RingFacts {
  /** The kernel, where it is known: `6.1.0-56-cloud-amd64`. */
  readonly kernel?: string;
  /** What was read: files, a target. */
  readonly source: string;
  /** From the centre outward: `directory, file, function`. */
  readonly rings: string;
  /** Why the capture's figures are not exact; absent where they are, or where nothing was captured. */
  readonly notExact?: string;
}

export interface RingChoice {
  readonly attribute: RingAttribute;
  /** Where the chart begins, names from the root down. */
  readonly branch?: readonly string[];
  readonly theme?: Theme;
}

export const CHART_SIZE = { width: 1280, height: 800 } as const;
const MARGIN = 28;
const RADIUS = CHART_SIZE.height / 2 - MARGIN;
const COLUMN = { x: 2 * (RADIUS + MARGIN) + 24, width: CHART_SIZE.width - 2 * (RADIUS + MARGIN) - 24 - 36 };
const RING_SIZE = { outerRadius: RADIUS, innerRadius: 84, rings: 6, leastArc: 4, fontSize: 11.5 };

/** @returns the chart as the text of an SVG file */
export function ringChart(root: SourceNode, facts: RingFacts, choice: RingChoice): string {
  const { attribute, branch = [], theme = "both" } = choice;
  const tree = ringTreeOf(root, attribute, branch);
  const start = nodeAt(root, branch) ?? root;
  const words = ATTRIBUTE_WORDS[attribute];
  const page = new SvgPage(CHART_SIZE.width, CHART_SIZE.height, theme);
  const about = facts.notExact === undefined ? "" : "≈";
  const place = [
    ...(branch.length === 0 ? [] : [branch.join("/")]),
    ...(facts.kernel === undefined ? [] : [`Linux ${facts.kernel}`]),
  ];

  page.group(RADIUS + MARGIN, RADIUS + MARGIN, () => {
    drawRings(page, ringGeometryOf(tree, RING_SIZE), {
      ...RING_SIZE,
      shade: shadeOf,
      describe: ({ bytes }) => `${humanBytes(bytes)} · ${shareOf(bytes, tree.bytes)}`,
      centre: {
        above: branch.length === 0 ? "" : branch[branch.length - 1],
        figure: `${about}${humanBytes(tree.bytes)}`,
        below: [words.brief],
      },
      nothing: emptiness(start, attribute),
    });
  });

  const y = drawHead(page, words.title, place.join(" in "), facts, headNotes(start, attribute, facts));
  const room = CHART_SIZE.height - MARGIN - y;
  drawLegend(page, COLUMN.x, y, COLUMN.width, legendOf(tree, room));
  return page.toString([words.title, ...place, facts.source].join(", "));
}

function headNotes(start: SourceNode, attribute: RingAttribute, { rings }: RingFacts): string {
  const lack = lackOf(start, attribute);
  return [`${attribute} by ${rings}`, ...(lack === undefined ? [] : [lack])].join(" · ");
}

function emptiness(start: SourceNode, attribute: RingAttribute): string {
  return lackOf(start, attribute) ?? (attribute === "waste" ? "nothing is wasted" : "nothing to show");
}

/** Title and facts; where the legend may begin. */
function drawHead(page: SvgPage, title: string, place: string, facts: RingFacts, notes: string): number {
  let y: number = MARGIN;
  const write = (text: string, lines: number, style: TextStyle, before = 4) => {
    y += before;
    for (const line of wrapText(text, COLUMN.width, style.size, { weight: style.weight ?? "regular", lines })) {
      y += style.size * 1.25;
      page.text(COLUMN.x, y, line, style);
    }
  };
  write(title, 3, { size: 23, weight: "bold" }, 0);
  if (place !== "") write(place, 2, { size: 14, weight: "bold" }, 8);
  write(facts.source, 2, { size: 13, ink: "soft" });
  write(notes, 2, { size: 13, ink: "soft" });
  if (facts.notExact !== undefined) write(`⚠ ${facts.notExact}`, 3, { size: 13, ink: "danger", weight: "bold" }, 8);
  return y + 34;
}
