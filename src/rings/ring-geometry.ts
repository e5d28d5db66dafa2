/** Where each slice of a chart is: angles by bytes, radii by depth. Everything that draws rings begins here. */
import { hierarchy, partition, type HierarchyRectangularNode } from "d3-hierarchy";
import { arc } from "d3-shape";
import { gather } from "./gather.ts";
import { textWidth } from "./measure-text.ts";
import type { RingNode } from "./ring-tree.ts";

export interface RingSize {
  /** Of the outermost ring, pixels. */
  readonly outerRadius: number;
  /** Of the centre, where the whole is named. */
  readonly innerRadius: number;
  /** At most so many rings; what is deeper stays part of the slice that holds it. */
  readonly rings: number;
  /** Slices whose arc would be shorter, at the outermost radius, are gathered. */
  readonly leastArc: number;
  /** Of the labels, pixels. */
  readonly fontSize: number;
}

export interface Slice {
  readonly node: RingNode;
  /** 1 for the ring around the centre. */
  readonly depth: number;
  /** Radians, clockwise from twelve o'clock. */
  readonly startAngle: number;
  readonly endAngle: number;
  readonly innerRadius: number;
  readonly outerRadius: number;
  /** Path data around (0, 0). */
  readonly shape: string;
}

export interface RingGeometry {
  /** The tree that is drawn: small slices gathered. */
  readonly root: RingNode;
  readonly slices: readonly Slice[];
  /** Of the centre as it is; no less than what was asked for. */
  readonly innerRadius: number;
}

/** The white between two slices, pixels. */
const GAP = 1;
/** Of a ring, times the font size: a line of text along the arc fits into the thinnest. */
const THINNEST = 1.5;
const WIDEST = 11;
/** Of the outer radius: an empty chart is a band around what it says. */
const EMPTY_CENTRE = 0.72;
/** How much wider than that rings become where there are few; of the outer radius, how large the centre then may be. */
const STRETCH = 1.5;
const LARGEST_CENTRE = 0.4;

export function ringGeometryOf(tree: RingNode, size: RingSize): RingGeometry {
  const root = gather(tree, { leastShare: size.leastArc / (2 * Math.PI * size.outerRadius), rings: size.rings });
  if (root.bytes <= 0) return { root, slices: [], innerRadius: size.outerRadius * EMPTY_CENTRE };
  const nodes = hierarchy(root, ({ children }) => children);
  if (nodes.height === 0) return { root, slices: [], innerRadius: size.outerRadius * EMPTY_CENTRE };
  // Not d3's sum of the leaves: a directory's own bytes, which none of its children has, keep their part of its angle.
  nodes.each((node) => Object.assign(node, { value: node.data.bytes }));
  const placed = partition<RingNode>()
    .size([2 * Math.PI, 1])(nodes)
    .descendants()
    .slice(1);
  const radii = radiiOf(placed, size);
  return { root, slices: placed.map((node) => sliceOf(node, radii)), innerRadius: radii[0] };
}

function sliceOf(node: HierarchyRectangularNode<RingNode>, radii: readonly number[]): Slice {
  const place = {
    startAngle: node.x0,
    endAngle: node.x1,
    innerRadius: radii[node.depth - 1],
    outerRadius: radii[node.depth] - GAP,
  };
  return { node: node.data, depth: node.depth, ...place, shape: shapeOf(place) };
}

type Place = Pick<Slice, "startAngle" | "endAngle" | "innerRadius" | "outerRadius">;
const drawArc = arc<Place>().digits(2);

function shapeOf(place: Place): string {
  // A whole ring has no side that could need a gap.
  const whole = place.endAngle - place.startAngle > 2 * Math.PI - 1e-6;
  const gap = whole ? 0 : GAP / place.outerRadius;
  return drawArc.padAngle(gap).padRadius(place.outerRadius)(place) ?? "";
}

/**
 * Rings as wide as the names in them ask for, so that long names of functions get the room that short directories leave;
 * a ring of a few slices, far out, is thin, or all that is inside it would be small for their sake.
 */
function radiiOf(placed: readonly HierarchyRectangularNode<RingNode>[], size: RingSize): number[] {
  const depths = Math.max(...placed.map(({ depth }) => depth));
  const wishes = Array.from({ length: depths }, (_, index) => {
    const ring = placed.filter(({ depth }) => depth === index + 1);
    const filled = ring.reduce((sum, { x0, x1 }) => sum + x1 - x0, 0) / (2 * Math.PI);
    const wish = wishOf(ring, size) * Math.min(1, 1.2 * Math.sqrt(filled));
    return Math.min(Math.max(wish, THINNEST * size.fontSize), WIDEST * size.fontSize);
  });
  const sum = wishes.reduce((total, wish) => total + wish, 0);
  // Few rings would become discs: the centre grows instead, as far as it looks like one.
  const scale = Math.min((size.outerRadius - size.innerRadius) / sum, STRETCH);
  const innerRadius = Math.min(size.outerRadius - sum * scale, size.outerRadius * LARGEST_CENTRE);
  const stretched = (size.outerRadius - innerRadius) / sum;
  const radii = [innerRadius];
  for (const wish of wishes) radii.push(radii[radii.length - 1] + wish * stretched);
  return radii;
}

/** The room that nine of ten names in a ring want across it: those that do not fit along their own arc. */
function wishOf(ring: readonly HierarchyRectangularNode<RingNode>[], { outerRadius, fontSize }: RingSize): number {
  const wishes = ring
    .filter(({ x0, x1, data }) => (x1 - x0) * outerRadius > 2 * fontSize && data.kind !== "others")
    .map(({ data, x0, x1, depth }) => {
      const width = textWidth(data.label, fontSize, depth === 1 ? "bold" : "regular") + 1.5 * fontSize;
      return width < (x1 - x0) * outerRadius * 0.4 ? 3 * fontSize : width;
    })
    .sort((a, b) => a - b);
  return wishes.at(Math.floor(wishes.length * 0.9)) ?? 0;
}
