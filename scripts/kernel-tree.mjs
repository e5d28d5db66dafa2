#!/usr/bin/env node
// A small kernel, really built: Debian's linux-source, tinyconfig with tracing and some modules, outside the repository.
//
//   node scripts/kernel-tree.mjs          prints {dir, release, modules, seconds, cached} as JSON
//
// The source is that of Debian's kernel 6.1, by apt (kernels.mjs); building needs gcc, make, flex, bison, bc and libelf-dev. Only what is
// needed of the source is unpacked. What is there is in-tree: objects beside their sources, thin built-in.a, vmlinux, .ko.

import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheDir, fetchPackage } from "./kernels.mjs";

const NAME = "6.1-tiny";
const DONE = "tree.json";

/** On top of tinyconfig: a kernel that could be traced, with block devices and file systems, some of them as modules. */
const CONFIG = `
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
export async function findTree() {
  const dir = join(cacheDir(), "trees", NAME);
  try {
    return { dir, ...JSON.parse(await readFile(join(dir, DONE), "utf8")), cached: true };
  } catch {
    return undefined;
  }
}

/**
 * The tree, built once. At the lowest priority, on two processors.
 *
 * @returns {Promise<{dir: string, release: string, modules: number, seconds: number, cached: boolean}>}
 * @throws {Error} one message: what failed, and what to do
 */
export async function buildTree({ log = () => {} } = {}) {
  const known = await findTree();
  if (known) return known;
  const missing = missingTools();
  if (process.arch !== "x64" || missing.length > 0)
    throw new Error(
      process.arch === "x64"
        ? `no kernel tree can be built: ${missing.join(", ")} missing; as root on Debian: node scripts/provision.mjs`
        : "no kernel tree is built on this machine: it is no x86-64",
    );
  const source = await fetchPackage({ name: "linux-source-6.1", suite: "bookworm", arch: "amd64", log });
  const dir = join(cacheDir(), "trees", NAME);
  await mkdir(dirname(dir), { recursive: true });
  const work = await mkdtemp(`${dir}.tmp-`);
  try {
    const started = Date.now();
    log("unpacking the kernel's source");
    const archive = join(source.dir, "usr/src/linux-source-6.1.tar.xz");
    await quietly("tar", [
      "-xf",
      archive,
      "-C",
      work,
      "--strip-components=1",
      ...LEFT_OUT.map((p) => `--exclude=${p}`),
    ]);
    log("building a small kernel (some minutes, at the lowest priority)");
    await writeFile(join(work, "kmemtap.config"), CONFIG);
    await make(work, "tinyconfig");
    await quietly("sh", ["scripts/kconfig/merge_config.sh", "-m", ".config", "kmemtap.config"], work);
    await make(work, "olddefconfig");
    await make(work, "-j2", "vmlinux", "modules");
    const modules = (await readFile(join(work, "modules.order"), "utf8")).split("\n").filter(Boolean).length;
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
    console.log(JSON.stringify(await buildTree({ log: (line) => console.error(line) }), null, 2));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
