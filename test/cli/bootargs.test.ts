/** `kmemtap bootargs` as a process: the line, its reasons, and the archives that it writes. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ensureBuilt, kmemtap } from "../support/kmemtap.ts";
import { tempDir } from "../support/temp-dir.ts";
import { canTrace } from "../support/traced.ts";

beforeAll(ensureBuilt, 120_000);

const hasBusybox = existsSync("/bin/busybox");
const LINE =
  "trace_event=kmem:kmalloc,kmem:kmem_cache_alloc,kmem:kfree,kmem:kmem_cache_free,kmem:kmalloc_node,kmem:kmem_cache_alloc_node " +
  "trace_buf_size=32M trace_clock=global no_hash_pointers";

function listed(path: string): string[] {
  return execFileSync("/bin/busybox", ["cpio", "-t"], { input: readFileSync(path), encoding: "utf8", stdio: "pipe" })
    .trimEnd()
    .split("\n");
}

describe("kmemtap bootargs", () => {
  it("prints the line alone with --plain", async () => {
    expect(await kmemtap(["bootargs", "--plain"])).toEqual({ status: 0, stdout: `${LINE}\n`, stderr: "" });
  });

  it("prints each parameter with its reason, then the line", async () => {
    const { status, stdout } = await kmemtap(["bootargs"]);
    expect(status).toBe(0);
    for (const parameter of LINE.split(" ")) {
      const at = stdout.indexOf(`\n  ${parameter}\n      `);
      expect(at, parameter).toBeGreaterThan(0);
    }
    expect(stdout.endsWith(`\n${LINE}\n`)).toBe(true);
  });

  it("prints JSON", async () => {
    const { stdout } = await kmemtap(["bootargs", "--json", "--tp-printk", "--rate", "1000"]);
    const document = JSON.parse(stdout) as { line: string; parameters: { text: string; reason: string }[] };
    expect(document).toMatchObject({ schema: "kmemtap.bootargs/1", release: null });
    expect(document.parameters.map(({ text }) => text).join(" ")).toBe(document.line);
    expect(document.line).toBe(`${LINE.replace("32M", "8M")} tp_printk`);
  });

  it.skipIf(!canTrace)("goes by this machine's kernel and memory", async () => {
    const { status, stdout, stderr } = await kmemtap(["bootargs", "local:", "--json", "--seconds", "86400"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const { line, release: named } = JSON.parse(stdout) as { line: string; release: string };
    expect(named).toBe(release());
    const events = /trace_event=(\S+)/.exec(line)?.[1]?.split(",") ?? [];
    expect(events.length).toBeGreaterThan(3);
    for (const event of events) {
      expect(existsSync(`/sys/kernel/tracing/events/${event.replace(":", "/")}`), event).toBe(true);
    }
    const mb = Number(/trace_buf_size=(\d+)M/.exec(line)?.[1]);
    const totalKb = Number(/MemTotal: +(\d+)/.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]);
    const cpus = Number(execFileSync("nproc", ["--all"], { encoding: "utf8" }));
    expect(mb * 1024 * cpus).toBeLessThanOrEqual(totalKb / 4);
    expect(mb).toBeGreaterThan(16);
  });

  it.skipIf(!hasBusybox)("writes an initramfs that boots by itself", async () => {
    const path = join(tempDir(), "tap.cpio");
    const { status, stdout, stderr } = await kmemtap([
      ...["bootargs", "--plain", "--initramfs", path],
      ...["--port", "ttyS1", "--console", "ttyS0"],
    ]);
    expect(status).toBe(0);
    expect(stderr).toContain(`wrote ${path}`);
    expect(stdout).toBe(`${LINE} console=ttyS0 kmemtap.port=ttyS1 kmemtap.console=ttyS0\n`);
    expect(listed(path)).toEqual(["bin", "bin/busybox", "init"]);
  });

  it.skipIf(!hasBusybox)("compresses one whose name says so, as a kernel reads it", async () => {
    const path = join(tempDir(), "tap.cpio.gz");
    expect((await kmemtap(["bootargs", "--plain", "--initramfs", path])).status).toBe(0);
    const plain = join(tempDir(), "tap.cpio");
    writeFileSync(plain, execFileSync("gzip", ["-dc", path], { maxBuffer: 2 ** 28 }));
    expect(listed(plain)).toEqual(["bin", "bin/busybox", "init"]);
    expect(statSync(path).size).toBeLessThan(statSync(plain).size * 0.7);
  });

  it.skipIf(!hasBusybox)("puts the agent before a system's initrd, in a folder of its own", async () => {
    const dir = tempDir();
    const initrd = join(dir, "initrd.img");
    writeFileSync(initrd, "not a multiple of four");
    const path = join(dir, "tap.img");
    const { status, stdout } = await kmemtap(["bootargs", "--plain", "--initramfs", path, "--onto", initrd]);
    expect(status).toBe(0);
    expect(stdout).toBe(`${LINE} kmemtap.port=ttyS0 rdinit=/kmemtap/init\n`);
    expect(listed(path)).toEqual(["kmemtap", "kmemtap/bin", "kmemtap/bin/busybox", "kmemtap/init"]);
    const at = readFileSync(path).indexOf("not a multiple of four");
    expect(at).toBeGreaterThan(100_000);
    expect(at % 512).toBe(0);
    expect(statSync(path).size % 512).toBe(0);
  });

  it.skipIf(!hasBusybox)("brings a kernel's modules along", async () => {
    const dir = tempDir();
    const modules = join(dir, "6.6.6-test");
    mkdirSync(join(modules, "kernel"), { recursive: true });
    writeFileSync(join(modules, "kernel", "loop.ko"), "\0depends=\0alias=block-major-7-*\0");
    const path = join(dir, "tap.cpio");
    expect((await kmemtap(["bootargs", "--initramfs", path, "--kernel", modules])).status).toBe(0);
    expect(listed(path)).toContain("lib/modules/6.6.6-test/loop.ko");
  });

  it.each([
    ["--port without --initramfs", ["--port", "ttyS1"], 2, /goes with --initramfs/],
    ["a console on the trace's port", ["--initramfs", "/tmp/x", "--console", "ttyS0"], 2, /a port each/],
    ["a device that is none", ["--initramfs", "/tmp/x", "--port", "tty S0"], 2, /not a device/],
    ["a rate that is no number", ["--rate", "many"], 2, /not a whole number/],
    ["a target without a kernel", ["file:///tmp/x"], 2, /has no kernel to ask/],
    ["an initrd that is not there", ["--initramfs", "/tmp/x", "--onto", "/nonexistent"], 3, /cannot be read/],
    ["a directory that is not there", ["--initramfs", "/nonexistent/tap.cpio"], 3, /cannot write \/nonexistent/],
    ["a target that does not answer", ["tcp://127.0.0.1:1"], 3, /127\.0\.0\.1:1/],
  ])("refuses %s in one line", async (_, args, code, message) => {
    const { status, stdout, stderr } = await kmemtap(["bootargs", ...args]);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^kmemtap: .*\n {2}\S.*\n$/);
    expect({ status, stdout }).toEqual({ status: code, stdout: "" });
  });
});
