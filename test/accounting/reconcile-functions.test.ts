/** Events set against the kernel's own counts, one example a rule. */
import { describe, expect, it } from "vitest";
import type { ObjectsBySize } from "../../src/accounting/objects-by-size.ts";
import { type FunctionReading, reconcileFunctions } from "../../src/accounting/reconcile-functions.ts";
import { functionCountsSchema } from "../../src/model/function-counts.ts";

const BYTES = 96;
type Live = Readonly<Record<string, number>>;

function reading(
  counted: Readonly<Record<string, readonly [objects: number, bytes: number]>>,
  live: Live = {},
  { older = 0, freedTo = {} }: { readonly older?: number; readonly freedTo?: Live } = {},
): FunctionReading {
  const liveObjects = Object.values(live).reduce((sum, objects) => sum + objects, 0);
  const events: ObjectsBySize = {
    sizes: new Map([[BYTES, { live: new Map(Object.entries(live)), liveObjects, olderFreed: older, guessed: 0 }]]),
    freedTo: new Map(Object.entries(freedTo)),
    hiddenAllocs: 0,
  };
  const functions = Object.entries(counted).map(([key, [objects, bytes]]) => [key, { objects, bytes }] as const);
  return { functions: new Map(functions), events };
}
const of = (objects: number, bytes = BYTES) => [objects, objects * bytes] as const;

const cacheBytes = (cache: string) => ({ dentry: 192, "kmalloc-96": BYTES })[cache];

function counts(before: FunctionReading, after: FunctionReading) {
  const result = reconcileFunctions(before, after, cacheBytes);
  expect(() => functionCountsSchema.parse(result)).not.toThrow();
  return { ...result, row: (name: string) => result.functions.find((row) => row.name === name) };
}

describe("events against the kernel's counts", () => {
  it("agree where all that was allocated is alive in both", () => {
    const { row, hiddenFrees, both } = counts(
      reading({ "fs/a.c:a": of(10) }),
      reading({ "fs/a.c:a": of(60) }, { "a+0x1/0x20": 30, "a.isra.0+0x9/0x20": 20 }),
    );
    expect(row("a")).toMatchObject({ countedBy: "both", eventObjects: 50, kernelObjects: 50, remainderObjects: 0 });
    expect(both).toEqual({ functions: 1, kernelBytes: 50 * BYTES, eventBytes: 50 * BYTES });
    expect(hiddenFrees).toBe(0);
  });

  it("tell frees without an event, also where nothing of a function is left", () => {
    const { row, hiddenFrees } = counts(reading({}), reading({ "fs/a.c:a": of(0) }, { "a+0x1/0x20": 50 }));
    expect(row("a")).toMatchObject({
      remainderObjects: 50,
      remainderBytes: 50 * BYTES,
      uncertainty: 0,
      hiddenFrees: 50,
    });
    expect(hiddenFrees).toBe(50);
  });

  it("may differ by what was there before, of that size or of none that is known", () => {
    const after = (seen: Parameters<typeof reading>[2]) =>
      counts(reading({ "fs/a.c:a": of(30) }), reading({ "fs/a.c:a": of(30) }, { "a+0x1/0x20": 50 }, seen)).row("a");
    expect(after({ older: 20 })).toMatchObject({ uncertainty: 20, hiddenFrees: 30 });
    expect(after({ older: 90 })).toMatchObject({ uncertainty: 90, hiddenFrees: 0 });
    expect(after({ freedTo: { "": 5 } })).toMatchObject({ uncertainty: 5 });
    expect(after({ freedTo: { "kmalloc-96": 7, dentry: 100 } })).toMatchObject({ uncertainty: 7 });
  });

  it.each([
    ["of the same file", "fs/a.c:inlined", 64, 40],
    ["of a header", "include/linux/a.h:inlined", 64, 40],
    ["of the same size", "mm/util.c:kstrdup", BYTES, 40],
    ["of another file and size", "mm/util.c:kstrdup", 64, 0],
  ])("may differ by what a function without events holds, %s", (_, key, bytes, uncertainty) => {
    const { row } = counts(reading({}), reading({ "fs/a.c:a": of(0), [key]: of(40, bytes) }, { "a+0x1/0x20": 50 }));
    expect(row("a")).toMatchObject({ uncertainty, hiddenFrees: 50 - uncertainty });
  });

  it("list what only one of them counts, and nothing that stayed as it was", () => {
    const { functions, kernelOnly, eventsOnly } = counts(
      reading({ "mm/shmem.c:shmem_alloc_folio": of(1, 4096), "fs/b.c:still": of(4) }),
      reading({ "mm/shmem.c:shmem_alloc_folio": of(3, 4096), "fs/b.c:still": of(4) }, { "outer+0x1/0x20 [mod]": 2 }),
    );
    expect(functions.map(({ name, countedBy, hiddenFrees }) => [name, countedBy, hiddenFrees])).toEqual([
      ["shmem_alloc_folio", "kernel", 0],
      ["outer", "events", 0],
    ]);
    expect(kernelOnly).toMatchObject({ functions: 1, kernelBytes: 8192 });
    expect(eventsOnly).toMatchObject({ functions: 1, eventBytes: 2 * BYTES });
  });

  it("add up functions of one name, and leave out what was alive when the window began", () => {
    const { row } = counts(
      reading({ "fs/a.c:init": of(1), "fs/b.c:init_noprof": of(5) }, { "init+0x1/0x20": 3 }),
      reading({ "fs/a.c:init": of(4), "fs/b.c:init_noprof": of(7) }, { "init+0x1/0x20": 8 }),
    );
    expect(row("init")).toMatchObject({ files: ["fs/a.c", "fs/b.c"], kernelObjects: 5, eventObjects: 5 });
  });
});
