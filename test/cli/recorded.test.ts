/** A workload of this machine's kernel, recorded: its phases again from the file, and its events in trace-cmd's eyes. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Snapshot, snapshotSchema } from "../../src/model/snapshot.ts";
import { type Workload, workloadSchema } from "../../src/model/workload.ts";
import { formatWorkload } from "../../src/report/workload-report.ts";
import { needs } from "../e2e/support/needs.ts";
import { ensureBuilt, kmemtap } from "../support/kmemtap.ts";
import { tempDir } from "../support/temp-dir.ts";
import { canTrace, mountTracefs, note } from "../support/traced.ts";

beforeAll(ensureBuilt, 120_000);

async function report(...args: string[]): Promise<Snapshot> {
  const { status, stdout, stderr } = await kmemtap(["report", ...args, "--json"]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return snapshotSchema.parse(JSON.parse(stdout));
}

describe.skipIf(!canTrace)(`a recorded workload of local:${note}`, () => {
  let unmount: () => void = () => undefined;
  const dir = mkdtempSync(join(tmpdir(), "kmemtap-recorded-"));
  let file: string;
  let workload: Workload;

  beforeAll(async () => {
    unmount = mountTracefs();
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
  afterAll(() => {
    unmount();
    rmSync(dir, { recursive: true, force: true });
  });

  it("has each phase of each round in it, to the byte", async () => {
    const whole = await report(file);
    for (const { name, round, allocs, totalBytes } of workload.phases) {
      expect(allocs).toBeGreaterThan(100);
      const part = await report(file, "--phase", `${name}@${round}`);
      expect(part).toMatchObject({ exact: true, mode: "raw", totals: { allocs, totalBytes } });
      expect(part.input.bytes).toBeLessThan(whole.input.bytes);
    }
    const { stderr, status } = await kmemtap(["report", file, "--phase", "mount"]);
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
  it.skipIf(missing)(`is what trace-cmd reports of the trace.dat that is made of it${without}`, async () => {
    const dat = join(tempDir(), "run.dat");
    const { status, stderr } = await kmemtap(["export", file, "--format", "trace.dat", "-o", dat]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const { stdout } = spawnSync("trace-cmd", ["report", dat], { encoding: "utf8", maxBuffer: 2 ** 30 });
    const counted = new Map<string, number>();
    for (const [, event] of stdout.matchAll(/\[\d{3}\]\s+[\d.]+: (\w+):/g))
      counted.set(event, (counted.get(event) ?? 0) + 1);
    const ofKmem = [...counted].filter(([event]) => /^k(malloc|free|mem_cache_)/.test(event));
    const { events, ignored } = (await report(file)).input;
    const { own, nullFree, failedAllocation } = ignored;
    expect(ofKmem.reduce((sum, [, count]) => sum + count, 0)).toBe(
      events.lines + own.lines + nullFree.lines + failedAllocation.lines,
    );
    expect(ofKmem.length).toBeGreaterThanOrEqual(4);
    // With names, and with the phases' marks.
    expect(stdout).toMatch(/call_site=\w+\+0x/);
    expect(stdout).toMatch(/phase-begin name=1\.0/);
    // And read here again it is the same account, but for what the agent's helpers did, whom no trace.dat names.
    const again = await report(dat);
    expect(again.exact).toBe(true);
    expect(again.input.events.lines).toBe(events.lines + own.lines);
  });

  it("has its live bytes over time for Perfetto", async () => {
    const out = join(tempDir(), "run.json");
    expect(await kmemtap(["export", file, "-o", out, "--top", "3"])).toMatchObject({ status: 0 });
    const { traceEvents } = JSON.parse(readFileSync(out, "utf8")) as { traceEvents: { name: string }[] };
    expect(traceEvents.length).toBeGreaterThan(100);
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
