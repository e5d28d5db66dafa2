/** A ring chart in each of its formats. */
import type { SourceNode } from "../model/source-tree.ts";
import { ringChart, type RingChoice, type RingFacts } from "../rings/ring-chart.ts";
import type { Theme } from "../rings/svg-page.ts";
import { pictureHtml, ringHtml } from "./ring-html.ts";
import { pngOf } from "./ring-png.ts";

export async function formatRings(
  format: "svg" | "png" | "html",
  root: SourceNode,
  facts: RingFacts,
  choice: RingChoice,
): Promise<string | Uint8Array> {
  if (format === "html") return ringHtml(root, facts, choice);
  return formatPicture(format, choice.theme, (theme) => ringChart(root, facts, { ...choice, theme }));
}

/**
 * @param theme where none is given an SVG follows the viewer's colour scheme, and a PNG, which cannot, is light
 * @param draw makes the SVG
 */
export async function formatPicture(
  format: "svg" | "png" | "html",
  theme: Theme | undefined,
  draw: (theme: Theme) => string,
): Promise<string | Uint8Array> {
  if (format === "html") return pictureHtml(draw(theme ?? "both"));
  return format === "svg" ? draw(theme ?? "both") : pngOf(draw(theme === "dark" ? "dark" : "light"));
}
