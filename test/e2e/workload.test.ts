/** `kmemtap run` on a guest, as an operator types it. */
import { rmSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { Workload as WorkloadResult } from "../../src/model/workload.ts";
import { ensureBuilt, kmemtap, startKmemtap } from "../support/kmemtap.ts";
import { until } from "../support/until.ts";
import { bootLab, type Lab } from "./support/lab.ts";
import { needs } from "./support/needs.ts";
import { wiretap } from "./support/wiretap.ts";
import { countWorkload, resolver } from "./support/workload-count.ts";
import { CACHES_FILES, LEAKS_FILES, VFAT_PHASES, VFAT_PREPARE, type Workload } from "./support/workloads.ts";

const { missing, note } = needs("qemu", "busybox", "kernel", "ssh", "dropbear");
const PHASES = Object.keys(VFAT_PHASES);

describe.skipIf(missing)(`kmemtap run${note}`, () => {
  let lab: Lab;
  let before: string;

  beforeAll(async () => {
    ensureBuilt();
    lab = await bootLab();
    await lab.run(VFAT_PREPARE);
  });
  afterAll(() => lab.close());
  beforeEach(async () => {
    before = await lab.state();
  });
  afterEach(async () => {
    expect(await lab.changesSince(before)).toEqual([]);
  });

  it("names the phases, the modules that have gone, and what is left, over a UART", async () => {
    const path = `${lab.unix.path}.tapped`;
    const wire = await wiretap(path, lab.unix.path);
    // The symbols, copied while the modules are there: to be resolved by another's code.
    const keepsSymbols = `${VFAT_PHASES.mount}; grep fat /proc/kallsyms >/tmp/symbols`;
    const commands = { ...VFAT_PHASES, mount: keepsSymbols };
    const phases = Object.entries(commands).flatMap(([name, command]) => ["--phase", `${name}=${command}`]);
    const { status, stdout, stderr } = await kmemtap(["run", `unix://${path}`, ...phases, "--json"]);
    wire.close();
    rmSync(path, { force: true });
    expect({ status, stderr }).toMatchObject({ status: 0 });
    const result = JSON.parse(stdout) as WorkloadResult;
    expect(result).toMatchObject({ exact: true, interrupted: false });
    expect(result.phases.map(({ name, status, interrupted }) => [name, status, interrupted])).toEqual(
      PHASES.map((name) => [name, 0, false]),
    );

    const resolve = resolver(await lab.run("cat /tmp/symbols"));
    const counted = countWorkload(wire.received(), resolve);
    expect(result.phases.map(({ allocs }) => allocs)).toEqual(PHASES.map((_, i) => counted.allocs.get(`1.${i}`) ?? 0));
    const residue = result.residue.callers.map(({ caller, objects, bytes }) => [caller, { objects, bytes }]);
    expect(Object.fromEntries(residue)).toEqual(counted.residue);
    expect(result.residue.objects).toBeGreaterThan(0);

    const sites = result.phases.flatMap(({ callers }) => callers.map(({ caller }) => caller));
    expect(sites.filter((site) => site.endsWith("[vfat]"))).not.toEqual([]);
    expect(sites.filter((site) => site.endsWith("[fat]"))).not.toEqual([]);
    expect(sites.filter((site) => /^(0x)?[0-9a-f]{8,}$/.test(site))).toEqual([]);
  });

  it("tells a leak from a cache", async () => {
    const leak = await repeated(LEAKS_FILES);
    expect(leak.result.repeat).toMatchObject({ verdict: "leak", rounds: 5 });
    expect(leak.status).toBe(1);
    const growing = leak.result.repeat?.growing.filter(({ verdict }) => verdict === "leak") ?? [];
    for (const [name, each] of Object.entries(LEAKS_FILES.leaks)) {
      const row = growing.find(({ caller }) => caller.startsWith(`${name}+`));
      const survivors = row?.survivorsPerRound.slice(1) ?? [];
      expect(survivors, name).toHaveLength(4);
      // What else ran on the guest may have left a few.
      expect(Math.min(...survivors), name).toBeGreaterThanOrEqual(each);
      expect(Math.max(...survivors), name).toBeLessThan(each + 10);
    }
    const cache = await repeated(CACHES_FILES);
    expect(cache.result.repeat?.growing.filter(({ verdict }) => verdict === "leak")).toEqual([]);
    expect(cache.result.repeat?.verdict).toBe("clean");
    expect(cache.status).toBe(0);
  });

  async function repeated({ prepare, command, undo }: Workload) {
    if (prepare !== undefined) await lab.run(prepare);
    const { status, stdout, stderr } = await kmemtap([
      ...["run", lab.sshUrl(), "--repeat", "5", "--fail-on-leak", "--json", "--", command],
    ]);
    await lab.run(undo);
    expect(stdout, stderr).toContain("kmemtap.workload/1");
    return { status, result: JSON.parse(stdout) as WorkloadResult };
  }

  it("restores the target and prints what it has when it is interrupted", async () => {
    const child = startKmemtap([
      ...["run", lab.sshUrl(), "--phase", "one=ls -lR /sys/class >/dev/null"],
      ...["--phase", "two=: >/tmp/kept; echo waiting; exec sleep 1234", "--phase", "three=true", "--json"],
    ]);
    onTestFinished(() => void child.kill("SIGKILL"));
    const said = { out: "", log: "" };
    child.stdout.on("data", (data: Buffer) => (said.out += data.toString()));
    child.stderr.on("data", (data: Buffer) => (said.log += data.toString()));
    await until("the second phase", () => said.log.includes("\n  | waiting\n"), 60_000);
    const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
    child.kill("SIGINT");
    expect(await closed, said.log).toBe(3);
    const result = JSON.parse(said.out) as WorkloadResult;
    expect(result.interrupted).toBe(true);
    expect(result.phases.map(({ name }) => name)).toEqual(["one", "two"]);
    expect(result.phases[0]).toMatchObject({ status: 0, interrupted: false });
    expect(result.phases[1].allocs).toBeGreaterThan(0);
    expect(await lab.run("ps | grep -c '[s]leep 1234' || true")).toBe("0\n");
    await lab.run("rm /tmp/kept");
  });
});
