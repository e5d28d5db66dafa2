/** `--stacks` as a process on this machine's kernel: what is kept of it, and whom it charges in each form. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type Snapshot, snapshotSchema } from "../../src/model/snapshot.ts";
import { workloadSchema } from "../../src/model/workload.ts";
import { ensureBuilt, kmemtap } from "../support/kmemtap.ts";
import { tempDir } from "../support/temp-dir.ts";
import { canTrace, makeEvents, note, settings, startTraced } from "../support/traced.ts";

beforeAll(ensureBuilt, 120_000);

const snapshotOf = (text: string): Snapshot => snapshotSchema.parse(JSON.parse(text));
const rowsOf = ({ callers }: Snapshot) =>
  callers.map(({ callSite, allocs, totalBytes, via }) => [callSite, allocs, totalBytes, via]);

const hasProbes = existsSync("/sys/kernel/tracing/kprobe_events");

it.skipIf(!canTrace || hasProbes)(
  `--bulk goes on without probes where the kernel has none, and says so${note}`,
  async () => {
    const before = settings();
    const run = startTraced(["snapshot", "local:", "--bulk", "--for", "1s", "--json"]);
    makeEvents();
    expect({ status: await run.status, stderr: run.stderr }).toMatchObject({ status: 0 });
    const { findings, probed, totals } = snapshotOf(run.stdout);
    expect(findings?.filter((line) => line.includes("no kprobe events"))).toHaveLength(1);
    expect(probed).toBe(undefined);
    expect(totals.allocs).toBeGreaterThan(0);
    expect(settings()).toEqual(before);
  },
);

describe.skipIf(!canTrace)(`kmemtap snapshot local: --stacks${note}`, () => {
  it.each(["raw", "text"])(
    "charges past wrappers in mode %s, is recorded and exported, and leaves nothing behind",
    async (mode) => {
      const before = settings();
      const recording = join(tempDir(), `${mode}.kmemtap`);
      const run = startTraced([
        "snapshot",
        "local:",
        "--stacks",
        "--mode",
        mode,
        "--for",
        "1s",
        "--json",
        "--record",
        recording,
      ]);
      makeEvents();
      expect({ status: await run.status, stderr: run.stderr }).toMatchObject({ status: 0 });
      expect(run.left()).toEqual([]);
      expect(settings()).toEqual(before);

      const live = snapshotOf(run.stdout);
      const { stacks } = live;
      if (stacks === undefined) throw new Error("there were no stacks");
      expect(live.findings?.join()).toContain("followed by its stack");
      expect(stacks.charged).toBeGreaterThan(100);
      expect(stacks.charged + stacks.stackless).toBe(live.totals.allocs);
      expect(stacks.stackless).toBeLessThan(live.totals.allocs / 100);
      expect(live.callers.some(({ via }) => via !== undefined)).toBe(true);

      const report = async (...args: string[]) => snapshotOf((await kmemtap(["report", ...args, "--json"])).stdout);
      const replayed = await report(recording);
      expect(rowsOf(replayed)).toEqual(rowsOf(live));
      expect(replayed.stacks).toEqual(stacks);

      const none = join(tempDir(), "none.txt");
      writeFileSync(none, "# nobody\n");
      const plain = await report(recording, "--wrappers", none);
      expect({ ...plain.totals, callSites: 0 }).toEqual({ ...live.totals, callSites: 0 });
      expect(plain.callers.filter(({ via, wrapper }) => via !== undefined || wrapper === true)).toEqual([]);

      const folded = (await kmemtap(["export", recording, "--format", "folded", "--attr", "total", "-o", "-"])).stdout;
      const sums = folded
        .trimEnd()
        .split("\n")
        .map((line) => Number(line.slice(line.lastIndexOf(" ") + 1)));
      expect(sums.reduce((sum, bytes) => sum + bytes, 0)).toBe(live.totals.totalBytes);
      expect(folded).toMatch(/^entry_SYSCALL_64_after_hwframe;do_syscall_64;\S+;\S+ \d+$/m);

      if (mode !== "raw") return;
      const dat = join(tempDir(), "stacks.dat");
      const exported = await kmemtap(["export", recording, "--format", "trace.dat", "-o", dat]);
      expect(exported.stderr).toMatch(/^(?:kmemtap: without \d+ events of kmemtap's own helpers, .*\n)?$/);
      const fromDat = await report(dat);
      expect(fromDat.totals.allocs).toBe(live.totals.allocs);
      // Nobody says beforehand that a trace.dat has stacks: its first one tells.
      expect(fromDat.stacks?.charged).toBeGreaterThanOrEqual(stacks.charged - 1);
      expect(fromDat.stacks?.stackless).toBeLessThan(fromDat.totals.allocs / 100);
    },
  );

  it("of a workload are what its recording has", async () => {
    const recording = join(tempDir(), "run.kmemtap");
    const run = startTraced(["run", "local:", "--stacks", "--json", "--record", recording, "--", "ls / >/dev/null"]);
    expect({ status: await run.status, stderr: run.stderr }).toMatchObject({ status: 0 });
    const { stacks } = workloadSchema.parse(JSON.parse(run.stdout)).snapshot;
    expect(stacks?.rows?.length).toBeGreaterThan(10);
    const again = await kmemtap(["report", recording, "--workload", "--json"]);
    expect(workloadSchema.parse(JSON.parse(again.stdout)).snapshot.stacks).toEqual(stacks);
  });

  it("is refused with sums that are made in the kernel", async () => {
    const { status, stderr } = await kmemtap(["snapshot", "local:", "--stacks", "--mode", "hist"]);
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringContaining("--stacks with --mode hist") as string,
    });
  });
});
