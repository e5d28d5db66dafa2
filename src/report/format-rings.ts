/** A ring chart in each of its formats. */
import type { SourceNode } from "../model/source-tree.ts";
import { ringChart, type RingChoice, type RingFacts } from "../rings/ring-chart.ts";
import { ringHtml } from "./ring-html.ts";
import { pngOf } from "./ring-png.ts";

/** An SVG follows the viewer's colour scheme, and so does the page; a PNG is light unless the choice says otherwise. */
export async function formatRings(
  format: "svg" | "png" | "html",
  root: SourceNode,
  facts: RingFacts,
  choice: RingChoice,
): Promise<string | Uint8Array> {
  if (format === "html") return ringHtml(root, facts, choice);
  if (format === "svg") return ringChart(root, facts, choice);
  const { theme } = choice;
  return pngOf(ringChart(root, facts, { ...choice, theme: theme === "dark" ? "dark" : "light" }));
}
