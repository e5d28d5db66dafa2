/** A guest's whole user space: busybox, an /init of agent/, modules, and what else a guest is for. */
import { spawn } from "node:child_process";
import { createWriteStream, existsSync, readFileSync } from "node:fs";
import { chmod, copyFile, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { KmemtapError, messageOf } from "../../model/errors.ts";
import { PACKAGE_ROOT } from "../../model/package-root.ts";
import type { BootKernel } from "./boot-kernel.ts";
import { allNeeds, findModules } from "./kernel-modules.ts";

export interface InitramfsContent {
  /** The file of `agent/` that becomes /init. */
  readonly init: string;
  /** Modules to be had in the guest; what they need comes along. */
  readonly modules: readonly string[];
  /** A folder (`/kmemtap`) that everything goes below, so that the archive can stand before a system's own and spoil nothing. */
  readonly place?: string;
  /** Files of this machine, with their mode, by their path in the guest. */
  readonly files?: Readonly<Record<string, string>>;
  /** Files made here, readable by all. */
  readonly texts?: Readonly<Record<string, string>>;
}

const AGENT = join(PACKAGE_ROOT, "agent");
const BUSYBOX = "/bin/busybox";
/** The name of a program's dynamic linker stands within its first bytes. */
const ELF_HEADERS = 4096;

/** Writes an initramfs for `kernel`, which only modules need, to `path`, using `workDir` for what goes into it. */
export async function buildInitramfs(
  kernel: Omit<BootKernel, "vmlinuz" | "arch"> | undefined,
  content: InitramfsContent,
  workDir: string,
  path: string,
): Promise<void> {
  const top = join(workDir, "root");
  const root = join(top, content.place ?? "");
  await mkdir(join(root, "bin"), { recursive: true });
  const init = await readFile(join(AGENT, content.init), "utf8");
  await writeFile(join(root, "init"), init.replace(/^#!(?=\/)/, `#!${content.place ?? ""}`));
  await chmod(join(root, "init"), 0o755);
  const busybox = kernel?.userland === undefined ? staticBusybox() : join(kernel.userland, BUSYBOX);
  await copyFile(busybox, join(root, "bin", "busybox"));
  await chmod(join(root, "bin", "busybox"), 0o755);
  if (kernel !== undefined) await addModules(kernel, content.modules, root);
  for (const [inGuest, file] of Object.entries(content.files ?? {})) await addFile(join(root, inGuest), file);
  for (const [inGuest, text] of Object.entries(content.texts ?? {})) {
    await mkdir(dirname(join(root, inGuest)), { recursive: true });
    await writeFile(join(root, inGuest), text, { mode: 0o644 });
  }
  await archive(top, path);
}

/** The path of a busybox that starts without libraries: one that needs them would start nothing in an initramfs. */
export function staticBusybox(): string {
  const isStatic = existsSync(BUSYBOX) && !readFileSync(BUSYBOX).subarray(0, ELF_HEADERS).includes("/ld-");
  if (isStatic) return BUSYBOX;
  throw new KmemtapError("target/no-qemu", `there is no static ${BUSYBOX}`, {
    nextStep: "install busybox-static (apt-get install busybox-static)",
  });
}

async function addFile(path: string, file: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await copyFile(file, path);
    await chmod(path, (await stat(file)).mode);
  } catch (thrown) {
    throw new KmemtapError("target/failed", `cannot put ${file} into the guest: ${messageOf(thrown)}`, {
      nextStep: "check that the file is there and can be read",
      cause: thrown,
    });
  }
}

/** Unpacked, all in one folder, with the indices that busybox modprobe reads; depmod has not seen a fetched kernel. */
async function addModules(
  kernel: Pick<BootKernel, "release" | "modulesDir">,
  names: readonly string[],
  root: string,
): Promise<void> {
  const target = join(root, "lib", "modules", kernel.release);
  await mkdir(target, { recursive: true });
  const modules = await findModules(kernel, names);
  let dependencies = "";
  let aliases = "";
  for (const module of modules) {
    await writeFile(join(target, module.file), module.object);
    const needs = allNeeds(module, modules);
    dependencies += `${[`${module.file}:`, ...needs.map(({ file }) => file)].join(" ")}\n`;
    for (const alias of module.aliases) aliases += `alias ${alias} ${module.name}\n`;
  }
  await writeFile(join(target, "modules.dep"), dependencies);
  await writeFile(join(target, "modules.alias"), aliases);
}

/** newc, the format that the kernel unpacks, made by the busybox that goes into it. */
async function archive(root: string, path: string): Promise<void> {
  // Not the root itself, whose mode may be another's affair.
  const names = (await readdir(root, { recursive: true })).sort();
  const cpio = spawn(BUSYBOX, ["cpio", "-o", "-H", "newc", "-R", "0:0"], {
    cwd: root,
    stdio: ["pipe", "pipe", "pipe"],
  });
  let said = "";
  cpio.stderr.on("data", (data: Buffer) => (said += data.toString()));
  const exit = new Promise<number | null>((resolve) => cpio.once("close", resolve));
  cpio.stdin.end(names.join("\n") + "\n");
  await pipeline(cpio.stdout, createWriteStream(path));
  if ((await exit) !== 0) {
    throw new KmemtapError("target/failed", `busybox cpio failed: ${said.trim()}`, {
      nextStep: "check the room in the temporary directory",
    });
  }
}
