/**
 * What raises no event when it is freed, on real kernels: looks like a leak by its events alone, and is told from one by
 * /proc/slabinfo. Opening a file of sysfs allocates a `kernfs_open_node`, which kfree_rcu frees (fs/kernfs/file.c).
 */
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SlabGroup } from "../../src/model/reconciliation.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import type { Workload } from "../../src/model/workload.ts";
import { findFetchedKernel } from "../../src/target/qemu/boot-kernel.ts";
import { ensureBuilt, kmemtap, startKmemtap } from "../support/kmemtap.ts";
import { bootLab, type Lab } from "./support/lab.ts";
import { needs } from "./support/needs.ts";
import { LEAKS_FILES } from "./support/workloads.ts";

const ROUNDS = 5;
const OPENS = 300;
const OPENS_SYSFS = `i=0; while [ $i -lt ${OPENS} ]; do read x </sys/kernel/mm/transparent_hugepage/enabled; i=$((i+1)); done`;

/** `--bulk` follows them: by kprobes on kfree_rcu, whose arguments differ, and on bulk frees; from 7 on freed objects wait in sheaves. */
describe.each([
  // There it frees the node at once, with an event.
  { suite: "bullseye", version: "5.10", parts: ["qemu", "kernel:bullseye"], rcuFrees: 0 },
  { suite: "bookworm", version: "6.1", parts: ["qemu", "kernel:bookworm"], rcuFrees: ROUNDS * OPENS },
  { suite: "trixie", version: "6.12", parts: ["qemu", "kernel:trixie"], rcuFrees: ROUNDS * OPENS },
  { suite: "sid", version: "7.", parts: ["qemu", "kernel:sid"], rcuFrees: ROUNDS * OPENS },
] as const)("frees that probes tell of on Linux $version", ({ suite, version, parts, rcuFrees }) => {
  const { missing, note } = needs("busybox", "ssh", "dropbear", ...parts);

  describe.skipIf(missing)(`of ${suite}${note}`, () => {
    const recordingOf = (mode: string) => join(tmpdir(), `kmemtap-probed-${process.pid}-${suite}-${mode}.kmr`);
    let lab: Lab;
    let before: string;

    beforeAll(async () => {
      ensureBuilt();
      const kernel = findFetchedKernel(suite);
      if (kernel === undefined) throw new Error(`there is no kernel of ${suite}`);
      lab = await bootLab({ kernel });
      expect(lab.guest.release).toContain(version);
    });
    afterAll(async () => {
      for (const mode of ["raw", "text"]) rmSync(recordingOf(mode), { force: true });
      await lab.close();
    });
    beforeEach(async () => {
      before = await lab.state();
    });
    afterEach(async () => {
      expect(await lab.changesSince(before)).toEqual([]);
    });

    const OPTIONS = ["--repeat", String(ROUNDS), "--exact-slabs", "--settle", "6s", "--json"];
    async function opened(...options: string[]): Promise<Workload> {
      const { stdout, stderr } = await kmemtap(["run", lab.sshUrl(), ...OPTIONS, ...options, "--", OPENS_SYSFS]);
      expect(stdout, stderr).toContain("kmemtap.workload/1");
      return JSON.parse(stdout) as Workload;
    }
    const nodesOf = ({ callers }: Snapshot) =>
      callers.filter(({ caller, allocs }) => caller.startsWith("kernfs_fop_open+") && allocs >= ROUNDS * OPENS);

    it.each(["raw", "text"])("leave nothing alive that is gone, in mode %s", async (mode) => {
      const recording = recordingOf(mode);
      const { snapshot, repeat } = await opened("--bulk", "--mode", mode, "--record", recording);
      expect(snapshot.exact).toBe(true);
      expect(snapshot.probed?.rcuFrees).toBeGreaterThanOrEqual(rcuFrees);
      expect(snapshot.probed?.notFollowed).toBe(0);
      const nodes = nodesOf(snapshot);
      // The file's own and the node's, whichever the kernel makes here.
      expect(nodes.length).toBeGreaterThan(0);
      for (const row of nodes) expect(row.liveObjects, row.caller).toBeLessThan(OPENS / 10);
      // Without probes nearly all of them, on 6.1 and 6.12; the slabs' own noise may be beyond its uncertainty now and then.
      expect(snapshot.reconciliation?.hiddenFrees).toBeLessThan((ROUNDS * OPENS) / 10);
      expect(repeat?.growing.filter(({ caller }) => caller.includes("kernfs"))).toEqual([]);

      const { stdout, stderr } = await kmemtap(["report", recording, "--json"]);
      const again = JSON.parse(stdout) as Snapshot;
      expect(again.totals, stderr).toEqual(snapshot.totals);
      expect(again.probed).toEqual(snapshot.probed);
    });

    it("do not hide a leak", async () => {
      if (LEAKS_FILES.prepare !== undefined) await lab.run(LEAKS_FILES.prepare);
      const { stdout, stderr } = await kmemtap([
        ...["run", lab.sshUrl(), ...OPTIONS, "--bulk", "--", LEAKS_FILES.command],
      ]);
      await lab.run(LEAKS_FILES.undo);
      expect(stdout, stderr).toContain("kmemtap.workload/1");
      const { residue, repeat } = JSON.parse(stdout) as Workload;
      expect(repeat?.verdict).toBe("leak");
      for (const [name, each] of Object.entries(LEAKS_FILES.leaks)) {
        const isOf = ({ caller }: { caller: string }) => caller.startsWith(`${name}+`);
        expect(repeat?.growing.find(isOf)?.verdict, name).toBe("leak");
        const row = residue.callers.find(isOf);
        expect(row?.objects, name).toBeGreaterThanOrEqual(each * ROUNDS);
        // Sheaves of Linux 7 keep freed objects that the slabs count.
        expect((row?.objects ?? 0) - (row?.doubtfulObjects ?? 0), name).toBeGreaterThan((each * ROUNDS) / 2);
      }
    });

    it("are followed no more once the agent was killed and the next one has come", async () => {
      const client = startKmemtap(["snapshot", lab.sshUrl(), "--bulk", "--for", "60s", "--json"]);
      const probes = "cat /sys/kernel/tracing/kprobe_events";
      await lab.run(`until ${probes} | grep -q kmemtap_bulk_free; do sleep 0.2; done`);
      await lab.run(
        "for p in /proc/[0-9]*; do case $(tr '\\0' ' ' <$p/cmdline 2>/dev/null) in *kmemtap-''agent\\ raw*) all=\"$all ${p#/proc/}\"; esac; done; kill -9 $all || true",
      );
      client.kill("SIGKILL");
      expect(await lab.run(probes)).toContain("kmemtap_bulk_free");
      const { status, stderr } = await kmemtap(["snapshot", lab.sshUrl(), "--for", "1s", "--json"]);
      expect(status, stderr).toBe(0);
      expect(await lab.run(probes)).toBe("");
    });
  });
});

describe.each([
  { suite: "bookworm", version: "6.1", parts: ["qemu", "kernel:bookworm"] },
  { suite: "trixie", version: "6.12", parts: ["qemu", "kernel:trixie"] },
] as const)("frees that raise no event on Linux $version", ({ suite, version, parts }) => {
  const { missing, note } = needs("busybox", "ssh", "dropbear", ...parts);

  describe.skipIf(missing)(`of ${suite}${note}`, () => {
    const recording = join(tmpdir(), `kmemtap-hidden-${process.pid}-${suite}.kmr`);
    let lab: Lab;
    let before: string;

    beforeAll(async () => {
      ensureBuilt();
      const kernel = findFetchedKernel(suite);
      if (kernel === undefined) throw new Error(`there is no kernel of ${suite}`);
      lab = await bootLab({ kernel });
      expect(lab.guest.release).toContain(version);
    });
    afterAll(async () => {
      rmSync(recording, { force: true });
      await lab.close();
    });
    beforeEach(async () => {
      before = await lab.state();
    });
    afterEach(async () => {
      expect(await lab.changesSince(before)).toEqual([]);
    });

    async function repeated(command: string, ...options: string[]): Promise<Workload> {
      const { stdout, stderr } = await kmemtap([
        ...["run", lab.sshUrl(), "--repeat", String(ROUNDS), "--exact-slabs", "--json", ...options, "--", command],
      ]);
      expect(stdout, stderr).toContain("kmemtap.workload/1");
      return JSON.parse(stdout) as Workload;
    }

    it("are marked as that, from live and from the recording", async () => {
      const { snapshot, residue, repeat } = await repeated(OPENS_SYSFS, "--record", recording);
      expect(snapshot.exact).toBe(true);
      const row = residue.callers.find(({ caller }) => caller.startsWith("kernfs_fop_open+"));
      // By the events, a leak of a third of what was opened at least.
      expect(row?.objects).toBeGreaterThan((ROUNDS * OPENS) / 3);
      expect(row?.marks).toEqual(["unseen-frees"]);
      const verdict = repeat?.growing.find(({ callSite }) => callSite === row?.callSite);
      expect(verdict?.verdict).toBe("unseen-frees");
      expect(verdict?.reason).toContain("/proc/slabinfo");
      expect(repeat?.growing.filter(({ verdict: is, caller }) => is === "leak" && caller.includes("kernfs"))).toEqual(
        [],
      );

      const group = groupOf(snapshot, row?.bytes ?? 0, row?.objects ?? 1);
      expect(group.slabObjects).toBeLessThan(OPENS);
      expect(group.hiddenFrees).toBeGreaterThan(group.uncertainty);
      // Those of the last round may still wait for RCU, and are then still there.
      const certain = (row?.objects ?? 0) - (row?.doubtfulObjects ?? 0);
      expect(certain).toBeLessThanOrEqual(OPENS + group.uncertainty);
      // Names of caches tell the sizes of nearly all frees of older objects.
      expect(snapshot.reconciliation?.unknownFrees).toBeLessThan(100);

      const { stdout, stderr } = await kmemtap(["report", recording, "--json"]);
      expect((JSON.parse(stdout) as Snapshot).reconciliation, stderr).toEqual(snapshot.reconciliation);
    });

    it("are looked for over a serial console, too", async () => {
      const { stdout, stderr } = await kmemtap([
        ...["snapshot", lab.unix.target, "--mode", "text", "--for", "5s", "--exact-slabs", "--json"],
      ]);
      const { reconciliation, findings } = JSON.parse(stdout) as Snapshot;
      expect(reconciliation?.exactSlabs, stderr).toBe(true);
      expect(reconciliation?.groups.length).toBeGreaterThan(10);
      expect(findings?.filter((line) => line.includes("slabinfo"))).toEqual([]);
    });

    it("are none of a workload that does nothing, whose slabs are read exactly", async () => {
      const { snapshot } = await repeated("true", "--mode", "raw");
      // Each reading writes to a file of every cache.
      const written = snapshot.callers.filter(({ caller }) => caller.startsWith("kernfs_fop_open+"));
      expect(written.reduce((sum, { allocs }) => sum + allocs, 0)).toBeLessThan(50);
      expect(snapshot.reconciliation?.hiddenFrees).toBeLessThan(100);
    });

    it("do not make a leak of anything else one", async () => {
      if (LEAKS_FILES.prepare !== undefined) await lab.run(LEAKS_FILES.prepare);
      const { residue, repeat } = await repeated(LEAKS_FILES.command);
      await lab.run(LEAKS_FILES.undo);
      expect(repeat?.verdict).toBe("leak");
      for (const [name, each] of Object.entries(LEAKS_FILES.leaks)) {
        const isOf = ({ caller }: { caller: string }) => caller.startsWith(`${name}+`);
        expect(repeat?.growing.find(isOf)?.verdict, name).toBe("leak");
        const row = residue.callers.find(isOf);
        expect((row?.objects ?? 0) - (row?.doubtfulObjects ?? 0), name).toBeGreaterThan(each * ROUNDS * 0.8);
      }
    });
  });
});

function groupOf({ reconciliation }: Snapshot, bytes: number, objects: number): SlabGroup {
  const group = reconciliation?.groups.find(({ bytesAlloc }) => bytesAlloc === bytes / objects);
  if (group === undefined) throw new Error(`no slabs of ${bytes / objects} bytes`);
  return group;
}
