/** A workload of this machine's kernel, recorded: its phases again from the file, and its events in trace-cmd's eyes. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportDat } from "../../src/capture/export-dat.ts";
import { diffSchema } from "../../src/model/diff.ts";
import { type Snapshot, snapshotSchema } from "../../src/model/snapshot.ts";
import { type Workload, workloadSchema } from "../../src/model/workload.ts";
import { formatWorkload } from "../../src/report/workload-report.ts";
import { needs } from "../e2e/support/needs.ts";
import { openPty, outputOf } from "../support/console-pty.ts";
import { ensureBuilt, kmemtap, MAIN } from "../support/kmemtap.ts";
import { tempDir } from "../support/temp-dir.ts";
import { canTrace, note } from "../support/traced.ts";

beforeAll(ensureBuilt, 120_000);

async function report(...args: string[]): Promise<Snapshot> {
  const { status, stdout, stderr } = await kmemtap(["report", ...args, "--json"]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return snapshotSchema.parse(JSON.parse(stdout));
}

/** What trace-cmd reports of the capture, or of a part of it, exported to `dat`; with nanoseconds. */
async function traceCmdReport(file: string, dat: string, ...part: string[]): Promise<string> {
  const { status, stderr } = await kmemtap(["export", file, "--format", "trace.dat", "-o", dat, ...part]);
  expect(stderr).toMatch(/^(kmemtap: without \d+ events of .*\n)?$/);
  expect(status).toBe(0);
  return spawnSync("trace-cmd", ["report", "-t", dat], { encoding: "utf8", maxBuffer: 2 ** 30 }).stdout;
}

describe.skipIf(!canTrace)(`a recorded workload of local:${note}`, () => {
  const dir = mkdtempSync(join(tmpdir(), "kmemtap-recorded-"));
  let file: string;
  let workload: Workload;

  beforeAll(async () => {
    file = join(dir, "run.kmemtap");
    writeFileSync(join(dir, "kmemtap.yaml"), "logLevel: silent\n");
    const phases = [
      "list=sleep 1.2; ls -R /usr/share/doc >/dev/null",
      "find=find /usr/share/doc >/dev/null; sleep 1.2",
    ];
    const args = ["run", "local:", "--mode", "raw", "--repeat", "2", "--settle", "0s", "--record", file, "--json"];
    const run = await kmemtap([
      ...args,
      ...phases.flatMap((phase) => ["--phase", phase]),
      "--config",
      join(dir, "kmemtap.yaml"),
    ]);
    expect(run.status).toBe(0);
    workload = workloadSchema.parse(JSON.parse(run.stdout));
    expect(workload.exact).toBe(true);
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it("is said at a terminal to be on its way while it becomes a trace.dat, however often it is read", async () => {
    // As the command does, but for how seldom it is shown.
    const dat = join(dir, "told.dat");
    for (const part of [
      undefined,
      { phase: "find", round: 2 },
      { fromNs: 0, toNs: 1e9, since: "first-event" as const },
    ]) {
      const shares: number[] = [];
      await exportDat(file, dat, { part, onShare: (share) => shares.push(share) });
      expect(shares).toEqual(shares.toSorted((a, b) => a - b));
      const [first, last] = [shares[0], shares.at(-1) ?? 0];
      expect(first).toBeLessThan(0.2);
      expect(last).toBeGreaterThan(0.8);
      expect(last).toBeLessThanOrEqual(1);
    }
    const args = ["export", file, "--format", "trace.dat", "-o", dat];
    const { stderr } = await kmemtap(args);
    const output = await outputOf(await openPty([process.execPath, MAIN, ...args]));
    const [before, shown, ...rest] = output.split("\r\x1b[2K");
    expect({ before, shown: shown.slice(0, 8) }).toEqual({ before: "", shown: "0 % read" });
    expect(rest.at(-1)).toBe(stderr.replaceAll("\n", "\r\n"));
  });

  it("has each phase of each round in it, to the byte", async () => {
    const whole = await report(file);
    for (const { name, round, allocs, totalBytes } of workload.phases) {
      expect(allocs).toBeGreaterThan(100);
      const part = await report(file, "--phase", `${name}@${round}`);
      expect(part).toMatchObject({ exact: true, mode: "raw", totals: { allocs, totalBytes } });
      expect(part.input.bytes).toBeLessThan(whole.input.bytes);
    }
    const [{ netBytes }] = workload.phases;
    const { stdout } = await kmemtap(["report", file, "--phase", "list"]);
    expect(stdout).toMatch(/^allocated in phase list, round 1 of 2, and alive at its end; /);
    expect(stdout).toContain(`change of the whole account in it: ${netBytes < 0 ? "" : "+"}${netBytes} bytes`);
    const byTask = await kmemtap(["report", file, "--phase", "list", "--tasks"]);
    expect(byTask.stdout).toMatch(
      /^allocated in phase list, round 1 of 2, and alive at its end; [^]*\n\n {3}total .* task\n-+\n[^]* ls-\d+\n/,
    );
    const { tasks, totals } = await report(file, "--phase", "find@2", "--tasks");
    const names = tasks?.tasks.map(({ comm }) => comm);
    expect(names).toContain("find");
    expect(names).not.toContain("ls");
    expect(tasks?.tasks.reduce((all, row) => all + row.allocs, 0)).toBe(totals.allocs);
    // Where no heading has room for it, it is said beside; not where a round was named.
    const silent = await kmemtap(["report", file, "--phase", "list", "--json"]);
    expect(silent.stderr).toBe("kmemtap: phase list is its round 1 of 2; --phase list@2 takes the last\n");
    const chrome = await kmemtap(["export", file, "--phase", "list", "-o", join(dir, "list.json")]);
    expect(chrome.stderr).toBe(silent.stderr);
    const { stderr, status } = await kmemtap(["report", file, "--phase", "mount"]);
    expect(status).toBe(2);
    expect(stderr).toContain("it has list, find");
  });

  it("has phases that can be compared, each by itself", async () => {
    const diffOf = async (...args: string[]) => {
      const { status, stdout, stderr } = await kmemtap(["diff", ...args, "--json"]);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      return diffSchema.parse(JSON.parse(stdout));
    };
    const sumsOf = (phase: string, at: number) => {
      const found = workload.phases.find(({ name, round }) => name === phase && round === at);
      return { allocs: found?.allocs, totalBytes: found?.totalBytes };
    };
    const rounds = await diffOf(`${file}@list`, `${file}@list@2`);
    expect(rounds.a).toMatchObject({ label: `${file}@list`, figures: sumsOf("list", 1) });
    expect(rounds.b).toMatchObject({ label: `${file}@list@2`, figures: sumsOf("list", 2) });
    expect(rounds.notes.join()).toContain("B is what phase list, round 2 of 2, allocated and had alive at its end");
    const both = await diffOf(`${file}#1@list`, file, "--phase", "find@2");
    expect(both.a.figures).toMatchObject(sumsOf("list", 1));
    expect(both.b).toMatchObject({ label: `${file}@find@2`, figures: sumsOf("find", 2) });
    const { status, stderr } = await kmemtap(["diff", `${file}@mount`, file]);
    expect(status).toBe(2);
    expect(stderr).toContain("it has list, find");
  });

  it("is what run printed, again", async () => {
    // Only that it is a recording.
    const recorded = {
      ...workload,
      snapshot: { ...workload.snapshot, source: { ...workload.snapshot.source, recording: true } },
    };
    const json = await kmemtap(["report", file, "--workload", "--json"]);
    expect(json).toMatchObject({ status: 0, stderr: "" });
    expect(JSON.parse(json.stdout)).toEqual(recorded);
    const text = await kmemtap(["report", file, "--workload"]);
    expect(text).toEqual({ status: 0, stderr: "", stdout: formatWorkload(workload) });
    const listed = await kmemtap(["report", file, "--workload", "--addresses", "--json"]);
    const { residue } = workloadSchema.parse(JSON.parse(listed.stdout));
    expect(residue.callers.every(({ addresses = [], objects }) => addresses.length === Math.min(objects, 32))).toBe(
      true,
    );
    expect((await kmemtap(["report", file])).stderr).toContain("it holds a workload (list, find); --workload");
  });

  it("is accounted in whole only", async () => {
    for (const more of [["--from", "1s"], ["--phase", "list"], ["-c", "-"], ["--slab-account"]]) {
      const { status, stderr } = await kmemtap(["report", file, "--workload", ...more]);
      expect({ more, status }).toEqual({ more, status: 2 });
      expect(stderr).toContain("--workload");
    }
    expect(await kmemtap(["report", file, "--addresses"])).toMatchObject({ status: 2 });
  });

  it("is the sum of its parts", async () => {
    const whole = await report(file);
    const parts = [
      await report(file, "--to", "1500ms"),
      await report(file, "--from", "1.5s", "--to", "3s"),
      await report(file, "--from", "3s"),
    ];
    for (const { exact, totals } of parts) {
      expect(exact).toBe(true);
      expect(totals.totalBytes).toBeLessThan(whole.totals.totalBytes);
    }
    expect(parts.reduce((sum, { totals }) => sum + totals.totalBytes, 0)).toBe(whole.totals.totalBytes);
  });

  it("is the same replayed", async () => {
    const { status, stdout } = await kmemtap(["snapshot", `replay://${file}?speed=0`, "--json"]);
    expect(status).toBe(0);
    const whole = await report(file);
    const { source, ...replayed } = snapshotSchema.parse(JSON.parse(stdout));
    expect(source).toMatchObject({ recording: true, label: `replay://${file}` });
    expect(replayed).toEqual({ ...whole, source: undefined });
  });

  const { missing, note: without } = needs("trace-cmd");
  let wholeText = "";
  it.skipIf(missing)(`is what trace-cmd reports of the trace.dat that is made of it${without}`, async () => {
    const dat = join(tempDir(), "run.dat");
    const stdout = (wholeText = await traceCmdReport(file, dat));
    const counted = new Map<string, number>();
    for (const [, event] of stdout.matchAll(/\[\d{3}\]\s+[\d.]+: (\w+):/g))
      counted.set(event, (counted.get(event) ?? 0) + 1);
    const ofKmem = [...counted].filter(([event]) => /^k(malloc|free|mem_cache_)/.test(event));
    const { events, ignored } = (await report(file)).input;
    const { own, nullFree, failedAllocation } = ignored;
    expect(ofKmem.reduce((sum, [, count]) => sum + count, 0)).toBe(
      events.lines + nullFree.lines + failedAllocation.lines,
    );
    expect(ofKmem.length).toBeGreaterThanOrEqual(4);
    // With names, and with the phases' marks.
    expect(stdout).toMatch(/call_site=\w+\+0x/);
    expect(stdout).toMatch(/phase-begin name=1\.0/);
    // And of the tasks that were there for a while.
    for (const name of ["ls", "find"]) expect(stdout).toMatch(new RegExp(`^\\s*${name}-\\d+ `, "m"));
    // And read here again it is the same account.
    const again = await report(dat);
    const { allocs, frees, netBytes } = (await report(file)).totals;
    expect(again).toMatchObject({
      exact: true,
      input: { events: { lines: events.lines } },
      totals: { allocs, frees, netBytes },
    });
    // With what the agent's helpers did, too, where that is asked for.
    expect(own.lines).toBeGreaterThan(100);
    await traceCmdReport(file, `${dat}.own`, "--own");
    expect((await report(`${dat}.own`)).input.events.lines).toBe(events.lines + own.lines);
  });

  it.skipIf(missing)(`is exported in part, to the event${without}`, async () => {
    const kmemLines = (text: string) => text.split("\n").filter((line) => / k(malloc|free|mem_cache_)\w*:/.test(line));
    const events = async (...part: string[]) => {
      const text = await traceCmdReport(file, join(tempDir(), "part.dat"), ...part);
      // Of several at one time the order differs.
      return kmemLines(text).sort();
    };
    const nsOf = (line: string) => Math.round(Number(/ ([\d.]+): k/.exec(line)?.[1]) * 1e9);
    const whole = kmemLines(wholeText);
    const firstNs = (await report(file)).window.firstEventNs ?? 0;
    const within = (fromNs: number, toNs: number) =>
      whole.filter((line) => nsOf(line) >= fromNs && nsOf(line) < toNs).sort();
    const second = await events("--from", "1.5s", "--to", "2500ms");
    expect(second.length).toBeGreaterThan(100);
    expect(second).toEqual(within(firstNs + 1.5e9, firstNs + 2.5e9));
    const { startedNs, endedNs } = workload.phases[2];
    expect(await events("--phase", "list@2")).toEqual(within(startedNs ?? NaN, endedNs ?? NaN));
  });

  it("has its live bytes over time for Perfetto", async () => {
    const out = join(tempDir(), "run.json");
    expect(await kmemtap(["export", file, "-o", out, "--top", "3"])).toMatchObject({ status: 0 });
    const { traceEvents } = JSON.parse(readFileSync(out, "utf8")) as { traceEvents: { name: string }[] };
    expect(traceEvents.length).toBeGreaterThan(100);
    expect(await kmemtap(["export", file, "-o", `${out}.part`, "--from", "1.5s", "--to", "2s"])).toMatchObject({
      status: 0,
    });
    const part = JSON.parse(readFileSync(`${out}.part`, "utf8")) as { traceEvents: { ph: string; ts: number }[] };
    const times = part.traceEvents.filter(({ ph }) => ph === "C").map(({ ts }) => ts);
    expect(Math.max(...times) - Math.min(...times)).toBeLessThan(0.5e6);
  });

  it("is not exported without pages", async () => {
    const text = join(tempDir(), "text.kmemtap");
    const args = ["snapshot", "local:", "--mode", "text", "--for", "200ms", "--record", text, "-o", `${text}.txt`];
    expect(await kmemtap(args)).toMatchObject({ status: 0 });
    const { status, stderr } = await kmemtap(["export", text, "--format", "trace.dat", "-o", `${text}.dat`]);
    expect(status).toBe(3);
    expect(stderr).toMatch(/recorded in mode text: it has no ring-buffer pages\n {2}record with --mode raw/);
  });
});
