/** A kernel's loadable modules, found by name, with what each says of itself. */
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { KmemtapError, messageOf } from "../../model/errors.ts";
import type { BootKernel } from "./boot-kernel.ts";

export interface KernelModule {
  /** As the kernel has it: `virtio_rng` of `virtio-rng.ko.xz`. */
  readonly name: string;
  /** `virtio-rng.ko` */
  readonly file: string;
  /** The ELF object, unpacked. */
  readonly object: Buffer;
  /** Names of the modules that it needs, not those that they need. */
  readonly needs: readonly string[];
  /** What asks for it: `fs-vfat`, `crypto-crc32c`. */
  readonly aliases: readonly string[];
}

/** By the end of the file's name; busybox, which is in every guest, can do without xz-utils. */
const UNPACKERS: Readonly<Record<string, readonly [program: string, ...args: string[]]>> = {
  ".xz": ["/bin/busybox", "xz", "-dc"],
  ".zst": ["zstd", "-qdc"],
  ".gz": ["gzip", "-dc"],
};
const FILE = /^(.+)\.ko(\.\w+)?$/;
const OBJECT_LIMIT = 64 << 20;

/**
 * The modules named and all that they need, each once, needs first. A name that the kernel has no module for is left out:
 * it may be built in.
 */
export async function findModules(
  kernel: Pick<BootKernel, "modulesDir">,
  names: readonly string[],
): Promise<KernelModule[]> {
  const paths = new Map<string, string>();
  for (const path of await readdir(kernel.modulesDir, { recursive: true })) {
    const name = FILE.exec(basename(path))?.[1];
    if (name !== undefined) paths.set(moduleName(name), join(kernel.modulesDir, path));
  }
  const found = new Map<string, KernelModule>();
  const add = async (name: string): Promise<void> => {
    const path = paths.get(name);
    if (path === undefined || found.has(name)) return;
    const module = describe(name, path, await unpacked(path));
    for (const needed of module.needs) await add(needed);
    found.set(name, module);
  };
  for (const name of names) await add(moduleName(name));
  return [...found.values()];
}

/** All modules that `module` needs, in the order of modules.dep: what needs others comes before them. */
export function allNeeds(module: KernelModule, among: readonly KernelModule[]): KernelModule[] {
  const needed = new Set<string>();
  const collect = (names: readonly string[]) => {
    for (const name of names) {
      needed.add(name);
      collect(among.find((other) => other.name === name)?.needs ?? []);
    }
  };
  collect(module.needs);
  return among.filter(({ name }) => needed.has(name)).reverse();
}

/** The section .modinfo holds `key=value` strings, each ended by a zero (include/linux/moduleparam.h). */
function describe(name: string, path: string, object: Buffer): KernelModule {
  const text = object.toString("latin1");
  const depends = /\0depends=([^\0]*)\0/.exec(text)?.[1] ?? "";
  return {
    name,
    file: basename(path).replace(FILE, "$1.ko"),
    object,
    needs: depends.split(",").filter(Boolean).map(moduleName),
    aliases: [...text.matchAll(/\0alias=([^\0]*)(?=\0)/g)].map(([, alias]) => alias),
  };
}

async function unpacked(path: string): Promise<Buffer> {
  const ending = FILE.exec(basename(path))?.[2];
  if (ending === undefined) return readFile(path);
  const [program, ...args] = UNPACKERS[ending] ?? ["false"];
  try {
    const { stdout } = await promisify(execFile)(program, [...args, path], {
      encoding: "buffer",
      maxBuffer: OBJECT_LIMIT,
    });
    return stdout;
  } catch (thrown) {
    throw new KmemtapError("target/failed", `cannot unpack ${path}: ${messageOf(thrown).trim()}`, {
      nextStep: `check that ${program} is installed, and that the file is whole`,
      cause: thrown,
    });
  }
}

/** A file's name may have dashes where the kernel has underscores. */
function moduleName(name: string): string {
  return name.replaceAll("-", "_");
}
