import { describe, expect, it } from "vitest";
import { ringGeometryOf, type Slice } from "../../src/rings/ring-geometry.ts";
import { labelOf } from "../../src/rings/ring-labels.ts";
import { textWidth } from "../../src/rings/measure-text.ts";
import { ringTreeOf } from "../../src/rings/ring-tree.ts";
import type { SourceNode } from "../../src/model/source-tree.ts";
import { cloudKernel } from "./support/cloud-kernel.ts";
import { type Bytes, tree } from "./support/trees.ts";

const SIZE = { outerRadius: 400, innerRadius: 80, rings: 6, leastArc: 4, fontSize: 12 };
const drawn = (root: SourceNode, size: Partial<typeof SIZE> = {}) =>
  ringGeometryOf(ringTreeOf(root, "current_dynamic"), { ...SIZE, ...size });
const named = (slices: readonly Slice[]) => slices.map(({ node, depth }) => `${String(depth)} ${node.label}`);
const share = ({ startAngle, endAngle }: Slice) => (endAngle - startAngle) / (2 * Math.PI);
const degrees = (slice: Slice) => Math.round(share(slice) * 360);

describe("angles", () => {
  it("are by bytes, largest first, from twelve o'clock", () => {
    const { slices } = drawn(tree({ mm: { "slab.c": 90 }, fs: { "inode.c": 180, "super.c": 90 } }));
    expect(slices.map((slice) => [slice.node.label, degrees(slice)])).toEqual([
      ["fs", 270],
      ["mm", 90],
      ["inode.c", 180],
      ["super.c", 90],
      ["slab.c", 90],
    ]);
    expect(slices[0].startAngle).toBe(0);
  });

  it("leave room for what a directory has of its own", () => {
    const fs = tree({ "inode.c": 30 }, "fs");
    const root = { ...tree({}), dynamic: { ...totals(100) }, children: [{ ...fs, dynamic: totals(100) }] };
    expect(drawn(root).slices.map(degrees)).toEqual([360, 108]);
  });

  it("do not go below zero", () => {
    const { slices, root } = drawn(tree({ fs: 100, mm: -40 }));
    expect(named(slices)).toEqual(["1 fs"]);
    expect(root.bytes).toBe(100);
  });

  it.each([
    ["an empty tree", tree({})],
    ["a tree of zeroes", tree({ fs: { "inode.c": 0 }, mm: 0 })],
  ])("of %s are none", (_, root) => {
    expect(drawn(root).slices).toEqual([]);
  });
});

function totals(netBytes: number) {
  return { netBytes, totalBytes: 0, wasteBytes: 0, liveObjects: 0, allocs: 0 };
}

describe("small slices", () => {
  it("are one that says how many they are, and nothing vanishes", () => {
    const many: Bytes = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`f${String(index)}`, 1]));
    const { slices } = drawn(tree({ fs: { big: 100_000, ...many }, mm: 50_000 }));
    expect(named(slices)).toEqual(["1 fs", "1 mm", "2 big", "2 50 others"]);
    expect(slices[3].node.bytes).toBe(50);
    expect(slices[2].endAngle).toBeCloseTo(slices[3].startAngle, 10);
    expect(slices[3].endAngle).toBeCloseTo(slices[0].endAngle, 10);
  });

  it("keep their name when there is one alone", () => {
    expect(named(drawn(tree({ big: 100_000, tiny: 1 })).slices)).toEqual(["1 big", "1 tiny"]);
  });
});

describe("depth", () => {
  it("of a chain of single directories is one slice", () => {
    const { slices } = drawn(
      tree({ drivers: { net: { ethernet: { intel: { "e1000.c": 7, "ixgbe.c": 3 } } } }, fs: 5 }),
    );
    expect(named(slices)).toEqual(["1 drivers/net/ethernet/intel", "1 fs", "2 e1000.c", "2 ixgbe.c"]);
    expect(slices[0].node.path).toEqual(["drivers", "net", "ethernet", "intel"]);
  });

  it("ends with the rings there are; what is deeper stays in the slice that holds it", () => {
    let deep: Bytes = { "a.c": 1, "b.c": 1 };
    for (let level = 40; level > 0; level--) deep = { [`d${String(level)}`]: deep, [`f${String(level)}.c`]: 1 };
    const { slices } = drawn(tree(deep), { rings: 3 });
    expect(Math.max(...slices.map(({ depth }) => depth))).toBe(3);
    expect(Math.max(...slices.map(({ outerRadius }) => outerRadius))).toBeLessThanOrEqual(SIZE.outerRadius);
  });
});

describe.each(["current_dynamic", "static", "current", "waste", "total_dynamic"] as const)(
  "a real kernel, %s",
  (attribute) => {
    const { slices, innerRadius } = ringGeometryOf(ringTreeOf(cloudKernel(), attribute), SIZE);

    it("fills the first ring", () => {
      const first = slices.filter(({ depth }) => depth === 1);
      expect(first.reduce((sum, slice) => sum + share(slice), 0)).toBeCloseTo(1, 6);
      expect(innerRadius).toBeGreaterThanOrEqual(SIZE.innerRadius);
    });

    it("has no slice outside of the one that holds it", () => {
      for (const slice of slices.filter(({ depth }) => depth > 1)) {
        const inside = slices.some(
          (outer) =>
            outer.depth === slice.depth - 1 &&
            outer.startAngle <= slice.startAngle + 1e-9 &&
            slice.endAngle <= outer.endAngle + 1e-9,
        );
        expect(inside, slice.node.label).toBe(true);
      }
    });

    it("has labels that fit their slices", () => {
      const labelled = slices.flatMap((slice) => {
        const label = labelOf(slice, SIZE.fontSize);
        return label === undefined ? [] : [{ slice, label }];
      });
      expect(labelled.length).toBeGreaterThan(15);
      for (const { slice, label } of labelled) {
        const width = textWidth(label.text, label.size, label.weight);
        const thickness = slice.outerRadius - slice.innerRadius;
        const arc = (slice.endAngle - slice.startAngle) * ((slice.innerRadius + slice.outerRadius) / 2);
        if (label.along === undefined) {
          expect(width, label.text).toBeLessThan(thickness);
          expect(label.size, label.text).toBeLessThan(arc);
        } else {
          expect(width, label.text).toBeLessThan(arc);
          expect(label.size, label.text).toBeLessThan(thickness);
        }
        const whole = label.text.replace(/…$/, "");
        expect(slice.node.label.startsWith(whole)).toBe(true);
      }
    });
  },
);
