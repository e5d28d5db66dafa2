/** Events set against slabs, one example a rule. */
import { describe, expect, it } from "vitest";
import type { ObjectsBySize } from "../../src/accounting/objects-by-size.ts";
import { reconcile, type SlabCache, type SlabReading } from "../../src/accounting/reconcile.ts";
import { reconciliationSchema } from "../../src/model/reconciliation.ts";

type Live = Readonly<Record<string, number>>;
interface Figures {
  readonly older: number;
  readonly guessed: number;
  readonly freedTo: Live;
  readonly exact: boolean;
}

/** Objects of 4096 bytes, eight a slab: with one CPU, 14 of them may be its own. */
const BYTES = 4096;
const slab = (objects: number, bytes = BYTES, perSheaf = 0): SlabCache => ({ objects, bytes, perSlab: 8, perSheaf });

function reading(
  caches: Readonly<Record<string, SlabCache>>,
  live: Live = {},
  { older = 0, guessed = 0, freedTo = {}, exact = false }: Partial<Figures> = {},
): SlabReading {
  const liveObjects = Object.values(live).reduce((sum, objects) => sum + objects, 0);
  const events: ObjectsBySize = {
    sizes: new Map([[BYTES, { live: new Map(Object.entries(live)), liveObjects, olderFreed: older, guessed }]]),
    freedTo: new Map(Object.entries(freedTo)),
    hiddenAllocs: 0,
  };
  return { caches: new Map(Object.entries(caches)), exact, events };
}

const before = reading({ big: slab(100) });
const groupOf = (after: SlabReading, cpus = 1) => {
  const { account, doubtful } = reconcile(before, after, cpus);
  expect(() => reconciliationSchema.parse(account)).not.toThrow();
  return { ...account.groups.find(({ bytesAlloc }) => bytesAlloc === BYTES), doubtful };
};

describe("events against slabs", () => {
  it("agree where what is alive has come", () => {
    expect(groupOf(reading({ big: slab(150) }, { a: 50 }))).toMatchObject({
      eventObjects: 50,
      slabObjects: 50,
      remainder: 0,
      hiddenFrees: 0,
      doubtful: new Map(),
    });
  });

  it("leave a remainder, which is at most so many of each caller's objects", () => {
    const { doubtful, ...group } = groupOf(reading({ big: slab(110) }, { a: 50, b: 10 }));
    expect(group).toMatchObject({ eventObjects: 60, slabObjects: 10, remainder: 50, uncertainty: 14, hiddenFrees: 50 });
    expect(doubtful).toEqual(
      new Map([
        ["a", { objects: 50, bytes: 50 * BYTES }],
        ["b", { objects: 10, bytes: 10 * BYTES }],
      ]),
    );
  });

  it("are at most of what is alive: what is older than the window is in nobody's row", () => {
    expect(groupOf(reading({ big: slab(20) }, {}))).toMatchObject({ remainder: 80, hiddenFrees: 0 });
    expect(groupOf(reading({ big: slab(20) }, { a: 3 }))).toMatchObject({ remainder: 83, hiddenFrees: 3 });
  });

  it("mark nobody for a remainder that CPUs may keep", () => {
    expect(groupOf(reading({ big: slab(100) }, { a: 14 }))).toMatchObject({ remainder: 14, hiddenFrees: 0 });
    expect(groupOf(reading({ big: slab(100) }, { a: 15 }))).toMatchObject({ remainder: 15, hiddenFrees: 15 });
    expect(groupOf(reading({ big: slab(100) }, { a: 28 }), 2)).toMatchObject({ uncertainty: 28, hiddenFrees: 0 });
  });

  it("count frees of older objects, by their size or by their cache", () => {
    expect(groupOf(reading({ big: slab(90) }, {}, { older: 10 }))).toMatchObject({ eventObjects: -10, remainder: 0 });
    const named = reading({ big: slab(90) }, {}, { freedTo: { big: 10, other: 3 } });
    expect(groupOf(named)).toMatchObject({ eventObjects: -10, remainder: 0 });
    expect(reconcile(before, named, 1).account.unknownFrees).toBe(3);
  });

  it("are as unsure as sizes are guessed", () => {
    const after = reading({ big: slab(100) }, { a: 60 }, { older: 20, guessed: 20 });
    expect(groupOf(after)).toMatchObject({ remainder: 40, uncertainty: 34, hiddenFrees: 40 });
  });

  it("take caches of one size together, those that come or go among them", () => {
    const old = reading({ big: slab(100), gone: slab(5), small: slab(9, 64) });
    const now = reading({ big: slab(80), new: slab(30), small: slab(9, 64) }, { a: 5 });
    const { groups } = reconcile(old, now, 1).account;
    expect(groups).toHaveLength(1);
    expect(groups[0]).toMatchObject({ slabObjects: 5, remainder: 0 });
    expect(groups[0].caches).toEqual([
      { name: "big", before: 100, after: 80 },
      { name: "gone", before: 5, after: 0 },
      { name: "new", before: 0, after: 30 },
    ]);
  });

  it("between two readings are those of that time", () => {
    const first = reading({ big: slab(110) }, { a: 50 });
    const last = reading({ big: slab(150) }, { a: 90 });
    expect(reconcile(first, last, 1).account.groups[0]).toMatchObject({ eventObjects: 40, slabObjects: 40 });
  });

  it("are surer where CPUs gave back what they kept", () => {
    const [old, now] = [
      reading({ big: slab(9) }, {}, { exact: true }),
      reading({ big: slab(9) }, { a: 9 }, { exact: true }),
    ];
    expect(reconcile(old, now, 1).account).toMatchObject({
      exactSlabs: true,
      groups: [{ uncertainty: 8, hiddenFrees: 9 }],
    });
  });

  it.each([
    // Two a CPU; and ten of the memory node, with what CPUs keep of partial slabs, where nothing was given back.
    { exact: true, uncertainty: 2 * (8 + 2 * 4) },
    { exact: false, uncertainty: 2 * (8 + 2 * 4 + 6) + 10 * 4 },
  ])("do not take full sheaves for objects that are alive (exact: $exact)", ({ exact, uncertainty }) => {
    const old = reading({ big: slab(200, BYTES, 4) }, {}, { exact });
    const now = reading({ big: slab(200 - uncertainty, BYTES, 4) }, {}, { exact });
    expect(reconcile(old, now, 2).account.groups[0]).toMatchObject({ uncertainty, hiddenFrees: 0 });
  });
});
