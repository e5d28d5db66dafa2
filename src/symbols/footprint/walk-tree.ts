/** The files of a build directory that may be a kernel's, paths from its root on, in order. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { KmemtapError, messageOf } from "../../model/errors.ts";

export interface FoundFiles {
  /** built-in.a, lib.a, vmlinux.a. */
  readonly archives: readonly string[];
  readonly objects: readonly string[];
  /** .ko; .ko.xz and its like where there is no such .ko. */
  readonly modules: readonly string[];
}

/** What runs on the building machine, or is an example of something. */
const NO_KERNEL_CODE = new Set(["scripts", "tools", "Documentation", "samples"]);
const ARCHIVES = new Set(["built-in.a", "lib.a", "vmlinux.a"]);
const PACKED_MODULE = /\.ko\.(?:xz|zst|gz)$/;
const MAX_FOLDERS = 200_000;

/** Links are not followed (`source`, `build` lead out of the tree). @throws {KmemtapError} `input/unreadable` */
export async function walkTree(dir: string): Promise<FoundFiles> {
  const found = { archives: [] as string[], objects: [] as string[], modules: [] as string[] };
  const waiting = [""];
  for (let folders = 0; waiting.length > 0; folders++) {
    if (folders === MAX_FOLDERS) throw unreadable(dir, `it has more than ${MAX_FOLDERS} directories`);
    const folder = waiting.pop() ?? "";
    const entries = await readdir(join(dir, folder), { withFileTypes: true }).catch((thrown: unknown) => {
      throw unreadable(join(dir, folder), messageOf(thrown), thrown);
    });
    const names = new Set(entries.map(({ name }) => name));
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const { name } = entry;
      const path = join(folder, name);
      if (entry.isDirectory()) {
        if (!name.startsWith(".") && !(folder === "" && NO_KERNEL_CODE.has(name))) waiting.push(path);
      } else if (ARCHIVES.has(name)) found.archives.push(path);
      else if (name.endsWith(".o")) found.objects.push(path);
      else if (name.endsWith(".ko")) found.modules.push(path);
      else if (PACKED_MODULE.test(name) && !names.has(name.replace(PACKED_MODULE, ".ko"))) found.modules.push(path);
    }
  }
  for (const list of [found.archives, found.objects, found.modules]) list.sort();
  return found;
}

function unreadable(path: string, what: string, cause?: unknown): KmemtapError {
  return new KmemtapError("input/unreadable", `cannot look through ${path}: ${what}`, {
    nextStep: "give a directory that may be read, in which a kernel was built",
    cause,
  });
}
