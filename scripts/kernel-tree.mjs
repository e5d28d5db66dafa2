#!/usr/bin/env node
// Small kernels, really built: Debian's linux-source, tinyconfig with tracing and what each is for, outside the repository.
//
//   node scripts/kernel-tree.mjs [NAME]   prints {dir, release, modules, seconds, cached} as JSON
//
//   6.1-tiny        Debian's 6.1 with some modules, to be looked into (kmemtap size): in-tree objects, thin built-in.a, vmlinux, .ko
//   6.12-alloc-tags Debian's 6.12 that counts its own allocations (/proc/allocinfo), to be booted: no Debian kernel does
//
// The source comes by apt (kernels.mjs); building needs gcc, make, flex, bison, bc and libelf-dev. Only what is needed of the source is
// unpacked.

import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheDir, fetchPackage } from "./kernels.mjs";

const DONE = "tree.json";

/** A kernel that could be traced, with block devices and file systems, some of them as modules. */
const TINY = `
CONFIG_64BIT=y
CONFIG_PRINTK=y
CONFIG_MODULES=y
CONFIG_MODULE_UNLOAD=y
CONFIG_BLOCK=y
CONFIG_PROC_FS=y
CONFIG_SYSFS=y
CONFIG_KALLSYMS=y
CONFIG_FTRACE=y
CONFIG_ENABLE_DEFAULT_TRACERS=y
CONFIG_BINFMT_ELF=y
CONFIG_TTY=y
CONFIG_SERIAL_8250=y
CONFIG_SERIAL_8250_CONSOLE=y
CONFIG_BLK_DEV=y
CONFIG_BLK_DEV_LOOP=m
CONFIG_EXT4_FS=m
CONFIG_VFAT_FS=m
CONFIG_DEBUG_INFO_NONE=y
`;

/**
 * A kernel that boots in QEMU with shells on serial lines, all built in, and counts what each line of its source has allocated (Linux
 * 6.10). Without a network and ACPI, which are most of what would be built.
 */
const ALLOC_TAGS = `
CONFIG_64BIT=y
CONFIG_SMP=y
CONFIG_PRINTK=y
CONFIG_MULTIUSER=y
CONFIG_PROC_FS=y
CONFIG_PROC_SYSCTL=y
CONFIG_SYSFS=y
CONFIG_TMPFS=y
CONFIG_SHMEM=y
CONFIG_DEVTMPFS=y
CONFIG_BLK_DEV_INITRD=y
CONFIG_BINFMT_ELF=y
CONFIG_BINFMT_SCRIPT=y
CONFIG_KALLSYMS=y
CONFIG_FTRACE=y
CONFIG_ENABLE_DEFAULT_TRACERS=y
# CONFIG_SLUB_TINY is not set
CONFIG_SLUB_DEBUG=y
CONFIG_MEM_ALLOC_PROFILING=y
CONFIG_MEM_ALLOC_PROFILING_ENABLED_BY_DEFAULT=y
CONFIG_POSIX_TIMERS=y
CONFIG_HIGH_RES_TIMERS=y
CONFIG_FUTEX=y
CONFIG_EPOLL=y
CONFIG_TIMERFD=y
CONFIG_FILE_LOCKING=y
CONFIG_TTY=y
CONFIG_UNIX98_PTYS=y
CONFIG_PCI=y
CONFIG_SERIAL_8250=y
CONFIG_SERIAL_8250_CONSOLE=y
CONFIG_VIRTIO_MENU=y
CONFIG_VIRTIO_PCI=y
CONFIG_VIRTIO_CONSOLE=y
CONFIG_DEBUG_INFO_NONE=y
# CONFIG_INPUT is not set
# CONFIG_VT is not set
# CONFIG_RD_GZIP is not set
# CONFIG_RD_BZIP2 is not set
# CONFIG_RD_LZMA is not set
# CONFIG_RD_XZ is not set
# CONFIG_RD_LZO is not set
# CONFIG_RD_LZ4 is not set
# CONFIG_RD_ZSTD is not set
# CONFIG_PCIEASPM is not set
# CONFIG_HID_SUPPORT is not set
# CONFIG_USB_SUPPORT is not set
# CONFIG_PERF_EVENTS_INTEL_UNCORE is not set
# CONFIG_PERF_EVENTS_INTEL_RAPL is not set
# CONFIG_PERF_EVENTS_INTEL_CSTATE is not set
`;

/** What is built, on top of tinyconfig. */
export const TREES = {
  "6.1-tiny": { source: "linux-source-6.1", suite: "bookworm", config: TINY, targets: ["vmlinux", "modules"] },
  "6.12-alloc-tags": { source: "linux-source-6.12", suite: "trixie", config: ALLOC_TAGS, targets: ["bzImage"] },
};

/** Other architectures, documentation, and the headers of one driver that are larger than all others: nothing here needs them. */
const LEFT_OUT = [
  "*/Documentation/*/*",
  "*/drivers/gpu/drm/amd/include/*",
  "*/tools/testing/*",
  ...(
    "alpha arc arm arm64 csky hexagon ia64 loongarch m68k microblaze mips nios2 openrisc parisc powerpc riscv s390 sh sparc " +
    "xtensa"
  )
    .split(" ")
    // Their Kconfig is read (crypto/Kconfig).
    .flatMap((arch) => [`*/arch/${arch}/*.[chS]`, `*/arch/${arch}/*.dts*`]),
];

/** What building needs, by the file that tells whether it is there. */
export function missingTools() {
  const path = (process.env.PATH ?? "").split(":");
  const has = (name) => path.some((folder) => existsSync(join(folder, name)));
  const missing = ["gcc", "make", "flex", "bison", "bc", "xz"].filter((name) => !has(name));
  if (!existsSync("/usr/include/gelf.h")) missing.push("libelf-dev");
  return missing;
}

/** The tree, where it has been built. */
export async function findTree(name = "6.1-tiny") {
  const dir = join(cacheDir(), "trees", name);
  try {
    return { dir, ...JSON.parse(await readFile(join(dir, DONE), "utf8")), cached: true };
  } catch {
    return undefined;
  }
}

/**
 * The tree of that name, built once. At the lowest priority, on two processors.
 *
 * @returns {Promise<{dir: string, release: string, modules: number, seconds: number, cached: boolean}>}
 * @throws {Error} one message: what failed, and what to do
 */
export async function buildTree({ name = "6.1-tiny", log = () => {} } = {}) {
  const tree = TREES[name];
  if (!tree) throw new Error(`there is no kernel tree "${name}": use ${Object.keys(TREES).join(" or ")}`);
  const known = await findTree(name);
  if (known) return known;
  const missing = missingTools();
  if (process.arch !== "x64" || missing.length > 0)
    throw new Error(
      process.arch === "x64"
        ? `no kernel tree can be built: ${missing.join(", ")} missing; as root on Debian: node scripts/provision.mjs`
        : "no kernel tree is built on this machine: it is no x86-64",
    );
  const source = await fetchPackage({ name: tree.source, suite: tree.suite, arch: "amd64", log });
  const dir = join(cacheDir(), "trees", name);
  await mkdir(dirname(dir), { recursive: true });
  const work = await mkdtemp(`${dir}.tmp-`);
  try {
    const started = Date.now();
    log("unpacking the kernel's source");
    const archive = join(source.dir, `usr/src/${tree.source}.tar.xz`);
    await quietly("tar", [
      "-xf",
      archive,
      "-C",
      work,
      "--strip-components=1",
      ...LEFT_OUT.map((p) => `--exclude=${p}`),
    ]);
    log("building a small kernel (some minutes, at the lowest priority)");
    await writeFile(join(work, "kmemtap.config"), tree.config);
    await make(work, "tinyconfig");
    await quietly("sh", ["scripts/kconfig/merge_config.sh", "-m", ".config", "kmemtap.config"], work);
    await make(work, "olddefconfig");
    await make(work, "-j2", ...tree.targets);
    const order = join(work, "modules.order");
    const modules = existsSync(order) ? (await readFile(order, "utf8")).split("\n").filter(Boolean).length : 0;
    const facts = {
      release: (await readFile(join(work, "include/config/kernel.release"), "utf8")).trim(),
      modules,
      seconds: Math.round((Date.now() - started) / 1000),
    };
    await writeFile(join(work, DONE), `${JSON.stringify(facts, null, 2)}\n`);
    await rename(work, dir).catch((error) => {
      // Another run was faster.
      if (!existsSync(join(dir, DONE))) throw error;
    });
    return { dir, ...facts, cached: false };
  } catch (error) {
    throw new Error(`could not build the small kernel: ${error.message}`, { cause: error });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function make(dir, ...targets) {
  return quietly("make", targets, dir);
}

/** Runs at the lowest priority; what it said is in the error. */
function quietly(program, args, cwd) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, LC_ALL: "C", KBUILD_BUILD_TIMESTAMP: "1970-01-01", KBUILD_BUILD_USER: "kmemtap" };
    // A make above (npm test below a Makefile) would pass its job server on.
    delete env.MAKEFLAGS;
    const child = spawn("nice", ["-n", "19", program, ...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    const keep = (text) => (said = (said + text).slice(-4000));
    child.stdout.setEncoding("utf8").on("data", keep);
    child.stderr.setEncoding("utf8").on("data", keep);
    child.on("error", reject);
    child.on("close", (status) => {
      if (status === 0) resolve();
      else reject(new Error(`${program} ${args[0]} failed:\n${said.split("\n").slice(-12).join("\n")}`));
    });
  });
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    console.log(
      JSON.stringify(await buildTree({ name: process.argv[2], log: (line) => console.error(line) }), null, 2),
    );
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
