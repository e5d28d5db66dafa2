/** A session over real files: what viewers would see. */
import { appendFileSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Subject } from "rxjs";
import { describe, expect, it, onTestFinished } from "vitest";
import { liveSession } from "../../src/capture/live-session.ts";
import type { LiveUpdate } from "../../src/capture/live-update.ts";
import type { TargetReport } from "../../src/model/ports.ts";
import { snapshotSchema } from "../../src/model/snapshot.ts";
import { linkStateSchema } from "../../src/model/wire.ts";
import { followFile } from "../../src/transport/follow-file.ts";
import { replayFile } from "../../src/transport/replay-file.ts";
import { collect, type Collected } from "../support/collect.ts";
import { tempDir } from "../support/temp-dir.ts";
import { ALLOC_LINE, alloc, CACHE_ALLOC_LINE, FREE_LINE, head } from "../support/trace-text.ts";
import { until } from "../support/until.ts";

const FAST = { snapshotMs: 10, silentAfterMs: 60_000 };

function follow(path: string, options = FAST) {
  const source = followFile(path, { pollMs: 2 });
  onTestFinished(() => source.close());
  const updates = collect(liveSession(source, options));
  return { source, updates };
}

const latest = (updates: Collected<LiveUpdate>) => updates.values[updates.values.length - 1];

describe("a growing file", () => {
  it("is waiting, then streaming, with every snapshot newer than the last", async () => {
    const path = join(tempDir(), "serial.log");
    const { updates } = follow(path);
    await until("a first update", () => updates.values.length > 0);
    expect(latest(updates)).toMatchObject({
      link: { status: "waiting" },
      snapshot: { totals: { allocs: 0 } },
      history: [],
    });
    writeFileSync(path, `${ALLOC_LINE}\n`);
    await until("one allocation", () => latest(updates).snapshot.totals.allocs === 1);
    expect(latest(updates).link.status).toBe("streaming");
    appendFileSync(path, `${CACHE_ALLOC_LINE}\n${FREE_LINE}\n`);
    await until("one free", () => latest(updates).snapshot.totals.frees === 1);
    const { snapshot, history, link } = latest(updates);
    expect(snapshotSchema.parse(snapshot)).toMatchObject({ exact: true, totals: { allocs: 2, netBytes: 704 } });
    expect(snapshot.source).toEqual({ label: `file://${path}`, recording: false, run: 1 });
    expect(history.at(-1)).toEqual([2.3, 704, 700, 1]);
    expect(() => linkStateSchema.parse(link)).not.toThrow();
  });

  it("half a line is not an event until its end has come", async () => {
    const path = join(tempDir(), "serial.log");
    const { updates } = follow(path);
    writeFileSync(path, ALLOC_LINE.slice(0, -30));
    await until("bytes", () => updates.values.some(({ link }) => link.status === "streaming"));
    expect(latest(updates).snapshot.totals.allocs).toBe(0);
    appendFileSync(path, `${ALLOC_LINE.slice(-30)}\n`);
    await until("the event", () => latest(updates).snapshot.totals.allocs === 1);
    expect(latest(updates).snapshot.exact).toBe(true);
  });

  it("falls silent, and streams again", async () => {
    const path = join(tempDir(), "serial.log");
    writeFileSync(path, `${ALLOC_LINE}\n`);
    const { updates } = follow(path, { snapshotMs: 10, silentAfterMs: 40 });
    await until("silence", () => updates.values.some(({ link }) => link.status === "silent"));
    expect(latest(updates).link.detail).toMatch(/^nothing for \d+ s/);
    appendFileSync(path, `${FREE_LINE}\n`);
    const before = updates.values.length;
    await until("streaming again", () => updates.values.slice(before).some(({ link }) => link.status === "streaming"));
  });
});

it("says how long the trace clock was not heard of, though bytes come", async () => {
  const path = join(tempDir(), "serial.log");
  writeFileSync(path, `${ALLOC_LINE}\n`);
  const { updates } = follow(path);
  const noise = setInterval(() => appendFileSync(path, "a line of the console\n"), 50);
  onTestFinished(() => clearInterval(noise));
  await until("two seconds of it", () => updates.values.some(({ link }) => link.idleSeconds === 2));
  expect(latest(updates).link.status).toBe("streaming");
  appendFileSync(path, `${CACHE_ALLOC_LINE}\n`);
  await until("the event", () => latest(updates).snapshot.totals.allocs === 2);
  expect(latest(updates).link.idleSeconds).toBe(0);
});

describe("a new boot", () => {
  it("is a new account; the old one is kept as the previous run", async () => {
    const path = join(tempDir(), "serial.log");
    writeFileSync(path, `${ALLOC_LINE}\nCPU:0 [LOST 9 EVENTS]\n`);
    const { updates } = follow(path);
    await until("the first boot", () => updates.values.length > 0 && latest(updates).snapshot.totals.allocs === 1);
    truncateSync(path, 0);
    await until("the second boot", () => latest(updates).snapshot.source.run === 2);
    expect(latest(updates)).toMatchObject({
      history: [],
      alerts: [],
      link: { status: "waiting" },
      snapshot: { exact: true, totals: { allocs: 0 } },
    });
    appendFileSync(path, `${CACHE_ALLOC_LINE}\n`);
    await until("its events", () => latest(updates).snapshot.totals.allocs === 1);
    const { previousRuns, snapshot } = latest(updates);
    expect(snapshot).toMatchObject({ exact: true, totals: { netBytes: 704 } });
    expect(previousRuns.map(({ summary }) => summary)).toMatchObject([
      { run: 1, exact: false, totals: { netBytes: 4096 } },
    ]);
    expect(previousRuns[0].snapshot.callers[0].callSite).toBe("tty_open+0x58/0x6e0");
  });

  it("that wrote nothing is none", async () => {
    const path = join(tempDir(), "serial.log");
    writeFileSync(path, "");
    const { updates } = follow(path);
    await until("an update", () => updates.values.length > 2);
    writeFileSync(`${path}.new`, "");
    renameSync(`${path}.new`, path);
    await new Promise((resolve) => setTimeout(resolve, 30));
    appendFileSync(path, `${ALLOC_LINE}\n`);
    await until("its events", () => latest(updates).snapshot.totals.allocs === 1);
    expect(latest(updates)).toMatchObject({ snapshot: { source: { run: 1 } }, previousRuns: [] });
  });
});

describe("losses", () => {
  it("raise one alert a CPU and tick, with the number, the CPU and the time", async () => {
    const path = join(tempDir(), "serial.log");
    writeFileSync(path, `${ALLOC_LINE}\nCPU:0 [LOST 9 EVENTS]\nCPU:0 [LOST 2 EVENTS]\nCPU:1 [LOST EVENTS]\n`);
    const { updates } = follow(path);
    await until("alerts", () => updates.values.some(({ newAlerts }) => newAlerts.length > 0));
    const [first] = updates.values.filter(({ newAlerts }) => newAlerts.length > 0);
    expect(first.newAlerts).toMatchObject([
      { cpu: 0, events: 11, timeNs: 2_206_855_000 },
      { cpu: 1, events: null, timeNs: 2_206_855_000 },
    ]);
    await until("another update", () => latest(updates) !== first);
    expect(latest(updates)).toMatchObject({
      newAlerts: [],
      alerts: first.newAlerts,
      snapshot: { exact: false, loss: { lostEvents: 11 } },
    });
  });
});

describe("the end", () => {
  it("is a last update with all that was read, and then completes", async () => {
    const path = join(tempDir(), "trace");
    writeFileSync(path, `${ALLOC_LINE}\n${CACHE_ALLOC_LINE}`);
    const updates = collect(liveSession(replayFile(path, { speed: 0 }), FAST));
    await until("the end", () => updates.ended);
    expect(latest(updates)).toMatchObject({
      link: { status: "ended" },
      snapshot: { exact: true, totals: { allocs: 2 }, source: { recording: true } },
    });
  });

  it("by a failure is shown, with what was read before", async () => {
    const path = join(tempDir(), "trace.gz");
    const lines = Array.from(
      { length: 20_000 },
      (_, i) => head() + alloc({ ptr: (i + 1).toString(16).padStart(16, "0"), req: (i * 7919) % 9000, alloc: 9000 }),
    );
    const packed = gzipSync(lines.join("\n"));
    writeFileSync(path, packed.subarray(0, packed.length >> 1));
    const updates = collect(liveSession(replayFile(path, { speed: 0 }), FAST));
    await until("the end", () => updates.ended);
    expect(updates.failure).toBeUndefined();
    expect(latest(updates).link).toMatchObject({ status: "failed", detail: expect.stringContaining(path) as string });
    expect(latest(updates).snapshot.totals.allocs).toBeGreaterThan(1000);
  });

  it("by a failure marks the account and counts the bytes of the half line it ended in", async () => {
    const failing = {
      label: "x",
      recording: false,
      runs: oneRun(`${ALLOC_LINE}\n${CACHE_ALLOC_LINE.slice(0, 90)}`),
      close: () => Promise.resolve(),
    };
    const updates = collect(liveSession(failing, FAST));
    await until("the end", () => updates.ended);
    expect(latest(updates).link.status).toBe("failed");
    expect(latest(updates).snapshot.input.bytes).toBe(ALLOC_LINE.length + 1 + 90);
    expect(latest(updates).snapshot.exact).toBe(false);
  });

  it("of a missing file is a failure, too", async () => {
    const path = join(tempDir(), "none");
    const updates = collect(liveSession(replayFile(path, { speed: 1 }), FAST));
    await until("the end", () => updates.ended);
    expect(latest(updates).link).toMatchObject({ status: "failed", detail: `${path}: no such file` });
  });
});

describe("the replay", () => {
  it("keeps the recorded pace: what is later in the trace is accounted later", async () => {
    const path = join(tempDir(), "trace");
    // A piece of the replay is 8 KiB: the second half minute of the trace is beyond the first piece.
    const early = Array.from({ length: 100 }, () => head({ clock: "1.000000" }) + alloc()).join("\n");
    const late = Array.from({ length: 100 }, () => head({ clock: "31.000000" }) + alloc()).join("\n");
    writeFileSync(path, `${early}\n${late}\n`);
    const updates = collect(liveSession(replayFile(path, { speed: 1 }), FAST));
    await until("the early half", () => updates.values.length > 3 && latest(updates).snapshot.totals.allocs >= 50);
    expect(latest(updates).snapshot.totals.allocs).toBeLessThan(200);
    expect(updates.ended).toBe(false);
  });
});

describe("what the target says of itself", () => {
  it("becomes the lag, and its last milestone", async () => {
    const path = join(tempDir(), "serial.log");
    writeFileSync(path, `${ALLOC_LINE}\n`);
    const reports = new Subject<TargetReport>();
    const source = followFile(path, { pollMs: 2 });
    onTestFinished(() => source.close());
    const updates = collect(liveSession(source, { ...FAST, reports }));
    await until("an event", () => updates.values.length > 0 && latest(updates).snapshot.totals.allocs === 1);
    expect(latest(updates).link).toMatchObject({ lag: null, milestone: null });
    reports.next({ milestone: "boot finished" });
    reports.next({ nowNs: 12_206_855_000, waitingEvents: 48_211, overrun: 3 });
    await until("the lag", () => latest(updates).link.lag !== null);
    const { link } = latest(updates);
    expect(link.milestone).toBe("boot finished");
    expect(link.lag).toMatchObject({ waitingEvents: 48_211, overrun: 3 });
    expect(link.lag?.behindSeconds).toBeGreaterThanOrEqual(10);
    reports.next({ waitingEvents: 0 });
    await until("no lag", () => latest(updates).link.lag?.waitingEvents === 0);
    expect(latest(updates).link.lag).toMatchObject({ behindSeconds: 0, etaSeconds: 0 });
  });
});

it("many viewers share one session: the file is read once", async () => {
  const path = join(tempDir(), "serial.log");
  writeFileSync(path, `${ALLOC_LINE}\n`);
  let opened = 0;
  const source = followFile(path, { pollMs: 2 });
  onTestFinished(() => source.close());
  const counted = {
    ...source,
    runs: (async function* () {
      opened++;
      yield* source.runs;
    })(),
  };
  const session = liveSession(counted, FAST);
  const [one, other] = [collect(session), collect(session)];
  await until("both", () => one.values.length > 2 && other.values.length > 2);
  expect(latest(one)).toBe(latest(other));
  expect(opened).toBe(1);
});

/** A source that fails after `text`. */
async function* oneRun(text: string) {
  await Promise.resolve();
  yield {
    bytes: (async function* () {
      await Promise.resolve();
      yield Buffer.from(text, "latin1");
      throw new Error("the cable was pulled");
    })(),
    close: () => Promise.resolve(),
  };
}
