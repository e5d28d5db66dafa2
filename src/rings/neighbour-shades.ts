/**
 * Colours of a whole chart. Whose colour is like that of the one beside it is lighter or darker: the same hue, so that it is known
 * again in another chart, and an edge that any eye sees. So it is with those that stand below each other in the legend.
 */
import { largestLeaves } from "./largest-leaves.ts";
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

/**
 * @param leastShare of the whole: what is smaller is not drawn, and keeps the colour that it has by itself
 * @returns the colour of each node of the tree, and of others as they are by themselves
 */
export function shadesOf(tree: RingNode, leastShare = 0): (node: RingNode) => Shade {
  const leaves = largestLeaves(tree).map((node) => ({ node, key: keyOf(node) }));
  const tones = tonesInRings(tree, tree.bytes * leastShare, new Set(leaves.map(({ key }) => key)));
  // In the legend they stand below each other, wherever they are in the chart.
  leaves.slice(1).forEach(({ node, key }, i) => {
    const above = leaves.slice(Math.max(0, i - 1), i + 1).map((row) => row.key);
    const beside = [...above, ...(tones.beside.get(key) ?? [])].map((other) => tones.of.get(other));
    tones.of.set(key, toneBeside(tones.of.get(key) ?? toneOf(node), toneOf(node), beside));
  });
  return (node) => {
    const tone = node.kind === "others" ? undefined : tones.of.get(keyOf(node));
    return tone === undefined ? shadeOf(node) : shadeOfTone(tone);
  };
}

const keyOf = ({ path }: RingNode): string => path.join("/");

interface Tones {
  readonly of: Map<string, Tone>;
  /** Who lies beside those that were asked for. */
  readonly beside: ReadonlyMap<string, readonly string[]>;
}

function tonesInRings(tree: RingNode, least: number, asked: ReadonlySet<string>): Tones {
  const of = new Map<string, Tone>();
  const beside = new Map<string, string[]>();
  /** In each ring the last ones so far, the last first. */
  const last: string[][] = [];
  const note = (key: string, other: string) => {
    if (asked.has(key)) beside.set(key, [...(beside.get(key) ?? []), other]);
  };
  const visit = (node: RingNode, depth: number, after: readonly string[]): void => {
    const before = last[depth] ?? [];
    if (node.kind === "others") last[depth] = [];
    else {
      const key = keyOf(node);
      const tone = toneOf(node);
      of.set(
        key,
        toneBeside(
          tone,
          tone,
          [...before, ...after].map((other) => of.get(other)),
        ),
      );
      const neighbour = before.at(0);
      if (neighbour !== undefined) {
        note(key, neighbour);
        note(neighbour, key);
      }
      // Those of the first ring are rows of a list as well, of which one sees more than two.
      last[depth] = [key, ...before].slice(0, depth === 0 ? 2 : 1);
    }
    for (const child of node.children) {
      // Largest first: none of the others is drawn either.
      if (child.bytes < least) {
        last[depth + 1] = [];
        break;
      }
      visit(child, depth + 1, []);
    }
  };
  tree.children.forEach((node, i, all) => {
    // The ring is closed: behind the last comes the first.
    const closes = i === all.length - 1 && i > 1;
    visit(node, 0, closes ? [keyOf(all[0])] : []);
  });
  return { of, beside };
}

/** As it is, or as `own` with another lightness in a scheme where it is like one of those beside it. */
function toneBeside(tone: Tone, own: Tone, all: readonly (Tone | undefined)[]): Tone {
  const beside = all.filter((one) => one !== undefined);
  const light = stepBeside(tone, own, beside, "light");
  const dark = stepBeside(tone, own, beside, "dark");
  return light === tone.light && dark === tone.dark ? tone : { light, dark };
}

/** As it is, where that differs enough; else the first step that does, or the one that differs most. */
function stepBeside(tone: Tone, by: Tone, beside: readonly Tone[], scheme: Scheme): Oklch {
  const own = by[scheme];
  const from = (colour: Oklch) => Math.min(...beside.map((one) => distance(colour, one[scheme])));
  let best = tone[scheme];
  let most = from(best);
  if (most >= LIKE) return best;
  for (const step of STEPS[scheme]) {
    const [least, greatest] = RANGE[scheme];
    const moved = step === 0 ? own : { ...own, l: Math.min(greatest, Math.max(least, own.l + step)) };
    const apart = from(moved);
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
