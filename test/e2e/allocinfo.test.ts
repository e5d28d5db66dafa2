/**
 * Events set against what the kernel itself counts, on a real kernel with CONFIG_MEM_ALLOC_PROFILING, which no Debian kernel has
 * (node scripts/kernel-tree.mjs 6.12-alloc-tags). With KMEMTAP_KEEP_ALLOCINFO, a folder, what it said at both ends stays there.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FunctionCount } from "../../src/model/function-counts.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import type { Workload } from "../../src/model/workload.ts";
import { bootShellGuest, type ShellGuest } from "../../src/target/qemu/shell-guest.ts";
import { ensureBuilt, kmemtap } from "../support/kmemtap.ts";
import { quietShell } from "./support/lab.ts";
import { findBuiltKernel, needs } from "./support/needs.ts";

const { missing, note } = needs("qemu", "busybox", "kernel:6.12-alloc-tags");
const OPENS = 300;
const FILES = 100;
const OPENS_SYSFS = `i=0; while [ $i -lt ${OPENS} ]; do read x </sys/kernel/rcu_expedited; i=$((i+1)); done`;
const LEAKS_FILES = `mkdir -p /tmp/leak; i=0; while [ $i -lt ${FILES} ]; do echo x >/tmp/leak/$i; i=$((i+1)); done`;
const KEEP = process.env["KMEMTAP_KEEP_ALLOCINFO"];

describe.skipIf(missing)(`/proc/allocinfo of Linux 6.12${note}`, () => {
  let guest: ShellGuest;
  let quiet: ReturnType<typeof quietShell>;

  beforeAll(async () => {
    ensureBuilt();
    const kernel = findBuiltKernel("6.12-alloc-tags");
    if (kernel === undefined) throw new Error("there is no kernel that counts its allocations");
    guest = await bootShellGuest({
      kernel,
      serials: [{ kind: "unix", device: "port", name: "quiet" }, { kind: "unix" }],
    });
    quiet = quietShell(guest.serials[0].path);
  });
  afterAll(async () => {
    quiet.close();
    await guest.close();
  });

  async function ran(command: string, ...options: string[]): Promise<Workload> {
    const { stdout, stderr } = await kmemtap([
      ...["run", guest.serials[1].target, "--mode", "text", "--json", "--settle", "6s", ...options, "--", command],
    ]);
    expect(stdout, stderr).toContain("kmemtap.workload/1");
    return JSON.parse(stdout) as Workload;
  }
  /** Objects alive of a function, by its own line in the guest. */
  async function aliveOf(name: string): Promise<number> {
    return Number(await quiet.run(`awk '/ func:${name} /{n += $2} END{print n + 0}' /proc/allocinfo`));
  }

  it("is read over a serial line where it is asked for", async () => {
    expect((await ran("true")).snapshot.functionCounts).toBeUndefined();
  });

  it("tells what is alive from what was freed without an event", async () => {
    const before = await quiet.run("cat /proc/allocinfo");
    const [inodes, nodes] = [await aliveOf("shmem_alloc_inode"), await aliveOf("kernfs_fop_open")];
    const { snapshot } = await ran(`${OPENS_SYSFS}; ${LEAKS_FILES}`, "--allocinfo");
    const after = await quiet.run("cat /proc/allocinfo");
    if (KEEP !== undefined) {
      writeFileSync(join(KEEP, "begin.gz"), gzipSync(before, { level: 9 }));
      writeFileSync(join(KEEP, "last.gz"), gzipSync(after, { level: 9 }));
      writeFileSync(join(KEEP, "counts.json"), JSON.stringify(snapshot.functionCounts, null, 1));
    }
    expect(snapshot.exact).toBe(true);

    const made = rowOf(snapshot, "shmem_alloc_inode");
    expect(made).toMatchObject({ countedBy: "both", files: ["mm/shmem.c"] });
    expect(made.kernelObjects).toBe((await aliveOf("shmem_alloc_inode")) - inodes);
    expect(made.kernelObjects).toBeGreaterThanOrEqual(FILES);
    expect([made.remainderObjects, made.remainderBytes, made.hiddenFrees]).toEqual([0, 0, 0]);

    // kfree_rcu frees what each of them allocates.
    const opened = rowOf(snapshot, "kernfs_fop_open");
    expect(opened.countedBy).toBe("both");
    expect(await aliveOf("kernfs_fop_open")).toBe(nodes);
    expect(opened.eventObjects).toBeGreaterThan(OPENS / 3);
    expect(opened.kernelObjects).toBeLessThan(OPENS / 10);
    expect(opened.hiddenFrees).toBeGreaterThan(OPENS / 4);

    // A page each holds what was written, and no kmem event tells.
    const unseen = snapshot.functionCounts?.kernelOnly.kernelBytes;
    expect(unseen).toBeGreaterThanOrEqual(FILES * 4096);
    await quiet.run("rm -r /tmp/leak");
  });

  it("that is off is said", async () => {
    await quiet.run("echo 0 >/proc/sys/vm/mem_profiling");
    const { snapshot } = await ran("true", "--allocinfo");
    await quiet.run("echo 1 >/proc/sys/vm/mem_profiling");
    expect(snapshot.functionCounts).toBeUndefined();
    expect(snapshot.findings).toContainEqual(expect.stringContaining("vm.mem_profiling=1"));
  });
});

function rowOf({ functionCounts }: Snapshot, name: string): FunctionCount {
  const row = functionCounts?.functions.find((each) => each.name === name);
  if (row === undefined) throw new Error(`nothing of ${name}`);
  return row;
}
