/** Read by any eye: contrast by WCAG, and the two common kinds of colour blindness as Machado et al. (2009) simulate them. */
import { describe, expect, it } from "vitest";
import { CHANGE_SHADES } from "../../src/rings/difference-colours.ts";
import { INKS, SCHEMES, shadeOf } from "../../src/rings/ring-colours.ts";
import { largestLeaves } from "../../src/rings/largest-leaves.ts";
import { shadesOf } from "../../src/rings/neighbour-shades.ts";
import { ringGeometryOf } from "../../src/rings/ring-geometry.ts";
import { type RingNode, ringTreeOf } from "../../src/rings/ring-tree.ts";
import { cloudKernel } from "./support/cloud-kernel.ts";

type Rgb = readonly [number, number, number];
type Matrix = readonly [Rgb, Rgb, Rgb];

/** For linear light, at full severity. */
const EYES: Readonly<Record<string, Matrix>> = {
  common: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
};

const TREES = (["static", "current_dynamic"] as const).map((attribute) => ringTreeOf(cloudKernel(), attribute));
const SIZE = { outerRadius: 400, innerRadius: 80, rings: 6, leastArc: 2, fontSize: 12 };
const CHARTS = TREES.map((tree) => ({ slices: ringGeometryOf(tree, SIZE).slices, shade: shadesOf(tree) }));
const shades = CHARTS.flatMap(({ slices, shade }) => slices.map(({ node }) => shade(node)));

/** A hundred modules, as a chart has them where no kernel is at hand. */
const CROWD = (() => {
  const children = Array.from({ length: 100 }, (_, i): RingNode => {
    const name = `[mod${(i * 7919).toString(36)}]`;
    return { path: [name], label: name, kind: "directory", bytes: 100, children: [] };
  });
  const tree: RingNode = { path: [], label: "kernel", kind: "directory", bytes: 10_000, children };
  return { slices: ringGeometryOf(tree, SIZE).slices, shade: shadesOf(tree) };
})();

describe.each(SCHEMES)("%s", (scheme) => {
  const { ground, label, ink, soft, danger } = INKS[scheme];

  it("names on every slice of a real kernel have 4.5:1", () => {
    expect(shades.length).toBeGreaterThan(500);
    const least = Math.min(
      ...[...shades, ...Object.values(CHANGE_SHADES)].map((shade) => contrast(shade[scheme], label)),
    );
    expect(least).toBeGreaterThanOrEqual(4.5);
  });

  it.each([
    ["ink", ink],
    ["soft", soft],
    ["danger", danger],
  ])("%s on the ground has 4.5:1", (_, colour) => {
    expect(contrast(colour, ground)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(Object.keys(EYES))("more and less are far apart for %s", (eye) => {
    const { new: created, grown, shrunk, gone } = CHANGE_SHADES;
    for (const more of [created, grown]) {
      for (const less of [shrunk, gone]) expect(apart(eye, more[scheme], less[scheme])).toBeGreaterThan(0.11);
    }
    expect(apart(eye, created[scheme], grown[scheme])).toBeGreaterThan(0.09);
    expect(apart(eye, gone[scheme], shrunk[scheme])).toBeGreaterThan(0.09);
  });

  it.each(Object.keys(EYES))("neighbours in a ring are told apart by %s", (eye) => {
    const alike: string[] = [];
    for (const { slices, shade } of [...CHARTS, CROWD]) {
      for (const depth of new Set(slices.map((slice) => slice.depth))) {
        const ring = slices.filter((slice) => slice.depth === depth);
        ring.forEach(({ node, endAngle }, i) => {
          const next = ring[(i + 1) % ring.length];
          // What is gathered is grey, whatever lies beside it.
          if (ring.length < 2 || node.kind === "others" || next.node.kind === "others") return;
          if (Math.abs((next.startAngle - endAngle) % (2 * Math.PI)) > 1e-9) return;
          if (apart(eye, shade(node)[scheme], shade(next.node)[scheme]) < 0.02)
            alike.push(`${node.path.join("/")} ${next.node.path.join("/")}`);
        });
      }
    }
    expect(alike).toEqual([]);
  });

  it.each(Object.keys(EYES))("rows of a legend that lie within two of each other are told apart by %s", (eye) => {
    const trees = [
      ...TREES,
      ringTreeOf(cloudKernel(), "static", ["drivers"]),
      ringTreeOf(cloudKernel(), "waste", ["fs"]),
    ];
    const alike: string[] = [];
    for (const tree of trees) {
      const shade = shadesOf(tree);
      for (const rows of [tree.children, largestLeaves(tree)]) {
        rows.forEach((node, i) => {
          for (const next of rows.slice(i + 1, i + 3)) {
            if (node.kind === "others" || next.kind === "others") continue;
            if (apart(eye, shade(node)[scheme], shade(next)[scheme]) < 0.02)
              alike.push(`${node.path.join("/")} ${next.path.join("/")}`);
          }
        });
      }
    }
    expect(alike).toEqual([]);
  });

  it.each(Object.keys(EYES))("the largest directories are told apart by %s", (eye) => {
    const tops = ["fs", "drivers", "kernel", "mm", "net"].map((name) => shadeOf({ path: [name], kind: "directory" }));
    for (const [index, one] of tops.entries()) {
      for (const other of tops.slice(index + 1)) expect(apart(eye, one[scheme], other[scheme])).toBeGreaterThan(0.03);
    }
  });
});

it("a directory has one colour in every chart", () => {
  const whole = ringTreeOf(cloudKernel(), "static");
  const fs = ringTreeOf(cloudKernel(), "current_dynamic", ["fs"]);
  const find = (tree: typeof whole, name: string) => tree.children.find(({ label }) => label === name);
  const inWhole = find(find(whole, "fs") ?? whole, "kernfs");
  const inFs = find(fs, "kernfs");
  expect(inFs && inWhole && shadeOf(inFs)).toEqual(inWhole && shadeOf(inWhole));
  expect(shadeOf({ path: ["fs", "kernfs"], kind: "directory" })).toEqual({ light: "#9bb4fe", dark: "#45568c" });
});

function linear(hex: string): Rgb {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return [red, green, blue];
}

function contrast(a: string, b: string): number {
  const luminance = (hex: string) => {
    const [red, green, blue] = linear(hex);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [dim, bright] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (bright + 0.05) / (dim + 0.05);
}

/** Distance in OKLab of two colours as an eye sees them; 0.02 is just noticeable. */
function apart(eye: string, a: string, b: string): number {
  const [one, other] = [a, b].map((hex) => {
    const light = linear(hex);
    const seen = EYES[eye].map((row) => Math.min(1, Math.max(0, dot(row, light))));
    return oklab([seen[0], seen[1], seen[2]]);
  });
  return Math.hypot(...one.map((part, index) => part - other[index]));
}

function dot(row: Rgb, light: Rgb): number {
  return row[0] * light[0] + row[1] * light[1] + row[2] * light[2];
}

function oklab(light: Rgb): number[] {
  const long = Math.cbrt(dot([0.4122214708, 0.5363325363, 0.0514459929], light));
  const medium = Math.cbrt(dot([0.2119034982, 0.6806995451, 0.1073969566], light));
  const short = Math.cbrt(dot([0.0883024619, 0.2817188376, 0.6299787005], light));
  return [
    dot([0.2104542553, 0.793617785, -0.0040720468], [long, medium, short]),
    dot([1.9779984951, -2.428592205, 0.4505937099], [long, medium, short]),
    dot([0.0259040371, 0.7827717662, -0.808675766], [long, medium, short]),
  ];
}
