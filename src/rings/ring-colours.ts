/**
 * Colours of slices. A path has the same one in every chart: a family for its first name, a hue near it for what is below,
 * paler outward. Families differ in lightness as well as in hue, because one eye in twelve tells few hues apart. Beside one that
 * looks alike it is lighter or darker (neighbour-shades.ts).
 */
import type { RingNode } from "./ring-tree.ts";
import { hexOf, type Oklch } from "./oklch.ts";
import { BUILT_IN } from "./module-tree.ts";
import { UNATTRIBUTED } from "../model/source-tree.ts";

export const SCHEMES = ["light", "dark"] as const;
export type Scheme = (typeof SCHEMES)[number];

/** Text on slices, and what is around them. Text keeps 4.5:1 (WCAG AA) on every slice and on the ground. */
export const INKS: Readonly<
  Record<Scheme, Readonly<Record<"ground" | "ink" | "soft" | "label" | "danger" | "line", string>>>
> = {
  light: { ground: "#ffffff", ink: "#10181b", soft: "#4f5c62", label: "#10181b", danger: "#b3211b", line: "#dde3e5" },
  dark: { ground: "#13191c", ink: "#e8eef0", soft: "#a3b1b7", label: "#ffffff", danger: "#ff8178", line: "#2b373c" },
};

/** Hue in degrees; `shift` makes the family lighter or darker than the others. */
interface Family {
  readonly hue: number;
  readonly chroma: number;
  readonly shift: number;
}

const FAMILIES = {
  blue: { hue: 252, chroma: 0.125, shift: -0.035 },
  orange: { hue: 62, chroma: 0.135, shift: 0.03 },
  green: { hue: 158, chroma: 0.115, shift: -0.015 },
  purple: { hue: 310, chroma: 0.115, shift: -0.03 },
  cyan: { hue: 208, chroma: 0.085, shift: 0.06 },
  yellow: { hue: 98, chroma: 0.135, shift: 0.085 },
  red: { hue: 22, chroma: 0.13, shift: -0.035 },
  pink: { hue: 350, chroma: 0.1, shift: 0.055 },
  lime: { hue: 125, chroma: 0.125, shift: 0.045 },
  lavender: { hue: 285, chroma: 0.085, shift: 0.06 },
  teal: { hue: 185, chroma: 0.09, shift: -0.035 },
  sand: { hue: 78, chroma: 0.075, shift: 0.05 },
} satisfies Readonly<Record<string, Family>>;

/** The kernel's own top: the directories that are large in most charts are the easiest to tell apart. */
const OF_DIRECTORY: ReadonlyMap<string, Family> = new Map([
  ["fs", FAMILIES.blue],
  ["drivers", FAMILIES.orange],
  ["kernel", FAMILIES.green],
  ["mm", FAMILIES.purple],
  ["net", FAMILIES.cyan],
  ["lib", FAMILIES.yellow],
  ["security", FAMILIES.red],
  ["block", FAMILIES.pink],
  ["arch", FAMILIES.lime],
  ["init", FAMILIES.lavender],
  ["crypto", FAMILIES.teal],
  ["sound", FAMILIES.sand],
  // Of a linked image what is nobody's code: paler than what is.
  ["(padding)", { hue: 230, chroma: 0.012, shift: -0.03 }],
  ["(BTF)", { hue: 62, chroma: 0.045, shift: -0.01 }],
  ["(unwind tables)", { hue: 158, chroma: 0.035, shift: 0.08 }],
  ["(strings and constants)", { hue: 310, chroma: 0.035, shift: 0.03 }],
]);

const GREY: Family = { hue: 230, chroma: 0.012, shift: 0.06 };
/** Of what is gathered: nearer to the ground than anything that has a name. */
const OTHERS: Shade = { light: hexOf({ l: 0.92, c: 0.006, h: 230 }), dark: hexOf({ l: 0.325, c: 0.008, h: 230 }) };
/** How far the hue of a path may be from its parent's, degrees, by its depth in the kernel's tree. */
const SPREAD = [0, 0, 84, 44, 28, 20];

export interface Shade {
  readonly light: string;
  readonly dark: string;
}

/** By lightness, chroma and hue. */
export interface Tone {
  readonly light: Oklch;
  readonly dark: Oklch;
}

const tones = new Map<string, Tone>();

/** Both schemes' colour of a slice. */
export function shadeOf(node: Pick<RingNode, "path" | "kind">): Shade {
  return node.kind === "others" ? OTHERS : shadeOfTone(toneOf(node));
}

const shades = new WeakMap<Tone, Shade>();

export function shadeOfTone(tone: Tone): Shade {
  let shade = shades.get(tone);
  if (shade === undefined) shades.set(tone, (shade = { light: hexOf(tone.light), dark: hexOf(tone.dark) }));
  return shade;
}

/** Of anything but what is gathered. */
export function toneOf({ path }: Pick<RingNode, "path">): Tone {
  const key = path.join("/");
  const known = tones.get(key);
  if (known !== undefined) return known;
  const made = makeTone(path);
  // A page that is open for days sees many trees.
  if (tones.size > 20_000) tones.clear();
  tones.set(key, made);
  return made;
}

function makeTone(path: readonly string[]): Tone {
  const { family, from } = familyOf(path);
  let { hue } = family;
  let step = 0;
  for (let depth = from + 1; depth <= path.length; depth++) {
    const hash = hashOf(path.slice(0, depth).join("/"));
    hue += ((hash & 0xff) / 255 - 0.5) * (SPREAD[depth] ?? 14);
    step = (((hash >> 8) & 0xff) / 255 - 0.5) * 0.05;
  }
  const outward = Math.min(Math.max(path.length - 1, 0), 5);
  const chroma = family.chroma * (1 - outward * 0.09);
  return {
    light: { l: Math.min(0.93, 0.765 + family.shift + outward * 0.026 + step), c: chroma, h: hue },
    dark: { l: 0.475 + family.shift * 0.55 - outward * 0.016 + step, c: chroma * 0.8, h: hue },
  };
}

/** The family of a path, and how many of its names have made it: what comes after them varies it. */
function familyOf([top = "", next = ""]: readonly string[]): { family: Family; from: number } {
  if (top === UNATTRIBUTED) return { family: GREY, from: 1 };
  // The whole image in one family would be a chart of one colour: its functions have their own.
  if (top === BUILT_IN) return next === "" ? { family: GREY, from: 1 } : { family: hashed(next), from: 2 };
  return { family: OF_DIRECTORY.get(top) ?? hashed(top), from: 1 };
}

/** Near one of the families, and not on it: a dozen colours would come again at every turn. */
function hashed(name: string): Family {
  const all = Object.values(FAMILIES);
  const hash = hashOf(name);
  const { hue, chroma, shift } = all[hash % all.length];
  const [turn, lift] = [((hash >>> 8) & 0xff) / 255 - 0.5, ((hash >>> 16) & 0xff) / 255 - 0.5];
  return { hue: hue + turn * 26, chroma, shift: shift + lift * 0.05 };
}

/** FNV-1a with a final mix: short names that differ in one letter fall far apart. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}
