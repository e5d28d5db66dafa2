/** The screen of `kmemtap top`: what is in it at any size, and what gets nowhere near a terminal. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import type { Tasks } from "../../../src/model/tasks.ts";
import { drawTop, printTop, roomOn } from "../../../src/cli/top/draw-top.ts";
import type { TopData } from "../../../src/cli/top/top-data.ts";
import { compact } from "../../../src/cli/top/top-rows.ts";
import { sparkline } from "../../../src/cli/top/sparkline.ts";
import { INITIAL, press } from "../../../src/cli/top/top-state.ts";
import { accountOf } from "../../support/account.ts";
import { charge } from "../../support/callers.ts";

const base = accountOf("");
const size = { columns: 80, rows: 24, ascii: false };
const data = (change: Partial<Snapshot> = {}, more: Partial<TopData> = {}): TopData => ({
  snapshot: { ...base, ...change },
  eventsPerSecond: 12_345,
  history: [0, 1000, 2000],
  stepMs: 1000,
  baseline: new Map(),
  ...more,
});
const texts = (from: TopData, state = INITIAL, of = size, news: readonly string[] = []) =>
  drawTop(from, state, of, news).map(({ text }) => text);
const rows = [
  charge("kernfs_new+0x5d/0x1a0", undefined, 3000),
  charge("vfat_fill_super+0x1f/0x90 [vfat]", { file: "fs/fat/inode.c", line: 12 }, 5000),
];

describe("a screen of 80 × 24", () => {
  it("has the figures, the callers by what they hold, and what keys there are", () => {
    const lines = texts(data({ callers: rows }));
    expect(lines).toHaveLength(24);
    expect(lines[1]).toBe("exact: nothing lost");
    expect(lines[2]).toContain("12345 ev/s");
    expect(lines[5]).toMatch(/^ +\*NET +GROWTH +WASTE +ALLOCS +FREES {2}CALLER *$/);
    expect(lines[6]).toMatch(/^ {2}4\.9 KiB +\+4\.9 KiB +1 B +2 +1 {2}vfat_fill_super\+0x1f \[vfat\] {2}fs\//);
    expect(lines[7]).toContain("kernfs_new+0x5d");
    expect(lines.at(-1)).toBe("1-2 of 2 callers  ? help  q end");
  });

  it("counts growth from a beginning, and orders by it", () => {
    const grown = data(
      { callers: rows },
      {
        baseline: new Map([
          [rows[1].callSite, 5000],
          [rows[0].callSite, 1000],
        ]),
      },
    );
    expect(texts(grown, press(INITIAL, "g", 10))[6]).toMatch(/\+2\.0 KiB .*kernfs_new/);
  });

  it("claims no rate and no growth after one look", () => {
    const lines = texts(data({ callers: rows }, { eventsPerSecond: undefined, baseline: undefined, history: [8000] }));
    expect(lines[2]).toMatch(/held {2}waste .* {2}- ev\/s {2}/);
    expect(lines[6]).toMatch(/^ {2}4\.9 KiB +- +1 B /);
  });

  it.each([
    [1000, "+58.6 KiB/min"],
    [2000, "+29.3 KiB/min"],
    [90_000, "+667 B/min"],
  ])("tells the course of a minute from steps of %i ms", (stepMs, trend) => {
    expect(texts(data({}, { stepMs }))[2]).toContain(` held (${trend})`);
  });

  it("filters by caller and source file", () => {
    const state = { ...INITIAL, filter: "fs/fat" };
    expect(texts(data({ callers: rows }), state).at(-1)).toBe('1-1 of 1 caller with "fs/fat"  ? help  q end');
  });

  it("does not scroll past the last page", () => {
    const many = Array.from({ length: 40 }, (_, i) => charge(`f${String(i)}+0x1/0x2`, undefined, 40 - i));
    const lines = texts(data({ callers: many }), press(INITIAL, "end", 17));
    expect(lines.at(-1)).toMatch(/^24-40 of 40 callers/);
    expect(lines.at(-2)).toContain("f39+0x1");
  });

  it("shows tasks in place of callers, and says where they are not kept", () => {
    const sums = { ...base.totals, netBytes: 2048, totalBytes: 4096, allocs: 9, frees: 3 };
    const tasks: Tasks = {
      schema: "kmemtap.tasks/1",
      tasks: [
        { ...sums, id: 3, pid: 101, comm: "modprobe" },
        { ...sums, id: 1, pid: null, comm: "(interrupt)", netBytes: 4096 },
      ],
    };
    const state = press(INITIAL, "k", 10);
    const lines = texts(data({ callers: rows }, { tasks, baseline: new Map([["task 3", 1024]]) }), state);
    expect(lines[5]).toMatch(/^ +\*NET +GROWTH +WASTE +ALLOCS +FREES {2}TASK *$/);
    expect(lines[6]).toMatch(/^ {2}4\.0 KiB +\+4\.0 KiB .* \(interrupt\)$/);
    expect(lines[7]).toMatch(/^ {2}2\.0 KiB +\+1\.0 KiB +0 B +9 +3 {2}modprobe-101$/);
    expect(lines.at(-1)).toBe("1-2 of 2 tasks  ? help  q end");
    expect(texts(data({ callers: rows }, { tasks }), { ...state, filter: "modp" }).at(-1)).toMatch(/^1-1 of 1 task /);
    expect(texts(data({ callers: rows }), state)[6]).toBe(
      "tasks are not kept: start it with --tasks; k shows callers again",
    );
    expect(texts(data({ callers: rows }, { tasks }), press(state, "k", 10))[6]).toContain("vfat_fill_super");
  });

  it("has the age of what is alive in place of the frees where it is kept, beside them where there is room", () => {
    const ages = new Map([[rows[0].callSite, 0.0123]]);
    const aged = data({ callers: rows }, { ages });
    const lines = texts(aged, press(INITIAL, "e", 10));
    expect(lines[5]).toMatch(/^ +NET +GROWTH +WASTE +ALLOCS +\*AGE {2}CALLER *$/);
    expect(lines[6]).toMatch(/ 12 ms {2}kernfs_new\+0x5d/);
    expect(lines[7]).toMatch(/ - {2}vfat_fill_super\+0x1f/);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    expect(texts(aged, INITIAL, { ...size, columns: 140 })[5]).toMatch(/FREES +TOTAL +PEAK +AGE {2}CALLER/);
  });

  it("says what is in no column: implied and unmatched frees, and what may be gone", () => {
    const totals = { ...base.totals, impliedFrees: 1 };
    const loss = { ...base.loss, impliedFrees: 1, unmatchedFrees: 1360 };
    const reconciliation = { hiddenFrees: 12, hiddenBytes: 1536 } as NonNullable<Snapshot["reconciliation"]>;
    const callers = [{ ...rows[0], impliedFrees: 1, liveObjects: 3, doubtfulObjects: 2, doubtfulBytes: 2000 }];
    const lines = texts(data({ callers, totals, loss, reconciliation }), INITIAL, { ...size, columns: 130 });
    expect(lines[1]).toBe(
      "exact: nothing lost  1 implied free  1,360 unmatched frees  12 objects freed without an event",
    );
    expect(lines[6]).toContain("kernfs_new+0x5d  (1 implied free)  (up to 2 of 3 gone)");
    // Half a note would be another number.
    const narrow = (columns: number) => texts(data({ callers }), INITIAL, { ...size, columns })[6];
    const whole = lines[6].trimEnd().length;
    expect(narrow(whole)).toMatch(/\(up to 2 of 3 gone\)$/);
    expect(narrow(whole - 1)).toMatch(/\(1 implied free\)$/);
    expect(narrow(80)).toMatch(/kernfs_new\+0x5d$/);
  });

  it("marks what may be gone where 80 columns have room for it: at the bytes, each caller's and all", () => {
    const reconciliation = { hiddenFrees: 12, hiddenBytes: 1536 } as NonNullable<Snapshot["reconciliation"]>;
    const callers = [{ ...rows[0], doubtfulObjects: 2, doubtfulBytes: 2000 }, rows[1]];
    const lines = texts(data({ callers, reconciliation }));
    expect(lines[2]).toContain(" held, up to 1.5 KiB gone (");
    expect(lines[6]).toMatch(/^ {2}4\.9 KiB {3}\+4\.9 KiB /);
    expect(lines[7]).toMatch(/^ {2}2\.9 KiB\? {2}\+2\.9 KiB .* kernfs_new/);
    expect(texts(data({ callers: rows }))[2]).not.toContain("gone");
  });

  it("says loss where it cannot be overlooked", () => {
    const loss = { ...base.loss, lostEvents: 1234 };
    const cpu = { cpu: 1, entries: 0, overrun: 1234, commitOverrun: 0, bytes: 9, droppedEvents: 0, readEvents: 5 };
    const cpus = [{ ...cpu, oldestEventAgeS: null, sizeBytes: 10, fill: 0.9, secondsToOverrun: 3 }];
    const lines = drawTop(data({ exact: false, loss, cpus }), INITIAL, size, []);
    expect(lines[1]).toMatchObject({ style: "alarm", text: expect.stringContaining("1234 events lost") as string });
    expect(lines[4]).toMatchObject({ style: "alarm", text: "buffers  CPU1 90 %, overruns in 3 s, 1,234 lost" });
  });
});

describe("what warns", () => {
  const many = Array.from({ length: 40 }, (_, i) => charge(`f${String(i)}+0x1/0x2`, undefined, 40 - i));
  const perCpu = Array.from({ length: 12 }, (_, cpu) => ({
    cpu,
    events: 0,
    lostEvents: 7,
    lostUncounted: 0,
    lastLossNs: 0,
  }));
  const loss = { ...base.loss, lostEvents: 123_456, perCpu, unmatchedFrees: 1360 };
  const cpu = { entries: 0, commitOverrun: 0, bytes: 9, droppedEvents: 0, readEvents: 5, oldestEventAgeS: null };
  const cpus = perCpu.map((_, number) => ({
    ...{ ...cpu, cpu: number, sizeBytes: 10, fill: 0.9 },
    overrun: number < 4 ? 1234 : 0,
    secondsToOverrun: number < 5 ? 3 : null,
  }));
  const lossy = data({ exact: false, loss, cpus, callers: many });
  const ARMED =
    "kernel 3.16 hashes no pointers, so that what is freed unseen cannot be told from what was never seen at all; read docs/trust.md";

  /** Lines as one, without what indents them. */
  const whole = (lines: readonly string[]) => lines.join(" ").replaceAll(/ +/g, " ");

  it("is there whole in 80 columns, and leaves ten rows of callers", () => {
    const lines = texts(lossy, INITIAL, size, ["armed", ARMED]);
    expect(lines).toHaveLength(24);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    expect(whole(lines)).toContain(
      "not exact: 123456 events lost (CPU 0, CPU 1, CPU 2, CPU 3, CPU 4, CPU 5, CPU 6, CPU 7, CPU 8, CPU 9, CPU 10, CPU 11) 1,360 unmatched frees",
    );
    expect(whole(lines)).toContain("CPU3 90 %, overruns in 3 s, 1,234 lost · CPU4 90 %, overruns in 3 s");
    expect(whole(lines)).toContain(`armed ${ARMED} 1-`);
    expect(lines.filter((line) => / f\d+\+0x1$/.test(line)).length).toBeGreaterThanOrEqual(10);
    expect(drawTop(lossy, INITIAL, size, []).filter(({ style }) => style === "alarm").length).toBeGreaterThan(3);
  });

  it("takes its lines from the page that a key scrolls by", () => {
    const room = roomOn(lossy, INITIAL, size, [ARMED]);
    expect(texts(lossy, INITIAL, size, [ARMED]).at(-1)).toBe(`1-${String(room)} of 40 callers  ? help  q end`);
    expect(room).toBeLessThan(roomOn(data(), INITIAL, size, []));
    expect(texts(lossy, press(INITIAL, "end", room), size, [ARMED]).at(-1)).toMatch(/^\d+-40 of 40 /);
  });

  it("is cut where a screen is so small that callers would have no room", () => {
    const lines = texts(lossy, INITIAL, { ...size, rows: 10 }, [ARMED]);
    expect(lines).toHaveLength(10);
    expect(lines.filter((line) => / f\d+\+0x1$/.test(line))).toHaveLength(2);
    expect(lines.at(-2)).toMatch(/^kernel 3\.16 /);
  });

  it("is whole before anything comes of the target, and in a pipe", () => {
    const waiting = drawTop(undefined, INITIAL, size, [ARMED]).map(({ text }) => text);
    expect(whole(waiting)).toBe(`kmemtap top: waiting for the target ${ARMED}`);
    const printed = printTop(lossy, INITIAL, 60, 3);
    expect(whole(printed)).toMatch(/ CPU 11\) 1,360 unmatched frees .* CALLER .* f2\+0x1$/);
  });
});

it("never sends what a target has named as an escape, and never more than there is room for", () => {
  const hostile = fc.string({ unit: "binary", maxLength: 60 });
  fc.assert(
    fc.property(
      hostile,
      hostile,
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 1, max: 60 }),
      fc.boolean(),
      (name, news, columns, height, ascii) => {
        const lines = texts(
          data({ callers: [{ ...rows[0], caller: `\x1b[31m${name}` }], source: { ...base.source, label: name } }),
          INITIAL,
          { columns, rows: height, ascii },
          [news, "armed"],
        );
        expect(lines.length).toBeLessThanOrEqual(height);
        for (const line of lines) {
          expect(Array.from(line).length).toBeLessThanOrEqual(columns);
          expect(line).not.toMatch(ascii ? /[^\x20-\x7e]/ : /\p{Cc}/u);
        }
      },
    ),
  );
});

it("fits counts into six characters", () => {
  expect([0, 99_999, 100_000, 999_999, 1_234_567, 99_900_000, 123_456_789_000].map(compact)).toEqual([
    "0",
    "99999",
    "100k",
    "1000k",
    "1.2M",
    "99.9M",
    "123G",
  ]);
});

it("draws a course from its least to its most", () => {
  expect(sparkline([0, 7, 3.5], 10, false)).toBe("▁█▅");
  expect(sparkline([5, 5], 10, true)).toBe("__");
  expect(sparkline([1, 2, 3, 4], 2, true)).toBe("_@");
});
