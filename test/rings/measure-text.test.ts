import { createRequire } from "node:module";
import { Resvg } from "@resvg/resvg-js";
import { describe, expect, it } from "vitest";
import { fitText, textWidth, type Weight, wrapText } from "../../src/rings/measure-text.ts";

const FILES = { regular: "DejaVuSansCondensed.ttf", bold: "DejaVuSansCondensed-Bold.ttf" };

/** Width between two bars with the text between them, as the renderer sets it. */
function rendered(text: string, weight: Weight): number {
  const widthOf = (between: string) => {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="4000" height="200"><text x="10" y="100" font-size="20" font-family="DejaVu Sans Condensed" font-weight="${weight === "bold" ? "bold" : "normal"}" xml:space="preserve">|${between}|</text></svg>`;
    const font = createRequire(import.meta.url).resolve(`dejavu-fonts-ttf/ttf/${FILES[weight]}`);
    return new Resvg(svg, { font: { loadSystemFonts: false, fontFiles: [font] } }).innerBBox()?.width ?? 0;
  };
  return widthOf(text) - widthOf("");
}

describe.each(["regular", "bold"] as const)("%s", (weight) => {
  it.each([
    "alloc_inode",
    "__kernfs_new_node",
    "radix_tree_node_alloc.constprop.0",
    "12 others",
    "≈13.5 MiB",
    "−4.0 KiB → +1…",
  ])("%s is as wide as it is drawn", (text) => {
    // The renderer kerns some pairs.
    expect(Math.abs(textWidth(text, 20, weight) - rendered(text, weight))).toBeLessThan(
      0.02 * textWidth(text, 20, weight),
    );
  });
});

describe("what fits", () => {
  it("is the whole text, what of it fits, or nothing", () => {
    expect(fitText("inode.c", 200, 12)).toBe("inode.c");
    expect(fitText("radix_tree_node_alloc", 80, 12)).toMatch(/^radix_tr\w*…$/);
    expect(fitText("radix_tree_node_alloc", 10, 12)).toBeUndefined();
  });

  it("does not cut a character in half", () => {
    expect(fitText("😀😀😀😀😀😀", 60, 12, { least: 1 })).toMatch(/^(😀)+…$/u);
  });

  it("is wrapped at spaces, and cut in the last line", () => {
    const lines = wrapText("not exact: 17611 events lost and more than that besides (CPU 0, CPU 1)", 150, 13, {
      lines: 2,
    });
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/…$/);
    for (const line of lines) expect(textWidth(line, 13)).toBeLessThanOrEqual(150);
  });
});
