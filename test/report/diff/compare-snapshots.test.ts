/** What grew: matched by function, by real captures and by accounts whose difference is known. */
import { describe, expect, it } from "vitest";
import { diffSchema } from "../../../src/model/diff.ts";
import { functionOf } from "../../../src/model/function-name.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import { compareSnapshots } from "../../../src/report/diff/compare-snapshots.ts";
import { formatDiff } from "../../../src/report/diff/diff-report.ts";
import { accountOf } from "../../support/account.ts";
import { ledgerOf, type TestEvent } from "../../support/events.ts";
import { SOURCE } from "../../support/account.ts";
import { readFixture } from "../../support/recordings.ts";

type Held = readonly [site: string, objects: number, bytes: number];

/** An account of objects that are alive. */
function holding(...held: readonly Held[]): Snapshot {
  let ptr = 0x1000n;
  const events = held.flatMap(([site, objects, bytes]) =>
    Array.from({ length: objects }, (): TestEvent => {
      ptr += 0x1000n;
      return { kind: "kmalloc", ptr, site, req: bytes, alloc: bytes };
    }),
  );
  return ledgerOf([events]).snapshot({ source: SOURCE });
}

/** As symbols attribute it. */
function withSources(snapshot: Snapshot, files: Readonly<Record<string, string>>): Snapshot {
  const callers = snapshot.callers.map((row) => {
    const file = new Map(Object.entries(files)).get(row.callSite);
    return file === undefined ? row : { ...row, source: { file, line: null, function: null, module: null, chain: [] } };
  });
  return { ...snapshot, callers };
}

describe("functions of two builds", () => {
  it("match without offset and the compiler's suffixes, and not across modules", () => {
    const diff = compareSnapshots(
      holding(["f.isra.0+0x10/0x99", 2, 64], ["g+0x5/0x9 [one]", 1, 32], ["old+0x1/0x2", 1, 8]),
      holding(["f+0x18/0xa9", 3, 64], ["g+0x5/0x9 [two]", 1, 32], ["young+0x1/0x2", 1, 8]),
      { noiseBytes: 0 },
    );
    expect(
      diff.functions.map(({ function: name, module, status, delta }) => [name, module, status, delta.netBytes]),
    ).toEqual([
      ["f", null, "grown", 64],
      ["g", "two", "new", 32],
      ["young", null, "new", 8],
      ["old", null, "gone", -8],
      ["g", "one", "gone", -32],
    ]);
    expect(diff.statuses).toEqual({ new: 2, gone: 2, grown: 1, shrunk: 0, same: 0 });
    expect(diff.growthBytes).toBe(64);
  });

  it("match across Linux 6.10, which renamed the allocator's entries", () => {
    const older = holding(["kvmalloc_node+0x46/0xd0", 1, 24_576], ["__kmalloc+0x1/0x9", 1, 64]);
    const younger = holding(["__kvmalloc_node_noprof+0x56/0xf0", 1, 24_576], ["__kmalloc_noprof+0x1/0x9", 1, 64]);
    for (const [a, b] of [
      [older, younger],
      [younger, older],
    ])
      expect(compareSnapshots(a, b).functions.map(({ function: name, status }) => [name, status])).toEqual([
        ["__kmalloc", "same"],
        ["kvmalloc_node", "same"],
      ]);
    // Where a side has both they are two.
    const both = holding(["kvmalloc_node+0x46/0xd0", 1, 64], ["__kvmalloc_node_noprof+0x56/0xf0", 1, 64]);
    expect(compareSnapshots(older, both).statuses).toMatchObject({ new: 1, gone: 1 });
  });

  it("pair equal call sites first, then what is left by order where both have as many", () => {
    const [{ sites }] = compareSnapshots(
      holding(["f+0x10/0x99", 1, 8], ["f+0x40/0x99", 1, 16], ["f+0x20/0x99", 1, 32]),
      holding(["f+0x44/0xa0", 1, 64], ["f+0x10/0xa0", 1, 8], ["f+0x24/0xa0", 1, 32]),
    ).functions;
    expect(sites.map(({ a, b, netBytes }) => [a, b, netBytes])).toEqual([
      ["f+0x10", "f+0x10", 0],
      ["f+0x20", "f+0x24", 0],
      ["f+0x40", "f+0x44", 48],
    ]);
  });

  it("leave call sites alone that nobody can pair", () => {
    const [{ sites, delta }] = compareSnapshots(
      holding(["f+0x10/0x99", 1, 8], ["f+0x40/0x99", 1, 16]),
      holding(["f+0x14/0xa0", 1, 64]),
    ).functions;
    expect(sites.map(({ a, b }) => [a, b])).toEqual([
      ["f+0x10", null],
      ["f+0x40", null],
      [null, "f+0x14"],
    ]);
    expect(delta.netBytes).toBe(40);
  });
});

describe("noise", () => {
  it("is what both have and what differs by little, and no more", () => {
    const a = holding(["small+0x1/0x2", 1, 1000], ["large+0x1/0x2", 1, 1000], ["gone+0x1/0x2", 1, 800]);
    const b = holding(["small+0x1/0x2", 2, 1000], ["large+0x1/0x2", 4, 1000], ["new+0x1/0x2", 1, 257]);
    const diff = compareSnapshots(a, b);
    expect(diff.functions.map(({ function: name, isNoise }) => [name, isNoise])).toEqual([
      ["large", false],
      ["small", true],
      ["new", false],
      ["gone", false],
    ]);
    expect(diff.noise).toEqual({
      bytesAFunction: 2048,
      functions: 1,
      newOrGone: 0,
      bytes: 1000,
      workers: 0,
      workerBytes: 0,
      isCounted: false,
    });
    expect(diff.growthBytes).toBe(3000 + 257 - 800);
    expect(compareSnapshots(a, b, { noiseBytes: 0 }).growthBytes).toBe(3000 + 1000 + 257 - 800);
  });

  describe("of what one side alone has", () => {
    const both: Held = ["f+0x1/0x2", 1, 4096];
    const ofModule: Held = ["m_init+0x1/0x2 [m]", 1, 4096];

    it("is little, and listed", () => {
      const diff = compareSnapshots(holding(both), holding(both, ["fib6_metric_set+0x50/0x90", 1, 96]), {
        budgets: [{ kind: "total", name: "--fail-over", growth: 0 }],
      });
      expect(diff.noise).toMatchObject({ functions: 1, newOrGone: 1, bytes: 96, isCounted: false });
      expect([diff.growthBytes, diff.verdict]).toEqual([0, "within"]);
      const text = formatDiff(diff, { orderBy: "current_dynamic", top: 20 });
      expect(text).toContain("no growth beyond noise\n");
      expect(text).toContain(
        "noise: 1 function (1 new or gone, and listed) differs by 2048 bytes or less, +96 together\n",
      );
      expect(text).toMatch(/^ +\+96 +\+1 +0 +96 {2}fib6_metric_set\+0x50 {2}new$/m);
    });

    it("is all counted where many are new, though as much has gone", () => {
      const many = (name: string, n: number): Held[] =>
        Array.from({ length: n }, (_, i): Held => [`${name}${i}+0x1/0x2`, 1, 256]);
      expect(compareSnapshots(holding(both), holding(both, ...many("new", 8))).growthBytes).toBe(0);
      expect(compareSnapshots(holding(both), holding(both, ...many("new", 9))).growthBytes).toBe(9 * 256);
      const swapped = compareSnapshots(holding(both, ...many("gone", 8)), holding(both, ...many("new", 8)));
      expect(swapped.functions.filter(({ isNoise }) => isNoise)).toEqual([]);
    });

    it("is nothing of a module that the other has not", () => {
      const small: Held = ["m_one+0x1/0x2 [m]", 1, 96];
      expect(compareSnapshots(holding(both), holding(both, small)).growthBytes).toBe(96);
      expect(compareSnapshots(holding(both, ofModule), holding(both, ofModule, small)).growthBytes).toBe(0);
    });
  });

  it("counts where little came together to much", () => {
    const sites = Array.from({ length: 20 }, (_, i) => `f${i}+0x1/0x2`);
    const diff = compareSnapshots(
      holding(...sites.map((site): Held => [site, 1, 1000])),
      holding(...sites.map((site): Held => [site, 2, 1000])),
    );
    expect(diff.noise).toEqual({
      bytesAFunction: 2048,
      functions: 20,
      newOrGone: 0,
      bytes: 20_000,
      workers: 0,
      workerBytes: 0,
      isCounted: true,
    });
    expect(diff.growthBytes).toBe(20_000);
  });
});

describe("kworkers", () => {
  const tasks = (n: number, workers: number, taskBytes = 4000) =>
    holding(
      ["copy_process+0x1/0x9", 3 * n, taskBytes],
      ["alloc_pid+0x1/0x9", n, 128],
      ["alloc_worker+0x1/0x9", workers, 192],
    );

  it("that are more or less are noise, with all that a task takes", () => {
    const diff = compareSnapshots(tasks(50, 30), tasks(48, 28));
    expect(diff.noise).toMatchObject({ workers: -2, workerBytes: -24_000, functions: 2, isCounted: false });
    expect(diff.growthBytes).toBe(0);
    expect(compareSnapshots(tasks(50, 30), tasks(48, 28), { noiseBytes: 0 }).growthBytes).toBe(
      -2 * (12_000 + 128 + 192),
    );
  });

  it("explain no more than they take, and no other tasks", () => {
    expect(compareSnapshots(tasks(50, 30), tasks(53, 31)).growthBytes).toBe(36_000);
    expect(compareSnapshots(tasks(50, 30), tasks(51, 30)).growthBytes).toBe(12_000);
    expect(compareSnapshots(tasks(50, 30), tasks(50, 29, 4100)).growthBytes).toBe(15_000);
  });
});

describe("groups", () => {
  const a = holding(["f+0x1/0x2", 1, 5000], ["g+0x1/0x2 [m]", 1, 5000]);
  const b = holding(["f+0x1/0x2", 2, 5000], ["g+0x1/0x2 [m]", 3, 5000], ["h+0x1/0x2", 1, 64]);
  const rows = ({ groupedBy, groups }: ReturnType<typeof compareSnapshots>) => [
    groupedBy,
    ...groups.map(({ name, delta }) => [name, delta.netBytes]),
  ];

  it("are modules where no source files are known", () => {
    expect(rows(compareSnapshots(a, b))).toEqual(["module", ["[m]", 10_000], ["vmlinux", 5064]]);
  });

  it("are directories where both know them; what has no file stays visible", () => {
    const files = { "f+0x1/0x2": "fs/inode.c", "g+0x1/0x2 [m]": "drivers/m/main.c" };
    const diff = compareSnapshots(withSources(a, files), withSources(b, files));
    expect(rows(diff)).toEqual(["directory", ["drivers/m", 10_000], ["fs", 5000], ["(unattributed)", 64]]);
    const oneSided = compareSnapshots(a, withSources(b, files));
    expect(oneSided.groupedBy).toBe("module");
    expect(oneSided.notes).toEqual(["only B knows source files: grouped by module"]);
  });

  it("tell static functions of one name apart by their files", () => {
    const sites = ["init+0x1/0x20", "init+0x8/0x30"] as const;
    const files = { [sites[0]]: "a/x.c", [sites[1]]: "b/y.c" };
    const before = withSources(holding([sites[0], 1, 4000], [sites[1], 1, 4000]), files);
    const after = withSources(holding([sites[0], 1, 4000], [sites[1], 2, 4000]), files);
    const { functions } = compareSnapshots(before, after);
    expect(functions.map(({ file, delta }) => [file, delta.netBytes])).toEqual([
      ["b/y.c", 4000],
      ["a/x.c", 0],
    ]);
  });
});

describe("gates", () => {
  const files = { "f+0x1/0x2": "fs/ext4/inode.c", "k_one+0x1/0x2": "kernel/k.c" };
  const a = withSources(holding(["f+0x1/0x2", 1, 5000], ["k_one+0x1/0x2", 1, 100]), files);
  const b = withSources(holding(["f+0x1/0x2", 2, 5000], ["k_one+0x1/0x2", 9, 1000]), files);

  it.each([
    ["total", "--fail-over", { growth: 13_900 }, 13_900, false, 2],
    ["total", "--fail-over", { growth: 13_899 }, 13_900, true, 2],
    ["directory", "fs", { growth: 4999 }, 5000, true, 1],
    ["directory", "fs/ext4/", { growth: 5000 }, 5000, false, 1],
    ["directory", "fs/ext", { growth: 0 }, 0, false, 0],
    ["module", "vmlinux", { growth: 0 }, 13_900, true, 2],
    ["caller", "k_*", { growth: 8900 }, 8900, false, 1],
    ["caller", "k", { growth: 0 }, 0, false, 0],
    ["caller", "f", { net: 9999 }, 10_000, true, 1],
  ] as const)("%s %s %o: %d bytes, over: %s", (kind, name, limit, bytes, isOver, functions) => {
    const { gates, verdict } = compareSnapshots(a, b, { budgets: [{ kind, name, ...limit }] });
    expect(gates).toMatchObject([{ kind, name, bytes, isOver, functions }]);
    expect(verdict).toBe(isOver ? "over" : "within");
  });

  it("are inconclusive where one of the accounts is not exact, and null where there are none", () => {
    const budgets = [{ kind: "total", name: "--fail-over", growth: 0 }] as const;
    expect(compareSnapshots(a, { ...b, exact: false }, { budgets }).verdict).toBe("inconclusive");
    expect(compareSnapshots({ ...a, exact: false }, a, { budgets }).verdict).toBe("inconclusive");
    expect(compareSnapshots(a, b).verdict).toBeNull();
  });
});

describe("real captures", () => {
  const snapshots = new Map<string, Snapshot>();
  const accountNamed = (name: string) => {
    const known = snapshots.get(name) ?? accountOf(readFixture(name).text);
    snapshots.set(name, known);
    return known;
  };

  it.each(["5.10-amd64", "6.1-amd64", "6.12-amd64", "7.2-amd64", "6.1-arm64"])(
    "%s does not differ from itself",
    (name) => {
      const diff = compareSnapshots(accountNamed(name), accountNamed(name));
      expect(diff.functions.filter(({ status }) => status !== "same")).toEqual([]);
      expect([diff.growthBytes, diff.noise.functions, ...Object.values(diff.delta)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    },
  );

  it.each([
    ["6.1-amd64", "6.12-amd64"],
    ["5.10-amd64", "6.1-amd64"],
    ["6.1-amd64", "6.1-arm64"],
  ])("%s and %s differ as the independent program's accounts do, function by function", (nameA, nameB) => {
    const diff = diffSchema.parse(compareSnapshots(accountNamed(nameA), accountNamed(nameB), { noiseBytes: 0 }));
    const expected = new Map<string, number>();
    for (const [name, sign] of [[nameA, -1] as const, [nameB, 1] as const]) {
      for (const { callSite, netBytes } of readFixture(name).expected.callers) {
        const { name: of, module } = functionOf(callSite);
        // Of these kernels the only one that 6.10 renamed so.
        const key = `${of === "__kvmalloc_node" ? "kvmalloc_node" : of} ${module ?? ""}`;
        expected.set(key, (expected.get(key) ?? 0) + sign * netBytes);
      }
    }
    const found = diff.functions.map((row) => [`${row.function} ${row.module ?? ""}`, row.delta.netBytes] as const);
    expect(new Map(found)).toEqual(expected);
    expect(found).toHaveLength(expected.size);
    expect(diff.growthBytes).toBe(diff.delta.netBytes);
    for (const row of [...diff.functions, ...diff.groups])
      expect(row.delta.netBytes).toBe(row.b.netBytes - row.a.netBytes);
    for (const { sites, delta } of diff.functions)
      expect(sites.reduce((sum, { netBytes }) => sum + netBytes, 0)).toBe(delta.netBytes);
    const both = diff.functions.filter(({ status }) => status !== "new" && status !== "gone").length;
    // Most of what a kernel does, the next one does as well.
    expect(both).toBeGreaterThan(diff.functions.length / 2);
  });
});

describe("bytes that hidden frees may explain", () => {
  const a = holding(["f+0x1/0x9", 1, 4096], ["g+0x1/0x9", 1, 4096]);
  const b = holding(["f+0x1/0x9", 5, 4096], ["g+0x1/0x9", 2, 4096]);
  const doubting = (callSite: string, doubtfulBytes: number): Snapshot => ({
    ...b,
    callers: b.callers.map((row) => (row.callSite === callSite ? { ...row, doubtfulObjects: 1, doubtfulBytes } : row)),
  });
  const judged = (side: Snapshot, growth: number) =>
    compareSnapshots(a, side, { budgets: [{ kind: "total", name: "--fail-over", growth }] });

  it.each([
    ["over all the same", "f+0x1/0x9", 8192, 8192, "over", false],
    ["do not decide alone", "f+0x1/0x9", 12_288, 8192, "inconclusive", true],
    ["are no more than what grew", "g+0x1/0x9", 8192, 16_384, "inconclusive", true],
    ["matter nowhere below the limit", "f+0x1/0x9", 12_288, 20_480, "within", false],
  ])("%s", (_, site, bytes, limit, verdict, isDoubtful) => {
    const diff = judged(doubting(site, bytes), limit);
    expect(diff.verdict).toBe(verdict);
    expect(diff.gates).toMatchObject([
      { bytes: 20_480, isDoubtful, doubtfulBytes: Math.min(bytes, site === "g+0x1/0x9" ? 4096 : 16_384) },
    ]);
    const text = formatDiff(diff, { orderBy: "current_dynamic", top: 9 });
    expect(text.includes("inconclusive: over only by bytes that frees without an event may explain")).toBe(isDoubtful);
  });

  it("are all of a function's whose addresses come again without a free, where the slabs were not read", () => {
    const implied = {
      ...b,
      callers: b.callers.map((row) => ({ ...row, impliedFrees: row.callSite.startsWith("f") ? 3 : 0 })),
    };
    expect(judged(implied, 8192).verdict).toBe("inconclusive");
    expect(judged(implied, 4095).verdict).toBe("over");
  });
});
