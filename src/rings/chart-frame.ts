/** Where things are on a still picture: the rings at the left, words at the right. */
import { wrapText } from "./measure-text.ts";
import type { SvgPage, TextStyle } from "./svg-page.ts";

export const CHART_SIZE = { width: 1280, height: 800 } as const;
export const MARGIN = 28;
const RADIUS = CHART_SIZE.height / 2 - MARGIN;
/** The middle of the rings, from the left and from the top. */
export const CENTRE = RADIUS + MARGIN;
export const COLUMN = { x: 2 * CENTRE + 24, width: CHART_SIZE.width - 2 * CENTRE - 24 - 36 } as const;
export const CHART_RINGS = { outerRadius: RADIUS, innerRadius: 84, rings: 6, leastArc: 4, fontSize: 11.5 } as const;

export interface Head {
  readonly title: string;
  /** Of which kernel and which part; may be empty. */
  readonly place: string;
  readonly lines: readonly string[];
  /** Why the figures are not exact. */
  readonly danger?: string | undefined;
}

/** @returns where what is below may begin */
export function drawHead(page: SvgPage, { title, place, lines, danger }: Head): number {
  let y: number = MARGIN;
  const write = (text: string, most: number, style: TextStyle, before = 4) => {
    y += before;
    for (const line of wrapText(text, COLUMN.width, style.size, { weight: style.weight ?? "regular", lines: most })) {
      y += style.size * 1.25;
      page.text(COLUMN.x, y, line, style);
    }
  };
  write(title, 3, { size: 23, weight: "bold" }, 0);
  if (place !== "") write(place, 2, { size: 14, weight: "bold" }, 8);
  for (const line of lines) write(line, 2, { size: 13, ink: "soft" });
  if (danger !== undefined) write(`⚠ ${danger}`, 3, { size: 13, ink: "danger", weight: "bold" }, 8);
  return y + 34;
}
