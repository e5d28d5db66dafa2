/** Boots of one kernel compared: near zero and said so; with a module more, that module is named. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Diff, diffSchema } from "../../src/model/diff.ts";
import { bootShellGuest } from "../../src/target/qemu/shell-guest.ts";
import { ensureBuilt, kmemtap } from "../support/kmemtap.ts";
import { needs } from "./support/needs.ts";
import { plainSsh, sshOutput } from "./support/plain-ssh.ts";

const { missing, note } = needs("qemu", "busybox", "ssh", "dropbear", "kernel");
const TRACING = [
  "trace_event=kmem:kmalloc,kmem:kmem_cache_alloc,kmem:kfree,kmem:kmem_cache_free",
  ...["trace_buf_size=48M", "trace_clock=global", "no_hash_pointers"],
];

describe.skipIf(missing)(`the difference of two boots${note}`, () => {
  let dir: string;
  const boots = new Map<string, string>();

  /** A boot's whole trace, and what was done in it. */
  async function boot(name: string, command = "true"): Promise<void> {
    const guest = await bootShellGuest({ ssh: true, append: TRACING });
    try {
      if (guest.ssh === undefined) throw new Error("the guest has no SSH");
      await sshOutput(guest.ssh, `${command}; sleep 1; echo 0 >/sys/kernel/tracing/tracing_on`);
      const { stdout } = await plainSsh(guest.ssh, "gzip -1 -c /sys/kernel/tracing/trace");
      const path = join(dir, `${name}.trace.gz`);
      writeFileSync(path, stdout);
      boots.set(name, path);
    } finally {
      await guest.close();
    }
  }

  beforeAll(async () => {
    ensureBuilt();
    dir = mkdtempSync(join(tmpdir(), "kmemtap-diff-"));
    await boot("one");
    await boot("other");
    await boot("module", "modprobe loop");
  }, 600_000);

  afterAll(() => {
    rmSync(dir, { recursive: true, force: true });
  });

  const compare = (a: string, b: string, ...options: string[]) =>
    kmemtap(["diff", boots.get(a) ?? "", boots.get(b) ?? "", "--fail-over", "4k", ...options]);
  const diffOf = async (a: string, b: string): Promise<Diff> =>
    diffSchema.parse(JSON.parse((await compare(a, b, "--json")).stdout));

  it("is within noise for the same kernel, and says so", async () => {
    const { status, stdout } = await compare("one", "other");
    expect(stdout).toContain("no growth beyond noise");
    expect(status).toBe(0);
    const diff = await diffOf("one", "other");
    expect(diff.exact).toBe(true);
    expect(diff.a.figures.liveObjects).toBeGreaterThan(10_000);
    // A kworker more or less, 12 KB each, is the scheduler's.
    expect(Math.abs(diff.delta.netBytes - diff.noise.workerBytes)).toBeLessThan(diff.a.figures.netBytes / 1000);
    expect(diff.noise.isCounted).toBe(false);
  });

  it("names a module that one of them has more", async () => {
    const { status, stdout } = await compare("one", "module");
    expect(stdout).toMatch(/\d {2}\[loop\] {2}new\n/);
    expect(status).toBe(1);
    const { groups, functions } = await diffOf("one", "module");
    const loop = groups.find(({ name }) => name === "[loop]");
    expect(loop?.a.allocs).toBe(0);
    expect(loop?.delta.netBytes).toBeGreaterThan(0);
    expect(
      functions.filter(({ module, status: is }) => is === "new" && module !== null).map((row) => row.module),
    ).toEqual(expect.arrayContaining(["loop"]));
    expect(groups.filter(({ name, a }) => name.startsWith("[") && a.allocs === 0).map(({ name }) => name)).toEqual([
      "[loop]",
    ]);
  });
});
