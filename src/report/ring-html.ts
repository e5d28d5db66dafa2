/**
 * A ring chart as one file to click into: it loads nothing, and what a target has named is data in it, never markup or script.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../model/package-root.ts";
import type { SourceNode } from "../model/source-tree.ts";
import { compacted } from "../rings/compact-tree.ts";
import type { PageChart } from "../rings/page-chart.ts";
import type { RingChoice, RingFacts } from "../rings/ring-chart.ts";
import { xmlText } from "../rings/svg-page.ts";

/** Built from src/dashboard/rings/file-main.tsx. */
const PARTS = join(PACKAGE_ROOT, "dist", "rings-page");

export function ringHtml(root: SourceNode, facts: RingFacts, { attribute, branch = [] }: RingChoice): string {
  const chart: PageChart = { tree: compacted(root), facts, attribute, branch };
  const script = readFileSync(join(PARTS, "rings.js"), "utf8");
  const style = readFileSync(join(PARTS, "rings.css"), "utf8");
  // Whatever got into the data after all: the browser runs this script and no other, and asks nobody for anything.
  const policy = `default-src 'none'; script-src '${hashOf(script)}'; style-src '${hashOf(style)}'; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${xmlText(`${facts.kernel ?? facts.source}: ring chart`)}</title>
<style>${style}</style>
</head>
<body>
<div id="page"></div>
<noscript>This chart is drawn by its own script, which your browser does not run; kmemtap report -r FILE.svg draws one without.</noscript>
<script type="application/json" id="chart">${dataText(chart)}</script>
<script>${script}</script>
</body>
</html>
`;
}

/** A picture as a page, for those who cannot open an SVG. @param svg whose text is escaped, and which has styles of its own */
export function pictureHtml(svg: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>kmemtap: difference</title>
<style>body{margin:0}svg{display:block;width:100%;height:auto;max-height:100vh}</style>
</head>
<body>
${svg.slice(svg.indexOf("<svg"))}
</body>
</html>
`;
}

/** JSON that cannot end the element it stands in, nor begin a comment in it. */
function dataText(value: unknown): string {
  return JSON.stringify(value).replace(/</g, "\\u003c");
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
