/** Names on slices: along the arc or across the ring, whichever shows more; cut with an ellipsis, or left out. */
import { fitText, textWidth, type Weight } from "./measure-text.ts";
import type { Slice } from "./ring-geometry.ts";

export interface RingLabel {
  readonly text: string;
  /** Of the font, pixels. */
  readonly size: number;
  readonly weight: Weight;
  /** Along the arc: path data to set the text on, its middle at the path's. */
  readonly along?: string;
  /** Across the ring: where its middle is, and how far it is turned (degrees). */
  readonly across?: { readonly x: number; readonly y: number; readonly turn: number };
}

/** Between a name and the edge of its slice, times the font's size. */
const MARGIN = 0.45;
/** Between the middle of a line and its baseline, times the font's size. */
const BASELINE = 0.36;
/** Height that a line needs, times the font's size. */
const LINE = 1.2;

/** Of the font's size: a large slice is named in larger letters. */
const SIZES = [1.45, 1.22, 1, 0.87];

/** @param fontSize of the names of common slices, pixels */
export function labelOf(slice: Slice, fontSize: number): RingLabel | undefined {
  const sizes = SIZES.map((size) => Math.round(fontSize * size * 2) / 2);
  const room = slice.outerRadius * (slice.endAngle - slice.startAngle);
  for (const size of sizes) {
    if (size > fontSize && room < size * 5) continue;
    const label = placeLabel(slice, size, slice.node.label.length);
    if (label !== undefined) return label;
  }
  const { kind, label } = slice.node;
  // A number that is cut is another number.
  if (kind === "others") return undefined;
  const least = Math.max(LEAST, Math.ceil(label.length * LEAST_SHARE));
  return placeLabel(slice, fontSize, least) ?? placeLabel(slice, sizes[sizes.length - 1], least);
}

/** What is cut must still tell what it is: fewer letters before an ellipsis, or a smaller part of the name, are left out. */
const LEAST = 6;
const LEAST_SHARE = 2 / 3;

/** The label at a size, where at least so many of its characters fit. */
function placeLabel(slice: Slice, size: number, least: number): RingLabel | undefined {
  const weight = slice.depth === 1 && slice.node.kind !== "others" ? "bold" : "regular";
  const name = slice.node.label;
  const angle = slice.endAngle - slice.startAngle;
  const middle = (slice.innerRadius + slice.outerRadius) / 2;
  const thickness = slice.outerRadius - slice.innerRadius;
  const margin = 2 * MARGIN * size;

  const along =
    thickness >= LINE * size
      ? fitText(name, Math.min(angle, 5.5) * middle - margin, size, { weight, least })
      : undefined;
  // The line must fit where the slice is narrowest, or nearly so: its inner corners are where letters end.
  const across =
    Math.min(angle, Math.PI) * (slice.innerRadius + margin / 2) >= LINE * size
      ? fitText(name, thickness - margin, size, { weight, least })
      : undefined;
  const width = (text: string | undefined) => (text === undefined ? 0 : textWidth(text, size, weight));
  if (along !== undefined && width(along) >= width(across))
    return { text: along, size, weight, along: baseline(slice, middle, width(along), size) };
  return across === undefined ? undefined : { text: across, size, weight, across: acrossAt(slice, middle) };
}

/** An arc for the text to stand on, read from left to right in the upper half and in the lower one. */
function baseline({ startAngle, endAngle }: Slice, radius: number, width: number, fontSize: number): string {
  const centre = (startAngle + endAngle) / 2;
  const below = Math.cos(centre) < -1e-9;
  const at = below ? radius + BASELINE * fontSize : radius - BASELINE * fontSize;
  // Longer than the text, so that another font's wider letters are not dropped.
  const half = Math.min((width * 0.6 + fontSize) / at, 3);
  const [from, to] = below ? [centre + half, centre - half] : [centre - half, centre + half];
  const large = half * 2 > Math.PI ? 1 : 0;
  return `M${point(from, at)}A${round(at)},${round(at)} 0 ${String(large)} ${below ? "0" : "1"} ${point(to, at)}`;
}

function acrossAt({ startAngle, endAngle }: Slice, radius: number) {
  const centre = (startAngle + endAngle) / 2;
  const right = Math.sin(centre) >= 0;
  const turn = (centre * 180) / Math.PI - (right ? 90 : 270);
  return {
    x: Number(round(radius * Math.sin(centre))),
    y: Number(round(-radius * Math.cos(centre))),
    turn: Number(round(turn)),
  };
}

function point(angle: number, radius: number): string {
  return `${round(radius * Math.sin(angle))},${round(-radius * Math.cos(angle))}`;
}

function round(value: number): string {
  return String(Number(value.toFixed(2)));
}
