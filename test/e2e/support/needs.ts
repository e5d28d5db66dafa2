/** What an end-to-end test needs of this machine; a test that cannot run says which part is missing. */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { KmemtapError } from "../../../src/model/errors.ts";
import { type BootKernel, findBootKernel, findFetchedKernel } from "../../../src/target/qemu/boot-kernel.ts";

const CHECKS = {
  qemu: () => hasCommand("qemu-system-x86_64"),
  "qemu:armhf": () => hasCommand("qemu-system-arm"),
  "qemu:arm64": () => hasCommand("qemu-system-aarch64"),
  busybox: () => existsSync("/bin/busybox"),
  chromium: () => hasCommand("chromium"),
  systemd: () => existsSync("/lib/systemd/systemd") && hasCommand("dpkg"),
  sshd: () => hasCommand("sshd"),
  ssh: () => hasCommand("ssh"),
  dropbear: () => hasCommand("dropbear"),
  socat: () => hasCommand("socat"),
  bash: () => hasCommand("bash"),
  dash: () => hasCommand("dash"),
  mksh: () => hasCommand("mksh"),
  toybox: () => hasCommand("toybox"),
  "llvm-symbolizer": () => hasCommand("llvm-symbolizer"),
  addr2line: () => hasCommand("addr2line"),
  "debug:bookworm": () => findDebug("bookworm") !== undefined,
  "trace-cmd": () => hasCommand("trace-cmd"),
  kernel: () => {
    try {
      return findBootKernel().release !== "";
    } catch (thrown) {
      if (thrown instanceof KmemtapError) return false;
      throw thrown;
    }
  },
  "kernel:bullseye": () => findFetchedKernel("bullseye") !== undefined,
  "kernel:bookworm": () => findFetchedKernel("bookworm") !== undefined,
  "kernel:trixie": () => findFetchedKernel("trixie") !== undefined,
  "kernel:sid": () => findFetchedKernel("sid") !== undefined,
  "kernel:6.12-alloc-tags": () => findBuiltKernel("6.12-alloc-tags") !== undefined,
  "kernel:bookworm-armhf": () => findFetchedKernel("bookworm", "armhf") !== undefined,
  "kernel:bookworm-arm64": () => findFetchedKernel("bookworm", "arm64") !== undefined,
};
export type Part = keyof typeof CHECKS;

/** What scripts/kernels.mjs fetched of a kernel's debug information; undefined where it did not. */
export function findDebug(suite: string): string | undefined {
  const cache = process.env["KMEMTAP_CACHE"] ?? join(homedir(), ".cache", "kmemtap");
  const folder = join(cache, "debug", `${suite}-amd64`);
  return existsSync(join(folder, "fetched.json")) ? join(folder, "usr/lib/debug") : undefined;
}

/** What scripts/kernel-tree.mjs built to be booted; undefined where it did not. */
export function findBuiltKernel(name: string): BootKernel | undefined {
  const cache = process.env["KMEMTAP_CACHE"] ?? join(homedir(), ".cache", "kmemtap");
  const dir = join(cache, "trees", name);
  if (!existsSync(join(dir, "tree.json"))) return undefined;
  const { release } = JSON.parse(readFileSync(join(dir, "tree.json"), "utf8")) as { release: string };
  // All is built in: a folder without modules.
  return { release, vmlinuz: join(dir, "arch/x86/boot/bzImage"), modulesDir: join(dir, "usr"), arch: "amd64" };
}

/** For `describe.skipIf`: whether parts are missing, and a name that says so. */
export function needs(...parts: Part[]): { readonly missing: boolean; readonly note: string } {
  const missing = parts.filter((part) => !CHECKS[part]());
  return { missing: missing.length > 0, note: missing.length > 0 ? ` (missing: ${missing.join(", ")})` : "" };
}

function hasCommand(name: string): boolean {
  const path = (process.env["PATH"] ?? "").split(":").concat("/usr/sbin", "/sbin");
  return path.some((folder) => existsSync(join(folder, name)));
}
