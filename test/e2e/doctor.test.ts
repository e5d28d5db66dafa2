/**
 * `kmemtap doctor` and `kmemtap bootargs` on real guests: what is found over a console and over SSH, that a kernel boots with the
 * line that is printed and keeps its trace, and that the initramfs that is written streams a boot.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { type Doctor, doctorSchema } from "../../src/model/doctor.ts";
import { findBootKernel } from "../../src/target/qemu/boot-kernel.ts";
import { startEmulator } from "../../src/target/qemu/emulator.ts";
import { startGuardian } from "../../src/target/qemu/guardian.ts";
import { buildInitramfs } from "../../src/target/qemu/initramfs.ts";
import { bootShellGuest, type ShellGuest } from "../../src/target/qemu/shell-guest.ts";
import { ensureBuilt, kmemtap } from "../support/kmemtap.ts";
import { needs } from "./support/needs.ts";
import { isAlive, sshOutput } from "./support/plain-ssh.ts";
import { stateChanges, TRACEFS_STATE } from "./support/truth.ts";

const { missing, note } = needs("qemu", "busybox", "ssh", "dropbear", "kernel");
const EVENT = /: (kmalloc|kmem_cache_alloc|kfree|kmem_cache_free): call_site=/;

describe.skipIf(missing)(`a target's doctor${note}`, () => {
  let guest: ShellGuest;
  let dir: string;
  let line: string;

  beforeAll(async () => {
    ensureBuilt();
    dir = mkdtempSync(join(tmpdir(), "kmemtap-doctor-"));
    guest = await bootShellGuest({ ssh: true });
  });

  beforeEach(async () => {
    if (await isAlive(ssh(guest))) return;
    await guest.close();
    guest = await bootShellGuest({ ssh: true });
  });

  afterAll(async () => {
    await guest.close();
    rmSync(dir, { recursive: true, force: true });
  });

  /** The guest over SSH, with a configuration of the test's own. */
  function sshTarget({ ssh }: ShellGuest): string {
    if (ssh === undefined) throw new Error("the guest has no SSH");
    const config = join(dir, "ssh_config");
    writeFileSync(config, `UserKnownHostsFile ${ssh.knownHostsFile}\nGlobalKnownHostsFile /dev/null\n`);
    return `${ssh.target}?identity=${ssh.identityFile}&config=${config}`;
  }

  async function examine(target: string): Promise<Doctor> {
    const { status, stdout, stderr } = await kmemtap(["doctor", target, "--json"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    return doctorSchema.parse(JSON.parse(stdout));
  }

  it.each([
    ["a console on a Unix socket", false],
    ["SSH", true],
  ])("finds over %s what the guest is, and leaves its tracing as it was", async (_, overSsh) => {
    const run = (command: string) => sshOutput(ssh(guest), command);
    const before = await run(TRACEFS_STATE);
    const doctor = await examine(overSsh ? sshTarget(guest) : guest.serials[0].target);
    const finding = (name: string) => doctor.checks.find((check) => check.name === name)?.finding;
    expect(doctor.checks.filter(({ status }) => status === "problem")).toEqual([]);
    expect(finding("reach")).toBe(overSsh ? "over ssh" : "over unix");
    expect(finding("kernel")).toBe(`Linux ${guest.release} x86_64`);
    expect(finding("CPUs")).toMatch(/^2,/);
    expect(finding("hist triggers")).toContain("sums can be made");
    // Debian's 6.1 on amd64 empties every %s when hashing is switched off.
    expect(finding("pointers")).toMatch(/^hashed: this kernel empties/);
    expect(finding("console log") === undefined).toBe(overSsh);
    expect(finding("link")).toMatch(/B\/s measured; [\d,]+ events\/s as text/);
    expect(finding("buffer")).toMatch(/the target makes [\d,]+ a second now/);
    expect(doctor.headroom).toBeGreaterThan(0);
    // An emulated UART carries a few thousand events a second.
    expect(doctor.mode).toBe(overSsh ? "raw" : "hist");
    expect(stateChanges(before, await run(TRACEFS_STATE))).toEqual([]);
  });

  it("finds that the command line's user is not root", async () => {
    const { status, stdout } = await kmemtap(["doctor", sshTarget(guest).replace("root@", "guest@"), "--json"]);
    const { checks } = doctorSchema.parse(JSON.parse(stdout));
    // Its key is root's alone.
    expect(status).toBe(3);
    expect(checks.map(({ name, status: found }) => [name, found])).toEqual([
      ["reach", "ok"],
      ["login", "problem"],
    ]);
  });

  it("prints a line for that kernel and that memory, by either way in", async () => {
    const results = [];
    for (const target of [sshTarget(guest), guest.serials[0].target]) {
      results.push(await kmemtap(["bootargs", target, "--plain"]));
    }
    expect(results[1]).toEqual(results[0]);
    const [{ status, stdout, stderr }] = results;
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    line = stdout.trim();
    expect(line).toBe(
      "trace_event=kmem:kmalloc,kmem:kmem_cache_alloc,kmem:kfree,kmem:kmem_cache_free trace_buf_size=32M " +
        "trace_clock=global no_hash_pointers",
    );
  });

  it("boots with that line, and has the boot's trace in its buffer", async () => {
    await guest.close();
    guest = await bootShellGuest({ ssh: true, append: line.split(" ") });
    const run = (command: string) => sshOutput(ssh(guest), command);
    const words = (await run("cat /proc/cmdline")).trim().split(" ");
    expect(words).toEqual(expect.arrayContaining(line.split(" ")));
    await run("echo 0 >/sys/kernel/tracing/tracing_on");
    const [, held, written] =
      /entries-in-buffer\/entries-written: (\d+)\/(\d+)/.exec(await run("head -20 /sys/kernel/tracing/trace")) ?? [];
    expect(Number(held)).toBeGreaterThan(20_000);
    expect(held).toBe(written);
    const first = await run(`grep -m 1 'kmalloc: call_site=' /sys/kernel/tracing/trace`);
    expect(Number(/ (\d+\.\d+): kmalloc/.exec(first)?.[1])).toBeLessThan(2);
    expect(await run("cat /sys/kernel/tracing/trace_clock")).toContain("[global]");
    // Neither hashed, nor emptied: the reason why no_hash_pointers is in the line.
    expect(first).toMatch(/ptr=ff[0-9a-f]{14} .* gfp_flags=\w/);
    expect((await examine(sshTarget(guest))).checks.find(({ name }) => name === "pointers")?.finding).toContain("real");
  });
});

describe.skipIf(missing)(`an initramfs of bootargs${note}`, () => {
  beforeAll(ensureBuilt, 120_000);

  it("boots by itself and streams the boot to its port, which can be examined", async () => {
    const { args, initramfs } = await written("--port", "ttyS0", "--console", "ttyS1");
    const booted = boot(initramfs, args);
    await booted.until("the end of /init", () => booted.console().includes("@kmemtap milestone=up"));
    await booted.until("the boot's events", () => events(booted.trace()) > 20_000);
    expect(
      booted
        .trace()
        .split("\n", 200)
        .filter((text) => EVENT.test(text)).length,
    ).toBeGreaterThan(190);
    const { status, stdout } = await kmemtap(["doctor", `file://${booted.files.trace}`, "--json"]);
    const { checks } = doctorSchema.parse(JSON.parse(stdout));
    expect(status).toBe(0);
    expect(checks.find(({ name }) => name === "trace")).toMatchObject({ status: "ok" });
  });

  it("stands before a system's own initrd, streams, and hands over to its /init", async () => {
    const dir = ownDir();
    const system = join(dir, "system.cpio");
    const content = {
      init: "guest-init.sh",
      modules: ["loop"],
      texts: { "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\n" },
    };
    await buildInitramfs(findBootKernel(), content, dir, system);
    const initrd = join(dir, "initrd.img");
    writeFileSync(initrd, gzipSync(readFileSync(system)));
    const { args, initramfs } = await written("--onto", initrd, "--console", "ttyS1");
    expect(args).toContain("rdinit=/kmemtap/init");
    // guest-init.sh says what it mounted, were anything in its way.
    const booted = boot(initramfs, [...args, "kmemtap.console=ttyS1"]);
    await booted.until("the system's /init", () => booted.console().includes("@kmemtap milestone=up"));
    await booted.until("the boot's events", () => events(booted.trace()) > 20_000);
    expect(booted.console()).not.toMatch(/Kernel panic|can't execute|not found/);
    // What the system does after the hand-over is in the stream as well.
    await booted.until("events of its /init's programs", () =>
      /^ +(mount|mkdir|hostname|modprobe)-\d+/m.test(booted.trace()),
    );
  });
});

function ssh(guest: ShellGuest) {
  if (guest.ssh === undefined) throw new Error("the guest has no SSH");
  return guest.ssh;
}

function events(trace: string): number {
  return trace.split("\n").filter((text) => EVENT.test(text)).length;
}

function ownDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "kmemtap-bootargs-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** An initramfs of `kmemtap bootargs`, and the words that go with it. */
async function written(...options: string[]) {
  const initramfs = join(ownDir(), "tap.img");
  const { status, stdout } = await kmemtap(["bootargs", "--plain", "--initramfs", initramfs, ...options]);
  expect(status).toBe(0);
  return { initramfs, args: stdout.trim().split(" ") };
}

/** Boots it with the trace on the first serial port and the console on the second, each in a file. */
function boot(initramfs: string, parameters: readonly string[]) {
  const dir = ownDir();
  const files = { trace: join(dir, "trace.log"), console: join(dir, "console.log") };
  const guardian = startGuardian(dir);
  const { arch, vmlinuz } = findBootKernel();
  const emulator = startEmulator(
    {
      arch,
      vmlinuz,
      initramfs,
      // The BIOS probe writes to the first serial port.
      parameters: [...parameters, "edd=off", "panic=-1", "acpi=off"],
      cpus: 1,
      memoryMb: 512,
      devices: [files.trace, files.console].flatMap((file) => ["-serial", `file:${file}`]),
    },
    guardian,
  );
  let ended: string | undefined;
  void emulator.exited.then(({ reason }) => (ended = reason));
  onTestFinished(async () => {
    emulator.kill();
    await emulator.exited;
    guardian.dismiss();
  });
  const text = (path: string) => {
    try {
      return readFileSync(path, "latin1");
    } catch {
      return "";
    }
  };
  const console = () => text(files.console);
  return {
    files,
    trace: () => text(files.trace),
    console,
    until: async (what: string, condition: () => boolean) => {
      const end = Date.now() + 180_000;
      while (!condition()) {
        if (ended !== undefined || Date.now() > end)
          throw new Error(`${ended ?? "it took too long"}; in vain for ${what}: ${console().slice(-1500)}`);
        await sleep(300);
      }
    },
  };
}
