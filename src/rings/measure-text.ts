/** How wide text is, and what of it fits. */
import { FONT_WIDTHS } from "./font-widths.ts";

export type Weight = "regular" | "bold";

/** The font that is measured, then those that are as wide or narrower where it is missing. */
export const FONT_FAMILY = "'DejaVu Sans Condensed','Segoe UI',Roboto,'Noto Sans','Helvetica Neue',Arial,sans-serif";

/** Of a character that the table does not have: no letter of the font is wider by much. */
const OTHER_WIDTH = 950;

/** Width in pixels at a font size in pixels. */
export function textWidth(text: string, size: number, weight: Weight = "regular"): number {
  const widths = FONT_WIDTHS[weight];
  let sum = 0;
  for (const character of text) sum += widths[character] ?? OTHER_WIDTH;
  return (sum * size) / 1000;
}

/**
 * The text, or what of it fits with an ellipsis at its end; undefined where less than `least` characters would stay.
 */
export function fitText(
  text: string,
  width: number,
  size: number,
  { weight = "regular", least = 3 }: { weight?: Weight; least?: number } = {},
): string | undefined {
  if (textWidth(text, size, weight) <= width) return text;
  const characters = Array.from(text);
  let room = width - textWidth("…", size, weight);
  let fitting = 0;
  for (const character of characters) {
    room -= textWidth(character, size, weight);
    if (room < 0) break;
    fitting++;
  }
  return fitting < least ? undefined : `${characters.slice(0, fitting).join("").trimEnd()}…`;
}

/** The text in lines no wider than `width`, at most `lines` of them; the last is cut where more would follow. */
export function wrapText(
  text: string,
  width: number,
  size: number,
  { weight = "regular", lines = 2 }: { weight?: Weight; lines?: number } = {},
): string[] {
  const wrapped: string[] = [];
  let rest = text.split(" ").filter((word) => word !== "");
  while (rest.length > 0 && wrapped.length < lines) {
    let taken = 1;
    while (taken < rest.length && textWidth(rest.slice(0, taken + 1).join(" "), size, weight) <= width) taken++;
    const last = wrapped.length === lines - 1;
    const line = rest.slice(0, last ? undefined : taken).join(" ");
    wrapped.push(fitText(line, width, size, { weight, least: 1 }) ?? "…");
    rest = last ? [] : rest.slice(taken);
  }
  return wrapped;
}
