/** `kmemtap snapshot` as a process: on this machine's kernel, on recordings, and used wrongly. */
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { type Snapshot, snapshotSchema } from "../../src/model/snapshot.ts";
import { ensureBuilt, kmemtap } from "../support/kmemtap.ts";
import { tempDir } from "../support/temp-dir.ts";
import { canTrace, INSTANCES, makeEvents, note, settings, startTraced, type TracedRun } from "../support/traced.ts";
import { alloc, ALLOC_LINE, head } from "../support/trace-text.ts";
import { until } from "../support/until.ts";

beforeAll(ensureBuilt, 120_000);

function quiet(): string[] {
  const file = join(tempDir(), "kmemtap.yaml");
  writeFileSync(file, "logLevel: silent\n");
  return ["--config", file];
}

const snapshotOf = (text: string): Snapshot => snapshotSchema.parse(JSON.parse(text));

describe.skipIf(!canTrace)(`kmemtap snapshot local:${note}`, () => {
  let before: ReturnType<typeof settings>;
  beforeAll(() => {
    before = settings();
  });

  async function ended(run: TracedRun, status: number): Promise<void> {
    expect({ status: await run.status, stderr: run.stderr }).toMatchObject({ status });
    expect(run.armed.size).toBe(1);
    expect(run.left()).toEqual([]);
    expect(settings()).toEqual(before);
  }

  it("prints the snapshot of that time, with mode, link and CPUs, and leaves nothing behind", async () => {
    const run = startTraced(["snapshot", "local:", "--for", "1s", "--json", ...quiet()]);
    await ended(run, 0);
    expect(run.stderr).toBe("");
    const snapshot = snapshotOf(run.stdout);
    expect(snapshot).toMatchObject({
      exact: true,
      mode: "raw",
      link: { kind: "local", label: "local:", reconnects: 0 },
      gaps: [],
    });
    expect(snapshot.release).toBe(readFileSync("/proc/sys/kernel/osrelease", "utf8").trim());
    expect(snapshot.bootId).toBe(readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
    expect(snapshot.cpus?.length).toBeGreaterThanOrEqual(availableParallelism());
    expect(snapshot.totals.allocs).toBeGreaterThan(0);
    // The kernel keeps them to itself: elsewhere they may be half of all events.
    expect(snapshot.input.ignored["nullFree"].lines).toBe(0);
    expect(snapshot.input.bytes).toBe(snapshot.link?.bytesReceived);
  });

  it("is not exact where somebody turns the trace off, and says so", async () => {
    const run = startTraced(["snapshot", "local:", "--for", "4s", "--json", "--strict", ...quiet()]);
    await until("its instance", () => run.armed.size === 1, 30_000);
    const on = `${INSTANCES}/${[...run.armed][0]}/tracing_on`;
    await until("its window", () => readFileSync(on, "utf8").startsWith("1"), 30_000);
    // Behind the window's first moment.
    await sleep(500);
    writeFileSync(on, "0");
    await ended(run, 4);
    const { exact, loss, findings } = snapshotOf(run.stdout);
    expect({ exact, lostUncounted: loss.lostUncounted }).toEqual({ exact: false, lostUncounted: 1 });
    expect(findings).toContain(
      "somebody turned tracing_on off in kmemtap's instance: what happened meanwhile was not recorded",
    );
  });

  it.each(["raw", "text"])("is the same from a recording, mode %s", async (mode) => {
    const file = join(tempDir(), "capture.kmemtap");
    const run = startTraced([
      "snapshot",
      "local:",
      "--mode",
      mode,
      "--for",
      "1s",
      "--record",
      file,
      "--json",
      ...quiet(),
    ]);
    await ended(run, 0);
    const live = snapshotOf(run.stdout);
    // As text, a busy machine may lose events.
    expect(live).toMatchObject({ mode, ...(mode === "raw" ? { exact: true } : {}) });
    const { status, stdout } = await kmemtap(["report", file, "--json"]);
    expect(status).toBe(0);
    expect(snapshotOf(stdout)).toEqual({ ...live, source: { ...live.source, recording: true } });
  });

  it("prints the table without --json, and writes it where it is told to", async () => {
    const file = join(tempDir(), "out");
    const run = startTraced(["snapshot", "local:", "--for", "300ms", "-o", file, ...quiet()]);
    await ended(run, 0);
    expect(run.stdout).toBe("");
    expect(readFileSync(file, "utf8")).toMatch(/\+0x/);
  });

  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("ends on %s with what there is", async (signal) => {
    const run = startTraced(["snapshot", "local:", "--json"]);
    await until("the capture", () => run.stderr.includes("armed: recording"));
    run.kill(signal);
    await ended(run, 0);
    expect(snapshotOf(run.stdout)).toMatchObject({ mode: "raw", exact: true });
  });

  it("says by its status that a buffer of nothing overran, and its count is that of the kernel", async () => {
    makeEvents();
    const run = startTraced([
      "snapshot",
      "local:",
      "--for",
      "2s",
      "--buffer-kb",
      "4",
      "--strict",
      "--json",
      ...quiet(),
    ]);
    await ended(run, 4);
    expect(run.stderr).toMatch(/^kmemtap: .*lost/m);
    const { exact, loss, cpus = [] } = snapshotOf(run.stdout);
    expect(exact).toBe(false);
    expect(loss.lostEvents).toBeGreaterThan(0);
    for (const { cpu, overrun, commitOverrun, droppedEvents } of cpus) {
      expect(loss.perCpu.find((row) => row.cpu === cpu)?.lostEvents).toBe(overrun + commitOverrun + droppedEvents);
    }
  });

  it("stops at the first loss where it is told to", async () => {
    makeEvents();
    const run = startTraced(["snapshot", "local:", "--buffer-kb", "4", "--on-overrun", "stop", "--json"]);
    await ended(run, 0);
    expect(run.stderr).toContain("--on-overrun stop");
    expect(snapshotOf(run.stdout).exact).toBe(false);
  });
});

describe("kmemtap snapshot of a recording", () => {
  it("is the account of it, without what only a target has", async () => {
    const file = join(tempDir(), "trace");
    writeFileSync(file, `${ALLOC_LINE}\n`);
    const { status, stdout } = await kmemtap(["snapshot", `replay://${file}?speed=0`, "--json", ...quiet()]);
    expect(status).toBe(0);
    expect(snapshotOf(stdout)).toMatchObject({ exact: true, totals: { allocs: 1 } });
    expect(snapshotOf(stdout).mode).toBeUndefined();
  });

  it("is in the order that is asked for, as a report is", async () => {
    const file = join(tempDir(), "trace");
    const often = ["1", "2"].map((ptr) => head() + alloc({ site: "often+0x1/0x9", ptr: `0000000${ptr}`, alloc: 32 }));
    const large = head() + alloc({ site: "large+0x1/0x9", ptr: "00000003", alloc: 4096 });
    writeFileSync(file, `${[...often, large].join("\n")}\n`);
    const args = ["snapshot", `replay://${file}?speed=0`, ...quiet()];
    const callersOf = async (...more: string[]) => {
      const { stdout } = await kmemtap([...args, "--json", ...more]);
      return snapshotOf(stdout).callers.map(({ caller }) => caller);
    };
    expect(await callersOf()).toEqual(["large+0x1", "often+0x1"]);
    expect(await callersOf("--order-by", "alloc_count")).toEqual(["often+0x1", "large+0x1"]);
    expect(await callersOf("--order-by", "allocs")).toEqual(["often+0x1", "large+0x1"]);
    const { stdout } = await kmemtap([...args, "--order-by", "alloc_count"]);
    expect(stdout).toMatch(/often\+0x1\n.*large\+0x1\n/);
    const dumped = await kmemtap([...args, "--order-by", "waste", "--every", "1s", "-o", tempDir()]);
    expect(dumped.status).toBe(2);
    expect(dumped.stderr).toContain("--order-by are of one report");
  });

  it("that is not there is a failure of the target, in two lines", async () => {
    const { status, stderr, stdout } = await kmemtap(["snapshot", "replay:///nonexistent", "--for", "1s"]);
    expect(stderr).toMatch(/^kmemtap: .*nonexistent.*\n {2}\S.*\n$/);
    expect(stdout).toBe("");
    expect(status).toBeGreaterThan(0);
  });
});

describe("wrong use", () => {
  it.each<[string[], RegExp]>([
    [[], /missing required argument 'TARGET'/],
    [["local:", "--for", "nonsense"], /--for nonsense: not a time\n {2}for example --for 20s/],
    [["local:", "--for", ""], /--for : not a time/],
    [["local:", "--for", "600h"], /--for 600h: too long a time\n {2}24 days/],
    [["local:", "--mode", "quick"], /argument 'quick' is invalid.*auto, raw, text, hist/],
    [["local:", "--on-overrun", "panic"], /Allowed choices are alert, grow, stop/],
    [["local:", "--hist-keys", "100"], /--hist-keys 100: not a whole number from 128 to 131072/],
    [["local:", "--hist-keys", "1000"], /--hist-keys is not a power of two\n {2}the kernel takes/],
    [["local:", "--buffer-kb", "0"], /--buffer-kb 0: not a whole number/],
    [["local:", "--poll-ms", "fast"], /--poll-ms fast/],
    [["local:", "--console", "/tmp/x"], /--console goes with a trace that is read from a file/],
    [["local:x"], /takes nothing behind it/],
    [["nowhere"], /neither a URL nor a name/],
    [["local:", "extra"], /too many arguments/],
    [["local:", "--frobnicate"], /unknown option '--frobnicate'/],
  ])("%j says what and what to do", async (args, message) => {
    const { status, stdout, stderr } = await kmemtap(["snapshot", ...args]);
    expect(stderr).toMatch(message);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).not.toMatch(/ {4}at |defect of kmemtap/);
    expect(stderr.trimEnd().split("\n").length).toBe(2);
  });
});
