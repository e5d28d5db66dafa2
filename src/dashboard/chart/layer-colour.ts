/** Colours of the timeline's layers: as unlike each other as eight can be, in lightness as well as in hue. */
import { hexOf } from "../../rings/oklch.ts";
import type { Shade } from "../../rings/ring-colours.ts";
import { MOST_LAYERS } from "./stack.ts";

const HUES = [
  { h: 252, c: 0.125, l: 0.7 },
  { h: 62, c: 0.135, l: 0.8 },
  { h: 158, c: 0.115, l: 0.74 },
  { h: 310, c: 0.115, l: 0.72 },
  { h: 98, c: 0.135, l: 0.86 },
  { h: 22, c: 0.13, l: 0.7 },
  { h: 208, c: 0.085, l: 0.85 },
  { h: 350, c: 0.1, l: 0.82 },
];
const SHADES: readonly Shade[] = HUES.map(({ h, c, l }) => ({
  light: hexOf({ l, c, h }),
  dark: hexOf({ l: 0.3 + (l - 0.7) * 0.9 + 0.2, c: c * 0.85, h }),
}));

/** Who has had which colour: a layer that comes back has its own again, as long as nobody took it. */
const taken = new Map<string, number>();

/** A colour for each of the names, at most {@link MOST_LAYERS}; those that had one keep it. */
export function layerShades(names: readonly string[]): readonly Shade[] {
  const free = new Set(SHADES.keys());
  const chosen = names.slice(0, MOST_LAYERS).map((name) => {
    const known = taken.get(name);
    return known !== undefined && free.delete(known) ? known : undefined;
  });
  return chosen.map((known, i) => {
    if (known !== undefined) return SHADES[known];
    const [next = 0] = free;
    free.delete(next);
    taken.set(names[i], next);
    return SHADES[next];
  });
}
