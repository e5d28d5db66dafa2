/** What a target says of itself, and what it makes of the account that arrived. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TargetState } from "../../src/capture/target-state.ts";
import type { LossMark } from "../../src/model/event-batch.ts";
import { type Snapshot, snapshotSchema } from "../../src/model/snapshot.ts";
import { alertSchema } from "../../src/model/wire.ts";
import type { AgentMode } from "../../src/target/agent/choose-mode.ts";
import { line, stats, type Stats } from "../support/agent-lines.ts";
import { plainSource } from "../support/agent-source.ts";
import { ledgerOf } from "../support/events.ts";
import { HistMaps } from "../support/hist-maps.ts";
import { parseAgentLine } from "../../src/target/agent/agent-line.ts";
import { NONCE } from "../support/agent-lines.ts";

const stateOf = (mode: AgentMode = "text") => new TargetState(plainSource({ mode }));

function accountOf(losses: readonly LossMark[] = []): Snapshot {
  const source = { label: "local:", recording: false, run: 1 };
  return ledgerOf([[{ kind: "kmalloc", ptr: 1n, site: "a+0x1/0x2", alloc: 64, cpu: 0 }]], "all", losses).snapshot({
    source,
  });
}

function complete(state: TargetState, losses: readonly LossMark[] = []): Snapshot {
  const snapshot = state.complete(accountOf(losses), 1000);
  expect(() => snapshotSchema.parse(snapshot)).not.toThrow();
  return snapshot;
}

const hearStats = (state: TargetState, fields: Stats) => state.hear(line(stats(fields)), 0, 1);

describe("the snapshot of an armed target", () => {
  it("says how it was read, over which link, and how its buffers are", () => {
    const state = stateOf();
    hearStats(state, { cpu: 1, entries: 5 });
    hearStats(state, { cpu: 0, bytes: 32 * 1024 });
    expect(complete(state)).toMatchObject({
      exact: true,
      mode: "text",
      link: { kind: "local", bytesReceived: 1000, reconnects: 0 },
      cpus: [
        { cpu: 0, fill: 0.5 },
        { cpu: 1, entries: 5 },
      ],
      gaps: [],
      loss: { lostEvents: 0, perCpu: [{ cpu: 0 }, { cpu: 1, events: 0, lostEvents: 0 }] },
    });
  });

  it("still says so once the link is gone", () => {
    const source = plainSource({ mode: "text" });
    const state = new TargetState(source);
    state.hear(line("session mode=text link=local", "k"), 0, 1);
    source.forget();
    expect(complete(state)).toMatchObject({ mode: "text", release: "6.1.0", link: { kind: "local" } });
  });

  const mark = fc.record({
    cpu: fc.option(fc.nat(3), { nil: undefined, freq: 6 }),
    events: fc.option(fc.nat(50), { nil: undefined, freq: 6 }),
    timeNs: fc.nat(1e9),
  });
  const look = fc.record({ cpu: fc.nat(3), overrun: fc.nat(80), commit: fc.nat(2), dropped: fc.nat(2) });

  it("counts what a CPU lost once: by its markers or by its stats, whichever knows of more", () => {
    fc.assert(
      fc.property(fc.array(mark, { maxLength: 10 }), fc.array(look, { maxLength: 10 }), (marks, looks) => {
        const state = stateOf();
        const counted = new Map<number, number>();
        const sums = new Map<number, { overrun: number; commit: number; dropped: number }>();
        looks.forEach(({ cpu, overrun, commit, dropped }, i) => {
          const sum = sums.get(cpu) ?? { overrun: 0, commit: 0, dropped: 0 };
          const now = { overrun: sum.overrun + overrun, commit: sum.commit + commit, dropped: sum.dropped + dropped };
          sums.set(cpu, now);
          counted.set(cpu, now.overrun + now.commit + now.dropped);
          hearStats(state, { cpu, ...now, now: `${i + 2}.0` });
        });
        const { loss, exact } = complete(state, marks);
        let all = 0;
        for (let cpu = 0; cpu < 4; cpu++) {
          const marked = marks.filter((one) => one.cpu === cpu).reduce((sum, { events = 0 }) => sum + events, 0);
          const lost = Math.max(marked, counted.get(cpu) ?? 0);
          expect(loss.perCpu.find((row) => row.cpu === cpu)?.lostEvents ?? 0).toBe(lost);
          all += lost;
        }
        const anywhere = marks.reduce((sum, { events = 0 }) => sum + events, 0);
        expect(loss.lostEvents).toBe(Math.max(all, anywhere));
        expect(loss.lostEvents).toBeLessThanOrEqual(anywhere + [...counted.values()].reduce((a, b) => a + b, 0));
        expect(exact).toBe(loss.lostEvents === 0 && loss.lostUncounted === 0);
        // Asked again, nothing has been added.
        expect(complete(state, marks).loss).toEqual(loss);
      }),
      { numRuns: 200 },
    );
  });
});

describe("a gap of the link", () => {
  it("makes the account inexact, is shown, and is told once", () => {
    const state = stateOf();
    hearStats(state, { overrun: 5 });
    state.takeAlerts();
    state.hear(line("gap from=1000 to=3500 the cable was pulled", "k"), 7, 9);
    hearStats(state, { overrun: 2, read: 3, now: "1.5" });
    expect(complete(state)).toMatchObject({
      exact: false,
      gaps: [{ fromMs: 1000, toMs: 3500, reason: "the cable was pulled" }],
      loss: { lostEvents: 7, lostUncounted: 1 },
    });
    expect(state.takeAlerts()).toMatchObject([
      { level: "lost", cpu: null, events: null, timeNs: 7, text: expect.stringContaining("2.5 s") as string },
      { level: "lost", cpu: 0, events: 2 },
    ]);
    expect(state.takeAlerts()).toEqual([]);
  });

  it("in mode hist goes on with the sums from before", () => {
    const state = stateOf("hist");
    const maps = new HistMaps();
    maps.add("kmalloc", "ffffffff81000010", 64, 60, 10);
    hearAll(state, maps.reading());
    state.hear(line("gap from=1 to=2 x", "k"), 0, 1);
    const again = new HistMaps();
    again.add("kmalloc", "ffffffff81000010", 64, 60, 1);
    hearAll(state, again.reading());
    expect(complete(state)).toMatchObject({ totals: { allocs: 11, netBytes: 704 }, loss: { lostUncounted: 1 } });
  });

  it("of which there were thousands is shown by the last, and all are counted", () => {
    const state = stateOf();
    for (let i = 0; i < 10_000; i++) state.hear(line(`gap from=${i} to=${i + 1} flapping`, "k"), 0, 1);
    const { gaps, loss } = complete(state);
    expect(gaps?.length).toBeLessThanOrEqual(100);
    expect(gaps?.at(-1)).toMatchObject({ fromMs: 9999 });
    expect(loss.lostUncounted).toBe(10_000);
  });
});

describe("what nobody has read in the end", () => {
  it("is lost, by the last stats, once for each connection", () => {
    const state = stateOf();
    hearStats(state, { cpu: 0, entries: 5 });
    hearStats(state, { cpu: 1, entries: 7 });
    state.takeAlerts();
    state.hear(line("end reason=lost"), 0, 1);
    state.hear(line("end reason=lost"), 0, 1);
    expect(complete(state)).toMatchObject({ exact: false, loss: { lostEvents: 12 } });
    state.hear(line("gap from=1 to=2 x", "k"), 0, 1);
    hearStats(state, { cpu: 0, entries: 3, read: 0 });
    state.hear(line("end reason=stop"), 0, 1);
    expect(complete(state).loss.lostEvents).toBe(15);
    expect(state.takeAlerts().map(({ events }) => events)).toEqual([12, null, 3]);
  });

  it("is nothing where all was read", () => {
    const state = stateOf();
    hearStats(state, { entries: 0 });
    state.hear(line("end reason=stop"), 0, 1);
    expect(complete(state)).toMatchObject({ exact: true, loss: { lostEvents: 0 } });
    expect(state.takeAlerts()).toEqual([]);
  });
});

describe("a ring buffer that somebody cleared", () => {
  it("makes the account inexact, and its counts go on", () => {
    const state = stateOf();
    hearStats(state, { overrun: 5, read: 1000 });
    hearStats(state, { overrun: 1, read: 3, now: "3.0" });
    expect(complete(state)).toMatchObject({ exact: false, loss: { lostEvents: 6, lostUncounted: 1 } });
  });
});

describe("mode hist", () => {
  it("shows the kernel's sums, and a reading that was damaged until a whole one heals it", () => {
    const state = stateOf("hist");
    const maps = new HistMaps();
    maps.add("kmalloc", "ffffffff81000010", 64, 60, 10);
    hearAll(state, maps.reading());
    expect(complete(state)).toMatchObject({ exact: true, mode: "hist", totals: { netBytes: 640, callSites: 1 } });
    maps.add("kmalloc", "ffffffff81000010", 64, 60, 1);
    const [row, ...rest] = maps.reading();
    hearAll(state, [row.replace("row", "r\u0007w"), ...rest]);
    const unsure = complete(state);
    expect(unsure.exact).toBe(false);
    expect(unsure.loss.damagedInput).toEqual(["the last reading of the sums was damaged on the way"]);
    expect(unsure.findings).toEqual([expect.stringContaining("1 of the agent's own lines")]);
    hearAll(state, maps.reading("full"));
    expect(complete(state)).toMatchObject({ exact: true, totals: { netBytes: 704 }, loss: { damagedInput: [] } });
  });

  it("tells of what found no room, once for each event", () => {
    const state = stateOf("hist");
    const maps = new HistMaps();
    for (const dropped of [0, 7, 7, 12]) {
      maps.dropped.freed = dropped;
      hearAll(state, maps.reading());
    }
    expect(state.takeAlerts().map(({ events, level }) => [level, events])).toEqual([
      ["lost", 7],
      ["lost", 5],
    ]);
    expect(complete(state)).toMatchObject({ exact: false, loss: { histDropped: 12 } });
  });
});

describe("the beginning of the window", () => {
  it("is when it was said", () => {
    const state = stateOf();
    hearStats(state, { entries: 0, read: 0, overrun: 0 });
    expect(state.beganMs).toBeUndefined();
    state.hear(line("begin"), 0, 55);
    state.hear(line("begin"), 0, 66);
    expect(state.beganMs).toBe(55);
  });

  it("is known though its mark was overwritten: the ring buffers hold something", () => {
    const state = stateOf();
    state.hear(line(stats({ entries: 5, read: 0 })), 0, 44);
    expect(state.beganMs).toBe(44);
  });
});

describe("a target that lies or breaks", () => {
  it.each<Stats>([
    { cpu: "x" },
    { cpu: "-1" },
    { cpu: 99_999_999 },
    { overrun: "NaN" },
    { overrun: "" },
    { entries: "1e9" },
    { read: "9".repeat(30) },
    { now: "soon" },
    { now: "1.2.3" },
  ])("is not believed: %j", (fields) => {
    const state = stateOf();
    hearStats(state, fields);
    expect(complete(state).cpus).toEqual([]);
    expect(state.takeReport()).toBeUndefined();
  });

  it("with huge numbers of every kind makes no snapshot that its schema refuses", () => {
    const state = stateOf();
    const huge = "9".repeat(15);
    for (let cpu = 0; cpu < 64; cpu++) {
      const counts = { entries: huge, overrun: huge, commit: huge, bytes: huge, dropped: huge, read: huge, kb: huge };
      for (let i = 0; i < 5; i++) {
        hearStats(state, { cpu, ...counts, oldest: "0.000001", now: "999999999999.999999999" });
        state.hear(line("gap from=1 to=2 again", "k"), 0, 1);
      }
    }
    expect(complete(state).loss.lostEvents).toBe(Number.MAX_SAFE_INTEGER);
    for (const alert of state.takeAlerts()) expect(() => alertSchema.parse(alert)).not.toThrow();
  });

  it("with ever new findings, CPUs and maps fills no memory", () => {
    const state = stateOf();
    for (let i = 0; i < 10_000; i++) {
      state.hear(line(`finding code=new-${i}`), 0, 1);
      hearStats(state, { cpu: 8192 + i });
      state.hear(line(`map name=m${i} hits=1 entries=1 size=128 dropped=0`), 0, 1);
    }
    const { findings = [], cpus, histMaps = [] } = complete(state);
    expect(findings.length).toBeLessThan(120);
    expect(findings).toContain("9900 more findings are not shown");
    expect(cpus).toEqual([]);
    expect(histMaps.length).toBeLessThanOrEqual(100);
  });

  it("says the same finding once", () => {
    const state = stateOf();
    for (let i = 0; i < 5; i++) state.hear(line("finding code=no-global-clock"), 0, 1);
    expect(complete(state).findings).toHaveLength(1);
  });

  it("with lines of no known type, or with nothing in them, changes nothing", () => {
    const state = stateOf();
    const before = complete(state);
    for (const type of ["nonsense", "gap", "name", "sym", "grown-not"]) state.hear(line(type), 0, 1);
    expect(complete(state)).toEqual(before);
  });
});

describe("what becomes of the ring buffers", () => {
  it("is news: enlarged, or no room for it", () => {
    const state = stateOf();
    state.hear(line("grown from=64 kb=256"), 3, 4);
    state.hear(line("grow-refused kb=1024 available_kb=9"), 3, 4);
    expect(state.takeAlerts()).toMatchObject([
      { level: "info", text: "ring buffers enlarged to 256 KB a CPU", atMs: 4, timeNs: 3, events: null },
      { level: "warning", text: expect.stringContaining("cannot grow") as string },
    ]);
  });

  it("is a report for the lag, when there is something new", () => {
    const state = stateOf();
    hearStats(state, { cpu: 0, entries: 3, overrun: 1, now: "2.5" });
    hearStats(state, { cpu: 1, entries: 4, overrun: 2, now: "2.4" });
    expect(state.takeReport()).toEqual({ nowNs: 2.5e9, waitingEvents: 7, overrun: 3 });
    expect(state.takeReport()).toBeUndefined();
  });
});

function hearAll(state: TargetState, lines: readonly string[]): void {
  for (const text of lines) {
    const parsed = parseAgentLine(text, NONCE);
    if (parsed !== undefined) state.hear(parsed, 0, 1);
  }
}
