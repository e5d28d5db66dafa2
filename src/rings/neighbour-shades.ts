/**
 * Colours of a whole chart. Whose colour is like that of the one beside it is lighter or darker: the same hue, so that it is known
 * again in another chart, and an edge that any eye sees.
 */
import type { Oklch } from "./oklch.ts";
import { type Scheme, type Shade, shadeOf, shadeOfTone, type Tone, toneOf } from "./ring-colours.ts";
import type { RingNode } from "./ring-tree.ts";

/** Lightness that may be added; on the dark ground less up than down, because names on slices are white there. */
const STEPS: Readonly<Record<Scheme, readonly number[]>> = {
  light: [0, 0.06, -0.06, 0.12, -0.1],
  dark: [0, -0.06, 0.035, -0.12, -0.16],
};
/** Names on slices keep their contrast within these. */
const RANGE: Readonly<Record<Scheme, readonly [number, number]>> = { light: [0.665, 0.945], dark: [0.28, 0.53] };
/** Nearer than this in OKLab two colours look alike; 0.02 is just noticeable on large areas side by side. */
const LIKE = 0.05;
/** What is left of red against green to an eye that lacks one of the two. */
const RED_GREEN = 0.1;
/** By how much red is darker to an eye that lacks red; nothing to the others. */
const RED_DARKER = [0, 0.15, 0.3];

/** @returns the colour of each node of the tree, and of others as they are by themselves */
export function shadesOf(tree: RingNode): (node: RingNode) => Shade {
  const tones = new Map<string, Tone>();
  /** In each ring the last one so far. */
  const last: (Tone | undefined)[] = [];
  const visit = (node: RingNode, depth: number, after: Tone | undefined): void => {
    if (node.kind === "others") last[depth] = undefined;
    else tones.set(node.path.join("/"), (last[depth] = toneBeside(toneOf(node), last[depth], after)));
    for (const child of node.children) visit(child, depth + 1, undefined);
  };
  tree.children.forEach((node, i, all) => {
    // The ring is closed: behind the last comes the first.
    const closes = i === all.length - 1 && i > 1;
    visit(node, 0, closes ? tones.get(all[0].path.join("/")) : undefined);
  });
  return (node) => {
    const tone = node.kind === "others" ? undefined : tones.get(node.path.join("/"));
    return tone === undefined ? shadeOf(node) : shadeOfTone(tone);
  };
}

function toneBeside(tone: Tone, before: Tone | undefined, after: Tone | undefined): Tone {
  const beside = [before, after].filter((one) => one !== undefined);
  const light = stepBeside(tone, beside, "light");
  const dark = stepBeside(tone, beside, "dark");
  return light === tone.light && dark === tone.dark ? tone : { light, dark };
}

/** As it is, where that differs enough; else the first step that does, or the one that differs most. */
function stepBeside(tone: Tone, beside: readonly Tone[], scheme: Scheme): Oklch {
  const own = tone[scheme];
  let best = own;
  let most = -1;
  for (const step of STEPS[scheme]) {
    const [least, greatest] = RANGE[scheme];
    const moved = step === 0 ? own : { ...own, l: Math.min(greatest, Math.max(least, own.l + step)) };
    const apart = Math.min(...beside.map((one) => distance(moved, one[scheme])));
    if (apart >= LIKE) return moved;
    if (apart > most) [best, most] = [moved, apart];
  }
  return best;
}

/** The least that any eye has of it: lightness and blue against yellow, for some with red darker than it is. */
function distance(a: Oklch, b: Oklch): number {
  const part = ({ c, h }: Oklch, of: (angle: number) => number) => c * of((h * Math.PI) / 180);
  const red = part(a, Math.cos) - part(b, Math.cos);
  const blue = part(a, Math.sin) - part(b, Math.sin);
  const darker = RED_DARKER.map((share) => Math.abs(a.l - b.l - share * red));
  return Math.hypot(Math.min(...darker), RED_GREEN * red, blue);
}
