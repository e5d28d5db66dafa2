/** Where a kernel's modules are: `.ko` as built or installed, `.ko.debug` as debug packages have them. */
import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

export interface ModuleFile {
  readonly path: string;
  /** As distributions install them: .xz, .zst, .gz. */
  readonly isPacked: boolean;
}

const MODULE = /^(.+)\.ko(\.debug)?(?:\.(xz|zst|gz))?$/;
/** A tree with all modules has 6,000 directories. */
const MAX_FOLDERS = 50_000;

/**
 * By the name that the kernel prints, in which `-` is `_`. Of several files of a name the first directory's counts, one as it is before a
 * packed one.
 */
export async function findModules(folders: readonly string[]): Promise<ReadonlyMap<string, ModuleFile>> {
  const found = new Map<string, ModuleFile>();
  let left = MAX_FOLDERS;
  const walk = async (folder: string): Promise<void> => {
    if ((left -= 1) < 0) return;
    const below: string[] = [];
    for (const entry of await entriesOf(folder)) {
      if (entry.isDirectory()) {
        if (!entry.name.startsWith(".")) below.push(entry.name);
        continue;
      }
      const match = MODULE.exec(entry.name);
      if (match === null) continue;
      const name = match[1].replaceAll("-", "_");
      const isPacked = match.at(3) !== undefined;
      const known = found.get(name);
      if (known === undefined || (known.isPacked && !isPacked))
        found.set(name, { path: join(folder, entry.name), isPacked });
    }
    for (const name of below.sort()) await walk(join(folder, name));
  };
  for (const folder of folders) await walk(folder);
  return found;
}

async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  try {
    return (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}
