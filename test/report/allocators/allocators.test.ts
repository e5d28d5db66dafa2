/** Models of SLUB, SLAB and SLOB against what those kernels really allocated, request by request. */
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { RequestClass } from "../../../src/model/request-profile.ts";
import { compareAllocators } from "../../../src/report/allocators/compare-allocators.ts";
import { cacheLinesOf, explain } from "../../../src/report/allocators/infer-traits.ts";
import { type AllocatorModel, slab, SLOB, slub } from "../../../src/report/allocators/models.ts";
import { readFixture, readSlabLog, SLAB_COMPARE } from "../../support/recordings.ts";
import { requestsOf } from "../../support/requests.ts";

it.each<[AllocatorModel, readonly (readonly [number, number])[]]>([
  [
    slub(8),
    [
      [0, 0],
      [1, 8],
      [8, 8],
      [9, 16],
      [64, 64],
      [65, 96],
      [96, 96],
      [97, 128],
      [129, 192],
      [193, 256],
      [4097, 8192],
      [8193, 16384],
      [42284, 65536],
    ],
  ],
  [
    slub(64),
    [
      [1, 64],
      [65, 128],
      [129, 192],
      [193, 256],
    ],
  ],
  [
    slub(128),
    [
      [1, 128],
      [129, 256],
      [257, 512],
    ],
  ],
  [
    slab(64),
    [
      [1, 32],
      [33, 64],
      [65, 128],
      [129, 192],
      [193, 256],
      [8195, 16384],
    ],
  ],
  [
    slab(32),
    [
      [65, 96],
      [97, 128],
    ],
  ],
  [
    SLOB,
    [
      [0, 0],
      [29, 37],
      [4087, 4095],
      [4088, 4096],
      [4096, 4096],
      [4098, 8192],
      [42284, 65536],
    ],
  ],
])("kmalloc of $name", (model, sizes) => {
  expect(sizes.map(([bytesReq]) => [bytesReq, model.kmalloc(bytesReq)])).toEqual(sizes);
});

it.each([
  [slub(8), 776, 784, { lineBytes: null, linkBytes: 8 }],
  [slub(8), 1184, 1216, { lineBytes: 64, linkBytes: 0 }],
  [slub(8), 192, 256, { lineBytes: 64, linkBytes: 8 }],
  [slub(8), 272, 280, { lineBytes: null, linkBytes: 8 }],
  [slab(64), 132, 160, { lineBytes: 32, linkBytes: 0 }],
  [slab(64), 28, 32, { lineBytes: null, linkBytes: 0 }],
  [SLOB, 132, 132, { lineBytes: null, linkBytes: 0 }],
])("a cache of $0.name with objects of %d in %d", (model, bytesReq, bytesAlloc, traits) => {
  const size = { bytesReq, bytesAlloc };
  expect(explain(model, size, cacheLinesOf(model, [size]))?.traits).toEqual(traits);
  expect(model.cache(bytesReq, traits)).toBe(bytesAlloc);
});

it("takes the cache lines that explain most of a recording's sizes, and the rest for a cache's own alignment", () => {
  const sizes = [
    { bytesReq: 44, bytesAlloc: 64 },
    { bytesReq: 108, bytesAlloc: 128 },
    { bytesReq: 132, bytesAlloc: 160 },
  ];
  expect(cacheLinesOf(slab(64), sizes)).toBe(32);
  expect(cacheLinesOf(slab(64), sizes.slice(0, 2))).toBe(64);
  expect(explain(slab(64), { bytesReq: 300, bytesAlloc: 384 }, 32)?.cause).toBe(
    "aligned to 128 bytes, as its creator asked (align)",
  );
});

it("explains no size that no cache has", () => {
  expect(explain(slub(8), { bytesReq: 100, bytesAlloc: 4096 }, 64)).toBeUndefined();
  expect(explain(SLOB, { bytesReq: 28, bytesAlloc: 40 }, 64)).toBeUndefined();
});

const kmallocsOf = (classes: readonly RequestClass[]) => classes.filter(({ kind }) => kind === "kmalloc");

describe("today's kernels", () => {
  it.each([
    ["5.10-amd64", "SLUB"],
    ["6.1-amd64", "SLUB"],
    ["6.12-amd64", "SLUB"],
    ["7.2-amd64", "SLUB"],
    ["6.1-arm64", "SLUB, from 128 bytes up"],
    ["6.1-armhf", "SLUB, from 64 bytes up"],
  ])("%s: each kmalloc takes what the model says, and each cache's size is explained", async (name, model) => {
    const { classes } = await requestsOf(readFixture(name).text);
    const compared = compareAllocators(classes);
    expect(compared.recordedBy).toBe(model);
    expect(kmallocsOf(classes).length).toBeGreaterThan(100);
    expect(compared.kmallocsReproduced).toBe(compared.kmallocs);
    expect(compared.deviations.filter(({ cause }) => cause === null)).toEqual([]);
    const own = compared.models.find((figures) => figures.name === model);
    expect({ ...own, name: "recorded" }).toEqual(compared.recorded);
  });
});

describe.skipIf(!existsSync(SLAB_COMPARE))("the logs of 2012: 3.6 on i386 with each allocator", () => {
  const requests = (allocator: string) => requestsOf(readSlabLog(allocator));
  const sizesOf = (deviations: ReturnType<typeof compareAllocators>["deviations"]) =>
    deviations.map(({ kind, bytesReq, bytesAlloc, modelBytes, requests: n }) => [
      kind,
      bytesReq,
      bytesAlloc,
      modelBytes,
      n,
    ]);
  const by = (a: readonly unknown[], b: readonly unknown[]) => Number(a[1]) - Number(b[1]);

  it.each([
    // Objects of caches whose flags no event tells: bytes_req, bytes_alloc, the model's without those flags, requests.
    [
      "SLUB",
      2211,
      6432,
      [
        [272, 280, 272, 1100],
        [132, 160, 136, 5],
        [396, 416, 400, 7],
        [1292, 1312, 1296, 10],
      ],
    ],
    [
      "SLAB",
      2088,
      5561,
      [
        [44, 64, 48, 9],
        [108, 128, 112, 21],
        [132, 160, 136, 5],
        [176, 192, 176, 3],
        [396, 416, 400, 7],
        [1292, 1312, 1296, 10],
      ],
    ],
    ["SLOB", 2100, 5543, []],
  ] as const)(
    "%s: the model takes what the kernel took, but for the caches that are listed",
    async (allocator, kmallocs, cached, listed) => {
      const { classes } = await requests(allocator);
      const compared = compareAllocators(classes);
      expect(compared.recordedBy).toBe(allocator);
      expect([compared.kmallocs, compared.kmallocsReproduced]).toEqual([kmallocs, kmallocs]);
      expect(compared.requests).toBe(kmallocs + cached);
      expect(sizesOf(compared.deviations).sort(by)).toEqual(listed.map((row) => ["cache", ...row]).sort(by));
      expect(compared.deviations.filter(({ cause }) => cause === null)).toEqual([]);
      // One machine, whose lines had 32 bytes.
      const lined = compared.deviations.filter(({ cause }) => cause?.includes("cache lines") === true);
      expect(new Set(lined.map(({ cause }) => cause))).toEqual(
        new Set(listed.length === 0 ? [] : ["aligned to cache lines of 32 bytes (SLAB_HWCACHE_ALIGN)"]),
      );
      // With the flags that the sizes show, every byte is the kernel's.
      expect({ ...compared.models.find(({ name }) => name === allocator), name: "recorded" }).toEqual(
        compared.recorded,
      );
    },
  );

  it("what one log tells of the caches gives the other's sizes", async () => {
    const [fromSlab, fromSlub] = [(await requests("SLAB")).classes, (await requests("SLUB")).classes];
    const really = new Map(fromSlub.filter(({ kind }) => kind === "cache").map((c) => [c.bytesReq, c.bytesAlloc]));
    const differ = new Map<number, readonly [model: number, kernel: number]>();
    for (const { kind, bytesReq, bytesAlloc } of fromSlab) {
      const bytes = really.get(bytesReq);
      const traits = explain(slab(64), { bytesReq, bytesAlloc }, 32)?.traits;
      if (kind !== "cache" || bytes === undefined || traits === undefined) continue;
      const model = slub(8).cache(bytesReq, traits);
      if (model !== bytes) differ.set(bytesReq, [model, bytes]);
    }
    // SLAB needs no free pointer in an object, so its sizes cannot tell which caches have a constructor.
    expect([...differ]).toEqual([[272, [272, 280]]]);
    // Those SLUB has merged into others, under whose size it reports them.
    const merged = new Set(
      fromSlab.filter((c) => c.kind === "cache" && !really.has(c.bytesReq)).map((c) => c.bytesReq),
    );
    expect([...merged].sort((a, b) => a - b)).toEqual([44, 108, 176]);
  });
});
