/** From what `-k` names to the files of a kernel: its vmlinux or System.map, and where its modules are. */
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { KmemtapError, messageOf } from "../model/errors.ts";

export interface KernelFiles {
  /** The vmlinux, or where there is none the System.map. */
  readonly path: string;
  readonly kind: "vmlinux" | "System.map";
  /** `uname -r`, where a path or the build tree says it. */
  readonly release: string | undefined;
  /** Directories to look for modules in, best first. */
  readonly modulesIn: readonly string[];
  /** The root of a built tree, whose objects lie beside their sources. */
  readonly tree: string | undefined;
}

/** Below a directory: a built tree, /usr/lib/debug, /boot, an unpacked package, /lib/modules/REL, Fedora's and Debian's. */
const PLACES = ["", "boot", "usr/lib/debug/boot", "usr/lib/debug", "build", "lib/modules", "usr/lib/debug/lib/modules"];
const DEBUG_ROOT = "/usr/lib/debug";

/**
 * @param release of the capture: of several kernels in a directory that one is meant
 * @throws {KmemtapError} `symbols/no-kernel`
 */
export async function findKernel(named: string, release?: string): Promise<KernelFiles> {
  const path = resolve(named);
  const facts = await stat(path).catch((thrown: unknown) => {
    throw noKernel(`${named}: ${messageOf(thrown)}`);
  });
  if (!facts.isDirectory()) return filesOf(await realpath(path), dirname(path));
  const found = await kernelsIn(path);
  if (found.length === 0) throw noKernel(`no vmlinux and no System.map in ${named}`);
  const chosen = choose(found, release);
  if (chosen === undefined) {
    const names = found.map((file) => file.slice(path.length + 1)).join(", ");
    throw noKernel(`${named} holds several kernels: ${names}`, "name one of them with -k");
  }
  return filesOf(chosen, path);
}

/** Images before maps; of a link and its target only the target. */
async function kernelsIn(folder: string): Promise<readonly string[]> {
  const images = new Set<string>();
  const maps = new Set<string>();
  for (const place of PLACES) {
    const under = join(folder, place);
    for (const name of await namesIn(under)) {
      const inside = place.endsWith("lib/modules") ? [join(name, "vmlinux")] : [name];
      for (const file of inside) {
        const kind = kindOf(basename(file));
        const path = kind === undefined ? undefined : await regular(join(under, file));
        if (path !== undefined) (kind === "vmlinux" ? images : maps).add(path);
      }
    }
  }
  return images.size > 0 ? [...images] : [...maps];
}

function choose(found: readonly string[], release: string | undefined): string | undefined {
  if (found.length === 1) return found[0];
  const ofRelease = found.filter((path) => release !== undefined && releaseInPath(path) === release);
  return ofRelease.length === 1 ? ofRelease[0] : undefined;
}

async function filesOf(path: string, named: string): Promise<KernelFiles> {
  const folder = dirname(path);
  const release = (await releaseOfTree(folder)) ?? releaseInPath(path);
  const tree = (await isTree(folder)) ? folder : undefined;
  const roots = [folder, named, ...(release === undefined ? [] : aroundOf(folder, named, release))];
  const modulesIn: string[] = [];
  for (const root of roots) {
    // /boot and / hold other things than modules.
    if (root === "/" || root === "/boot" || basename(root) === "boot" || modulesIn.includes(root)) continue;
    if (
      await stat(root).then(
        (facts) => facts.isDirectory(),
        () => false,
      )
    )
      modulesIn.push(root);
  }
  const kind = basename(path).startsWith("System.map") ? "System.map" : "vmlinux";
  return { path, kind, release, modulesIn: tree === undefined ? modulesIn : [tree], tree };
}

/** Where packages put the modules of a kernel, those with debug information first. */
function aroundOf(folder: string, named: string, release: string): readonly string[] {
  const modules = join("lib/modules", release);
  const up = [dirname(folder), named, dirname(named)];
  const near = up.flatMap((root) => [
    join(root, "usr/lib/debug", modules),
    join(root, modules),
    join(root, "usr", modules),
  ]);
  return [...near.filter((path) => !path.startsWith("//")), join(DEBUG_ROOT, modules), join("/", modules)];
}

const KERNEL_FILE = /^(vmlinux|System\.map)(?:[-.](\d.*?))?(?:\.debug)?$/;

function kindOf(name: string): KernelFiles["kind"] | undefined {
  return KERNEL_FILE.exec(name)?.[1] as KernelFiles["kind"] | undefined;
}

/** `boot/vmlinux-6.1.0-18-amd64`, `lib/modules/6.1.0-18-amd64/vmlinux`. */
export function releaseInPath(path: string): string | undefined {
  return KERNEL_FILE.exec(basename(path))?.[2] ?? /\/modules\/(\d[^/]*)\//.exec(path)?.[1];
}

async function releaseOfTree(folder: string): Promise<string | undefined> {
  return readFile(join(folder, "include/config/kernel.release"), "utf8").then(
    (text) => text.trim(),
    () => undefined,
  );
}

async function isTree(folder: string): Promise<boolean> {
  return (
    (await regular(join(folder, "Module.symvers"))) !== undefined ||
    (await regular(join(folder, ".config"))) !== undefined
  );
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}

async function regular(path: string): Promise<string | undefined> {
  try {
    return (await stat(path)).isFile() ? await realpath(path) : undefined;
  } catch {
    return undefined;
  }
}

function noKernel(
  message: string,
  nextStep = "give a vmlinux with debug information (Debian: linux-image-$(uname -r)-dbg), a built kernel tree, or a System.map",
): KmemtapError {
  return new KmemtapError("symbols/no-kernel", message, { nextStep });
}
