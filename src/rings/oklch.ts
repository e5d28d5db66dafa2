/** Colours by lightness, chroma and hue (Björn Ottosson's OKLab): equal steps look equal, which sRGB's do not. */

/** Lightness 0..1, chroma 0..0.4, hue in degrees. */
export interface Oklch {
  readonly l: number;
  readonly c: number;
  readonly h: number;
}

/** Linear light, 0..1 each. */
export type LinearRgb = readonly [red: number, green: number, blue: number];

/** `#rrggbb`; of a colour that a screen cannot show, the nearest with less chroma. */
export function hexOf(colour: Oklch): string {
  let shown = toLinear(colour);
  for (let c = colour.c; c > 0 && !shown.every((part) => part >= -1e-4 && part <= 1.0001); c -= 0.004) {
    shown = toLinear({ ...colour, c });
  }
  const hex = shown.map((part) => Math.round(255 * encode(Math.min(1, Math.max(0, part)))));
  return `#${hex.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

function toLinear({ l, c, h }: Oklch): LinearRgb {
  const a = c * Math.cos((h * Math.PI) / 180);
  const b = c * Math.sin((h * Math.PI) / 180);
  const long = (l + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const medium = (l - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (l - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
    -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
    -0.0041960863 * long - 0.7034186147 * medium + 1.707614701 * short,
  ];
}

function encode(linear: number): number {
  return linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
}
