/** A chart as PNG, drawn here: fonts come along, so that a machine without any writes the same picture. */
import { createRequire } from "node:module";

const FONTS = ["DejaVuSansCondensed.ttf", "DejaVuSansCondensed-Bold.ttf"];

/**
 * @param svg of one theme: media queries are not asked
 * @param scale pixels for each of the SVG's
 */
export async function pngOf(svg: string, scale = 2): Promise<Uint8Array> {
  // A native library that only this needs.
  const { Resvg } = await import("@resvg/resvg-js");
  const require = createRequire(import.meta.url);
  const drawing = new Resvg(svg, {
    fitTo: { mode: "zoom", value: scale },
    font: {
      loadSystemFonts: false,
      fontFiles: FONTS.map((file) => require.resolve(`dejavu-fonts-ttf/ttf/${file}`)),
      defaultFontFamily: "DejaVu Sans Condensed",
    },
  });
  return drawing.render().asPng();
}
