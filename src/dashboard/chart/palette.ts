/** The page's colours for the canvas, which CSS does not reach. */
export interface Palette {
  readonly ink: string;
  readonly grid: string;
  readonly net: string;
  readonly waste: string;
  readonly requested: string;
  readonly live: string;
  readonly danger: string;
  readonly warn: string;
  readonly mark: string;
  /** Beneath the hatching of a time of which nothing is known. */
  readonly gap: string;
  readonly phase: string;
  readonly phaseOther: string;
  /** Over what is not in the window. */
  readonly veil: string;
  /** What belongs to none of the layers. */
  readonly others: string;
  readonly surface: string;
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
    warn: read("--warn"),
    mark: read("--ink-2"),
    gap: read("--warn-soft"),
    phase: read("--raised"),
    phaseOther: read("--grid"),
    veil: read("--veil"),
    others: read("--line"),
    surface: read("--surface"),
    font: `11px ${style.fontFamily}`,
  };
}
