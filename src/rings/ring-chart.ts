/** A chart of one tree as a still picture: the rings at the left, what they are and a legend at the right. */
import { humanBytes } from "../format/bytes.ts";
import { type RingAttribute, type SourceNode, UNKNOWN_FOLDER, UNKNOWN_FOLDER_NOTE } from "../model/source-tree.ts";
import { ATTRIBUTE_WORDS, lackOf, WINDOW_WORDS } from "./attribute-words.ts";
import { CENTRE, CHART_RINGS, CHART_SIZE, COLUMN, drawHead, MARGIN } from "./chart-frame.ts";
import { drawLegend, legendOf } from "./draw-legend.ts";
import { drawRings } from "./draw-rings.ts";
import { shadesOf } from "./neighbour-shades.ts";
import { ringGeometryOf } from "./ring-geometry.ts";
import { nodeAt, ringTreeOf } from "./ring-tree.ts";
import { shareOf } from "./share.ts";
import { SvgPage, type Theme } from "./svg-page.ts";

/** What a chart says about itself. */
export interface RingFacts {
  /** The kernel, where it is known: `6.1.0-56-cloud-amd64`. */
  readonly kernel?: string;
  /** What was read: files, a target. */
  readonly source: string;
  /** From the centre outward: `directory, file, function`. */
  readonly rings: string;
  /** The figures are what changed between two moments, of those that grew. */
  readonly isWindow?: boolean;
  /** Why the capture's figures are not exact; absent where they are, or where nothing was captured. */
  readonly notExact?: string;
}

export interface RingChoice {
  readonly attribute: RingAttribute;
  /** Where the chart begins, names from the root down. */
  readonly branch?: readonly string[];
  readonly theme?: Theme;
}

/** @returns the chart as the text of an SVG file */
export function ringChart(root: SourceNode, facts: RingFacts, choice: RingChoice): string {
  const { attribute, branch = [], theme = "both" } = choice;
  const tree = ringTreeOf(root, attribute, branch);
  const start = nodeAt(root, branch) ?? root;
  const shade = shadesOf(tree);
  const words = (facts.isWindow === true ? WINDOW_WORDS[attribute] : undefined) ?? ATTRIBUTE_WORDS[attribute];
  const page = new SvgPage(CHART_SIZE.width, CHART_SIZE.height, theme);
  // The image loses no events.
  const notExact = attribute === "static" ? undefined : facts.notExact;
  const about = notExact === undefined ? "" : "≈";
  const place = [
    ...(branch.length === 0 ? [] : [branch.join("/")]),
    ...(facts.kernel === undefined ? [] : [`Linux ${facts.kernel}`]),
  ];

  page.group(CENTRE, CENTRE, () => {
    drawRings(page, ringGeometryOf(tree, CHART_RINGS), {
      ...CHART_RINGS,
      shade,
      describe: ({ bytes }) => `${humanBytes(bytes)} · ${shareOf(bytes, tree.bytes)}`,
      centre: {
        above: branch.at(-1) ?? "",
        figure: `${about}${humanBytes(tree.bytes)}`,
        below: [words.brief],
      },
      nothing: emptiness(start, attribute),
    });
  });

  const y = drawHead(page, {
    title: words.title,
    place: place.join(" in "),
    lines: [facts.source, notesOf(start, attribute, facts)],
    danger: notExact,
  });
  const room = CHART_SIZE.height - MARGIN - y;
  drawLegend(page, COLUMN.x, y, COLUMN.width, legendOf(tree, room, shade));
  return page.toString([words.title, ...place, facts.source].join(", "));
}

function notesOf(start: SourceNode, attribute: RingAttribute, { rings }: RingFacts): string {
  const lack = lackOf(start, attribute);
  const unknown = start.children.some(({ name }) => name === UNKNOWN_FOLDER) ? [UNKNOWN_FOLDER_NOTE] : [];
  return [`${attribute} by ${rings}`, ...(lack === undefined ? [] : [lack]), ...unknown].join(" · ");
}

function emptiness(start: SourceNode, attribute: RingAttribute): string {
  return lackOf(start, attribute) ?? (attribute === "waste" ? "nothing is wasted" : "nothing to show");
}
