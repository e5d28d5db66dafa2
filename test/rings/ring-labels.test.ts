/** Names on slices: whole, cut where most of them fits, or none. */
import { describe, expect, it } from "vitest";
import type { Slice } from "../../src/rings/ring-geometry.ts";
import { labelOf } from "../../src/rings/ring-labels.ts";

/** A narrow slice of a ring that is so many pixels thick. */
function slice(label: string, thickness: number, kind: Slice["node"]["kind"] = "symbol"): Slice {
  const node = { path: [label], label, kind, bytes: 1, children: [] };
  return {
    node,
    depth: 3,
    startAngle: 1.5,
    endAngle: 1.58,
    innerRadius: 200,
    outerRadius: 200 + thickness,
  } as unknown as Slice;
}

describe("names", () => {
  it.each([
    ["_printk", 90, "_printk"],
    ["_printk_safe_enter_and_more", 60, undefined],
    ["_printk", 30, undefined],
    ["register_leaf_sysctl", 80, "register_leaf_s…"],
  ])("%s in %d pixels", (name, thickness, text) => {
    expect(labelOf(slice(name, thickness), 11)?.text).toBe(text);
  });

  it("of what is gathered are whole, or left out: a number that is cut is another", () => {
    expect(labelOf(slice("47 others", 90, "others"), 11)?.text).toBe("47 others");
    for (let thickness = 10; thickness < 90; thickness += 2)
      expect([undefined, "47 others"]).toContain(labelOf(slice("47 others", thickness, "others"), 11)?.text);
  });
});
