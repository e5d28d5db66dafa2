/** The page's colours for the canvas, which CSS does not reach. */
export interface Palette {
  readonly ink: string;
  readonly grid: string;
  readonly net: string;
  readonly waste: string;
  readonly requested: string;
  readonly live: string;
  readonly danger: string;
  readonly font: string;
}

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const read = (name: string) => style.getPropertyValue(name).trim();
  return {
    ink: read("--ink-3"),
    grid: read("--grid"),
    net: read("--accent"),
    waste: read("--accent-band"),
    requested: read("--accent-dim"),
    live: read("--ink-3"),
    danger: read("--danger"),
    font: `11px ${style.fontFamily}`,
  };
}
