/** Findings, where their benefit is known beforehand; and none where there is nothing. */
import { describe, expect, it } from "vitest";
import { adviceSchema, type Advice } from "../../../src/model/advice.ts";
import type { RequestClass } from "../../../src/model/request-profile.ts";
import { advise } from "../../../src/report/advice/advise.ts";
import { formatAdvice } from "../../../src/report/advice/advice-report.ts";
import { slabBytesFor, slabShare } from "../../../src/report/advice/slab-share.ts";
import { accountOfLines } from "../../support/account.ts";

const SNAPSHOT = accountOfLines([]);

function request(caller: string, figures: Partial<RequestClass>): RequestClass {
  const { bytesReq = 8, bytesAlloc = 8, liveObjects = 0, frees = 0 } = figures;
  return {
    ...{ callSite: `${caller}/0x99`, caller, kind: "kmalloc", bytesReq, bytesAlloc, liveObjects, frees },
    ...{
      allocs: liveObjects + frees,
      asksForZeros: false,
      impliedFrees: 0,
      peakObjects: liveObjects,
      shortLived: 0,
      meanLifeNs: null,
    },
    crossCpuFrees: 0,
    ...figures,
  };
}

const adviceOn = (classes: readonly RequestClass[], cpus = 2): Advice =>
  adviceSchema.parse(advise({ classes, cpus, seconds: 10 }, SNAPSHOT));
const kinds = ({ findings }: Advice) => findings.map(({ kind, caller }) => `${kind} ${caller}`);

describe("sizes", () => {
  it("a little above a bucket: what the next one down saves", () => {
    const { findings } = adviceOn([request("f+0x1", { bytesReq: 520, bytesAlloc: 1024, liveObjects: 100 })]);
    expect(findings).toMatchObject([
      { kind: "odd-size", savedBytes: 100 * 512, figures: { bucketBelow: 512, excessBytes: 8, wasteBytes: 50_400 } },
    ]);
    expect(findings[0].remedy).toBe("make the object 8 bytes smaller: 51200 bytes less");
  });

  it("of damage, of whatever length, are looked at in no time", () => {
    const begin = performance.now();
    adviceOn([request("f+0x1", { bytesReq: 2 ** 44 + 8, bytesAlloc: 2 ** 45, liveObjects: 10 })]);
    expect(performance.now() - begin).toBeLessThan(1000);
  });

  it("far above one: a cache of its own, less what it costs", () => {
    // 744 bytes: 21 in a slab of 16 KiB (four pages leave over 760, less than a sixteenth); a bucket of 1024: exactly.
    const { findings } = adviceOn([request("f+0x1", { bytesReq: 744, bytesAlloc: 1024, liveObjects: 1000 })]);
    const costBytes = 2048 + slabBytesFor(744, 2);
    const savedBytes = Math.round(1000 * (1024 - slabShare(744, 2))) - costBytes;
    expect(findings).toMatchObject([{ kind: "cache", savedBytes, costBytes }]);
    expect(savedBytes).toBeGreaterThan(200_000);
  });

  it.each([
    ["exact ones", { bytesReq: 512, bytesAlloc: 512, liveObjects: 100_000 }],
    ["few", { bytesReq: 744, bytesAlloc: 1024, liveObjects: 63 }],
    ["what has been freed", { bytesReq: 520, bytesAlloc: 1024, frees: 900 }],
    ["objects of caches", { kind: "cache", bytesReq: 520, bytesAlloc: 1024, liveObjects: 1000 }],
    ["what would cost more than it saves", { bytesReq: 88, bytesAlloc: 96, liveObjects: 500 }],
    ["the smallest bucket", { bytesReq: 1, bytesAlloc: 8, liveObjects: 200 }],
  ] as const)("nothing of %s", (_, figures) => {
    expect(kinds(adviceOn([request("f+0x1", figures)]))).toEqual([]);
  });

  it("marks what may be gone", () => {
    const { findings } = adviceOn([
      request("f+0x1", { bytesReq: 520, bytesAlloc: 1024, liveObjects: 50, impliedFrees: 5 }),
    ]);
    expect(findings[0].marks).toEqual(["unseen-frees"]);
  });
});

describe("strings", () => {
  const lengths = (sizes: readonly number[]) =>
    sizes.map((bytesReq) => request("name+0x1", { bytesReq, bytesAlloc: 32, liveObjects: 30 }));

  it("are small and of all lengths", () => {
    const advice = adviceOn(lengths([17, 18, 19, 21, 22, 23, 25]));
    expect(advice.findings).toMatchObject([
      { kind: "strings", liveObjects: 210, bytesReq: null, figures: { netBytes: 6720, wasteBytes: 2370 } },
    ]);
  });

  it("are no structures, whatever their number", () => {
    expect(kinds(adviceOn(lengths([16, 20, 24, 28, 32, 17, 12])))).toEqual([]);
    expect(kinds(adviceOn(lengths([17, 18, 19, 21, 22])))).toEqual([]);
  });
});

describe("what costs time", () => {
  const churn = { bytesReq: 40, bytesAlloc: 64, frees: 1000, shortLived: 950, meanLifeNs: 5000 } as const;

  it("is churn, with its rate and life", () => {
    const { findings } = adviceOn([request("f+0x1", { ...churn, meanLifeNs: 4_897_400 })]);
    expect(findings[0].summary).toMatch(/ 4\.9 ms on average$/);
    expect(findings).toMatchObject([
      { kind: "churn", savedBytes: 0, figures: { ratePerSecond: 100, meanLifeNs: 4_897_400 } },
    ]);
    expect(findings[0].remedy).toContain("on the stack (40 bytes at most)");
    expect(kinds(adviceOn([request("f+0x1", { ...churn, shortLived: 899 })]))).toEqual([]);
    expect(kinds(adviceOn([request("f+0x1", { ...churn, frees: 999 })]))).toEqual([]);
  });

  it("is a free on another CPU, and is not told of one CPU", () => {
    const crossed = request("f+0x1", { frees: 600, crossCpuFrees: 300 });
    expect(kinds(adviceOn([crossed]))).toEqual(["cross-cpu f+0x1"]);
    expect(kinds(adviceOn([request("f+0x1", { frees: 600, crossCpuFrees: 299 })]))).toEqual([]);
    const alone = adviceOn([crossed], 1);
    expect(kinds(alone)).toEqual([]);
    expect(alone.leftOut.join()).toContain("from one CPU");
  });
});

describe("zeroing again and again", () => {
  const zeroed = { bytesReq: 700, bytesAlloc: 1024, frees: 2000, peakObjects: 4, asksForZeros: true, meanLifeNs: 5000 };

  it("is what a constructor saves, with what it costs", () => {
    const { findings, leftOut } = adviceOn([request("f+0x1", zeroed)]);
    // 700 bytes and a link behind them are 712: a descriptor and half a slab for each CPU, less what four objects take less.
    const costBytes = Math.round(4 * (slabShare(712, 2) - slabShare(1024, 2)) + 2048 + slabBytesFor(712, 2));
    expect(findings).toMatchObject([
      {
        ...{ kind: "constructor", savedBytes: 0, costBytes, bytesReq: 700 },
        figures: { zeroedBytes: 2_048_000, notZeroedBytes: 1996 * 1024, zeroedPerSecond: 204_800, reuse: 500 },
      },
    ]);
    expect(findings[0].remedy).toMatch(
      /^where it is a buffer that is filled before it is read, ask without __GFP_ZERO, at no cost; else a kmem_cache of its own with a constructor, no __GFP_ZERO/,
    );
    expect(leftOut).toEqual([]);
  });

  it("is told of caches, too: their objects are zeroed without what SLUB puts around them, and grow by a pointer", () => {
    const { findings } = adviceOn([request("f+0x1", { ...zeroed, kind: "cache", bytesReq: 704, bytesAlloc: 704 })]);
    const costBytes = Math.round(4 * (slabShare(712, 2) - slabShare(704, 2)));
    expect(findings).toMatchObject([{ kind: "constructor", costBytes, figures: { notZeroedBytes: 1996 * 704 } }]);
    expect(findings[0].remedy).toMatch(/^give its kmem_cache a constructor/);
  });

  it.each([
    ["what is not zeroed", { asksForZeros: false }],
    ["what is kept", { liveObjects: 2000, frees: 0, peakObjects: 2000 }],
    ["places that are used a few times", { peakObjects: 201 }],
    ["few bytes", { bytesReq: 480, bytesAlloc: 512 }],
    ["few objects", { frees: 999, bytesReq: 4096, bytesAlloc: 4096 }],
    ["what a cache line holds", { frees: 100_000, bytesReq: 64, bytesAlloc: 64 }],
    ["what has no bucket", { bytesReq: 10_000, bytesAlloc: 12_288 }],
  ] as const)("is nothing of %s", (_, figures) => {
    expect(kinds(adviceOn([request("f+0x1", { ...zeroed, ...figures })]))).not.toContain("constructor f+0x1");
  });

  it("is nothing of a call site whose sizes differ, as buffers' do", () => {
    const sizes = (others: number) =>
      kinds(adviceOn([request("f+0x1", zeroed), request("f+0x1", { ...zeroed, bytesReq: 710, frees: others })]));
    expect(sizes(222)).toEqual(["constructor f+0x1"]);
    expect(sizes(223)).toEqual([]);
  });

  it("is not seldom", () => {
    const once = adviceSchema.parse(advise({ classes: [request("f+0x1", zeroed)], cpus: 2, seconds: 60 }, SNAPSHOT));
    expect(kinds(once)).toEqual([]);
  });

  it("says of how much nothing is known", () => {
    const { leftOut } = adviceOn([request("f+0x1", zeroed), request("g+0x1", { frees: 30, asksForZeros: null })]);
    expect(leftOut.join()).toMatch(/^constructors, of 30 of 2030 allocations: /);
  });
});

it("is little, the largest first", () => {
  const many = Array.from({ length: 40 }, (_, i) =>
    request(`f${i}+0x1`, { bytesReq: 520, bytesAlloc: 1024, liveObjects: 10 + i }),
  );
  expect(kinds(adviceOn(many))).toEqual([39, 38, 37, 36, 35].map((i) => `odd-size f${i}+0x1`));
});

it("says so where there is nothing", () => {
  const text = formatAdvice(adviceOn([request("f+0x1", { liveObjects: 1 })]));
  expect(text).toMatch(/^nothing that is worth a change\n\nallocators: /);
  expect(text).toContain("SLUB reproduces 1 of 1 kmallocs\n");
});

it.each([
  [96, 1],
  [192, 1],
  [320, 1],
  [448, 2],
  [584, 2],
  [624, 2],
  [696, 4],
  [1024, 4],
  [1128, 4],
  [1600, 8],
  [2112, 8],
  [4096, 8],
  [4224, 8],
  [8192, 8],
])(
  "chooses for objects of %d bytes slabs of %d pages, as /proc/slabinfo of a 6.18 with two CPUs has them",
  (bytes, pages) => {
    expect(slabBytesFor(bytes, 2)).toBe(pages * 4096);
  },
);
