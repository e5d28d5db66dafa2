/** The guest's whole user space: busybox, kmemtap's /init, and the modules of the workload. */
import { spawn } from "node:child_process";
import { createWriteStream, existsSync, readFileSync } from "node:fs";
import { chmod, copyFile, mkdir, readdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { KmemtapError } from "../../model/errors.ts";
import type { BootKernel } from "./boot-kernel.ts";

const INIT = fileURLToPath(new URL("../../../agent/boot-init.sh", import.meta.url));
const BUSYBOX = "/bin/busybox";
/** The name of a program's dynamic linker stands within its first bytes. */
const ELF_HEADERS = 4096;

/** The modules of the workload and what each needs; names as the files have them. */
const MODULES: Readonly<Record<string, readonly string[]>> = {
  loop: [],
  fat: [],
  vfat: ["fat"],
  nls_cp437: [],
  nls_ascii: [],
};

/** Writes an initramfs for `kernel` to `path`, using `workDir` for what goes into it. */
export async function buildInitramfs(kernel: BootKernel, workDir: string, path: string): Promise<void> {
  const root = join(workDir, "root");
  await mkdir(join(root, "bin"), { recursive: true });
  await copyFile(INIT, join(root, "init"));
  await chmod(join(root, "init"), 0o755);
  await copyFile(staticBusybox(), join(root, "bin", "busybox"));
  await chmod(join(root, "bin", "busybox"), 0o755);
  await addModules(kernel, root);
  await archive(root, path);
}

/** A dynamically linked busybox would start nothing in an initramfs without libraries. */
function staticBusybox(): string {
  const isStatic = existsSync(BUSYBOX) && !readFileSync(BUSYBOX).subarray(0, ELF_HEADERS).includes("/ld-");
  if (isStatic) return BUSYBOX;
  throw new KmemtapError("target/no-qemu", `there is no static ${BUSYBOX}`, {
    nextStep: "install busybox-static (apt-get install busybox-static)",
  });
}

async function addModules(kernel: BootKernel, root: string): Promise<void> {
  const target = join(root, "lib", "modules", kernel.release);
  await mkdir(target, { recursive: true });
  const found = new Map<string, string>();
  for (const name of await readdir(kernel.modulesDir, { recursive: true })) {
    const module = basename(name).replace(/\.ko(\.\w+)?$/, "");
    if (/\.ko(\.\w+)?$/.test(name) && module in MODULES) found.set(module, name);
  }
  const file = (module: string) => basename(found.get(module) ?? "");
  const lines: string[] = [];
  for (const [module, name] of found) {
    await copyFile(join(kernel.modulesDir, name), join(target, basename(name)));
    const needs = MODULES[module].filter((needed) => found.has(needed));
    lines.push(`${file(module)}: ${needs.map(file).join(" ")}`.trimEnd());
  }
  await writeFile(join(target, "modules.dep"), lines.join("\n") + "\n");
}

/** newc, the format that the kernel unpacks, made by the busybox that goes into it. */
async function archive(root: string, path: string): Promise<void> {
  const names = [".", ...(await readdir(root, { recursive: true }))].sort();
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
