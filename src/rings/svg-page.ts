/** An SVG file that is put together piece by piece: it needs nothing but itself, and text in it is never markup. */
import { FONT_FAMILY, type Weight } from "./measure-text.ts";
import { INKS, type Scheme, SCHEMES, type Shade } from "./ring-colours.ts";

/** `both`: light, and dark where the viewer's system asks for it. */
export type Theme = Scheme | "both";

type Ink = keyof (typeof INKS)["light"];

export interface TextStyle {
  readonly size: number;
  readonly ink?: Ink;
  readonly weight?: Weight;
  readonly anchor?: "start" | "middle" | "end";
}

export class SvgPage {
  readonly #parts: string[] = [];
  /** Class names of the fills, by both schemes' colours. */
  readonly #fills = new Map<string, string>();
  readonly #width: number;
  readonly #height: number;
  readonly #theme: Theme;
  #paths = 0;

  /** @param width in pixels, as is `height` */
  constructor(width: number, height: number, theme: Theme) {
    this.#width = width;
    this.#height = height;
    this.#theme = theme;
  }

  /** What `draw` adds stands around (x, y). */
  group(x: number, y: number, draw: () => void): void {
    this.#parts.push(`<g transform="translate(${String(x)},${String(y)})">`);
    draw();
    this.#parts.push("</g>");
  }

  /** @param title told when the pointer rests on it */
  shape(path: string, fill: Shade, title: string): void {
    this.#parts.push(`<path class="${this.#fill(fill)}" d="${path}"><title>${xmlText(title)}</title></path>`);
  }

  /** An unfilled ring. */
  outline(radius: number, width: number): void {
    this.#parts.push(`<circle class="line" r="${String(radius)}" stroke-width="${String(width)}"/>`);
  }

  swatch(x: number, y: number, size: number, fill: Shade): void {
    const [side, round] = [String(size), String(size / 5)];
    this.#parts.push(
      `<rect class="${this.#fill(fill)}" x="${String(x)}" y="${String(y)}" width="${side}" height="${side}" rx="${round}"/>`,
    );
  }

  rule(x: number, y: number, width: number): void {
    this.#parts.push(`<path class="line" d="M${String(x)},${String(y)}h${String(width)}"/>`);
  }

  text(x: number, y: number, text: string, style: TextStyle): void {
    this.#parts.push(`<text x="${String(x)}" y="${String(y)}"${attributesOf(style)}>${xmlText(text)}</text>`);
  }

  /** Text whose middle is at (x, y), turned by degrees around it. */
  turned(x: number, y: number, turn: number, text: string, style: TextStyle): void {
    const place = `transform="translate(${String(x)},${String(y)})rotate(${String(turn)})" y="${String(style.size * 0.36)}"`;
    this.#parts.push(`<text ${place}${attributesOf({ ...style, anchor: "middle" })}>${xmlText(text)}</text>`);
  }

  /** Text whose middle is at the middle of a path. */
  along(path: string, text: string, style: TextStyle): void {
    const id = `p${String(this.#paths++)}`;
    this.#parts.push(
      `<path id="${id}" fill="none" d="${path}"/>`,
      `<text${attributesOf({ ...style, anchor: "middle" })}><textPath href="#${id}" startOffset="50%">${xmlText(text)}</textPath></text>`,
    );
  }

  /** @param title what the picture is, for those who do not see it */
  toString(title: string): string {
    const [width, height] = [String(this.#width), String(this.#height)];
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="${FONT_FAMILY}">`,
      `<title>${xmlText(title)}</title>`,
      `<style>${this.#styles()}</style>`,
      `<rect class="ground" width="${width}" height="${height}"/>`,
      ...this.#parts,
      "</svg>\n",
    ].join("\n");
  }

  #fill(shade: Shade): string {
    const key = `${shade.light} ${shade.dark}`;
    const name = this.#fills.get(key) ?? `f${String(this.#fills.size)}`;
    this.#fills.set(key, name);
    return name;
  }

  #styles(): string {
    if (this.#theme !== "both") return this.#stylesOf(this.#theme);
    const [light, dark] = SCHEMES.map((scheme) => this.#stylesOf(scheme));
    return `${light}@media (prefers-color-scheme:dark){${dark}}`;
  }

  #stylesOf(scheme: Scheme): string {
    const { line, ...inks } = INKS[scheme];
    const rules = Object.entries(inks).map(([name, colour]) => `.${name}{fill:${colour}}`);
    rules.push(`.line{fill:none;stroke:${line}}`);
    for (const [key, name] of this.#fills) rules.push(`.${name}{fill:${key.split(" ")[SCHEMES.indexOf(scheme)]}}`);
    return rules.join("");
  }
}

function attributesOf({ size, ink = "ink", weight = "regular", anchor = "start" }: TextStyle): string {
  const bold = weight === "bold" ? ' font-weight="bold"' : "";
  const at = anchor === "start" ? "" : ` text-anchor="${anchor}"`;
  return ` class="${ink}" font-size="${String(size)}"${bold}${at}`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Text of a target between tags: markup is escaped, and what XML 1.0 cannot hold becomes a question mark. */
export function xmlText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, "?").replace(/[&<>"]/g, (sign) => ENTITIES[sign] ?? sign);
}
