/** Slices, their names and the centre, into an SVG page around (0, 0). */
import { fitText, textWidth } from "./measure-text.ts";
import type { Shade } from "./ring-colours.ts";
import type { RingGeometry, RingSize } from "./ring-geometry.ts";
import { labelOf } from "./ring-labels.ts";
import type { RingNode } from "./ring-tree.ts";
import type { SvgPage } from "./svg-page.ts";

export interface RingDrawing extends RingSize {
  readonly shade: (node: RingNode) => Shade;
  /** What a slice's title says after its name. */
  readonly describe: (node: RingNode) => string;
  readonly centre: { readonly above: string; readonly figure: string; readonly below: readonly string[] };
  /** Written instead of the figure where there is no slice to draw. */
  readonly nothing: string;
}

export function drawRings(page: SvgPage, geometry: RingGeometry, drawing: RingDrawing): void {
  const { fontSize, outerRadius } = drawing;
  for (const { node, shape } of geometry.slices) {
    page.shape(shape, drawing.shade(node), `${titleOf(node)}: ${drawing.describe(node)}`);
  }
  // Names after all slices, so that none is covered.
  for (const slice of geometry.slices) {
    const label = labelOf(slice, fontSize);
    if (label === undefined) continue;
    const style = { size: label.size, ink: "label", weight: label.weight } as const;
    if (label.along !== undefined) page.along(label.along, label.text, style);
    else if (label.across !== undefined) {
      const { x, y, turn } = label.across;
      page.turned(x, y, turn, label.text, style);
    }
  }
  const { root, slices, innerRadius } = geometry;
  if (slices.length === 0) page.outline((innerRadius + outerRadius) / 2, outerRadius - innerRadius);
  const nothing = slices.length === 0 && root.bytes <= 0;
  drawCentre(page, nothing ? { ...drawing.centre, below: [drawing.nothing] } : drawing.centre, innerRadius);
}

function drawCentre(page: SvgPage, { above, figure, below }: RingDrawing["centre"], radius: number): void {
  const small = Math.min(15, Math.max(10, radius * 0.155));
  const large = Math.min(32, Math.max(13, radius * 0.3));
  const roomAt = (y: number, size: number) => 2 * Math.sqrt(Math.max(0, radius ** 2 - y ** 2)) - size;
  const write = (y: number, text: string, size: number, bold: boolean) => {
    const weight = bold ? "bold" : "regular";
    const room = roomAt(y, size);
    const fitting = fitText(text, room, size, { weight, least: 1 });
    if (fitting !== undefined && text !== "")
      page.text(0, Math.round(y), fitting, { size, weight, anchor: "middle", ink: bold ? "ink" : "soft" });
  };
  write(-large * 0.95, above, small * 1.1, true);
  // A name may be cut; a figure never.
  const shrink = Math.min(1, roomAt(large * 0.3, large) / textWidth(figure, large, "bold"));
  write(large * 0.3, figure, Math.floor(large * shrink * 10) / 10, true);
  below.forEach((line, index) => write(large * 0.3 + small * 1.6 * (index + 1), line, small, false));
}

/** A slice's whole path: the label shows its end alone. */
function titleOf({ path, label, kind }: RingNode): string {
  return kind === "others" ? [...path, label].join("/") : path.join("/");
}
