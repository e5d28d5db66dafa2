/** Which source file each piece of a module is from. Its symbol table names files without their directory; kbuild's list of its objects has both. */
import { basename, dirname, join } from "node:path";
import { readElf } from "../elf/read-elf.ts";
import { readSymbols } from "../elf/read-symbols.ts";
import type { KernelObject } from "./kernel-objects.ts";
import { fileIndicesOf } from "./linked-files.ts";
import { moduleMembers } from "../object-source.ts";
import type { OpenFile } from "./open-file.ts";
import type { Pieces } from "./pieces.ts";

/** What is of no one of its files (strings, tables, padding) is in the module itself: `fs/fat/fat.ko`. */
export async function modulePaths(
  { path, stem }: KernelObject,
  { pieces, files }: Pieces,
  open: OpenFile,
): Promise<readonly string[]> {
  const members = await moduleMembers(path);
  const filePaths = pathsOfFiles(files, stem, members);
  const indices = fileIndicesOf(pieces);
  const own = new Set(filePaths.filter((file) => !file.endsWith(".mod.c")));
  // Of a module of one file all is that file's.
  const rest = own.size === 1 ? ([...own][0] ?? stem) : `${stem}.ko`;
  const root = path.slice(0, path.lastIndexOf(stem));
  const needed = new Set(pieces.flatMap((p, i) => (p.isLocal === false && indices[i] === undefined ? [p.name] : [])));
  const byName = needed.size === 0 ? new Map<string, string>() : await globalsOf(members, root, filePaths, open);
  return pieces.map(({ isLocal, name }, i) => {
    const index = indices[i];
    if (index !== undefined) return filePaths[index];
    return (isLocal === false ? byName.get(name) : undefined) ?? rest;
  });
}

/** The n-th file of a name is the n-th member of it: both are in the order of linking. */
function pathsOfFiles(files: readonly string[], stem: string, members: readonly string[]): readonly string[] {
  const waiting = new Map<string, string[]>();
  for (const member of members) {
    const known = waiting.get(basename(member));
    if (known === undefined) waiting.set(basename(member), [member]);
    else known.push(member);
  }
  return files.map((file) => {
    const fileStem = file.replace(/\.\w+$/, "");
    const queue = waiting.get(fileStem) ?? [];
    const member = queue.length > 1 ? queue.shift() : queue.at(0);
    const folder = member === undefined || member.startsWith("/") ? dirname(stem) : dirname(member);
    return join(folder, file);
  });
}

/** Global symbols of the objects that it was linked of, where they are there. */
async function globalsOf(
  members: readonly string[],
  root: string,
  filePaths: readonly string[],
  open: OpenFile,
): Promise<ReadonlyMap<string, string>> {
  const byName = new Map<string, string>();
  for (const member of members) {
    const object = member.startsWith("/") ? `${member}.o` : join(root, `${member}.o`);
    const file = await open(object).catch(() => undefined);
    if (file === undefined) continue;
    try {
      const source = filePaths.find((path) => path.replace(/\.\w+$/, "") === member) ?? `${member}.o`;
      for (const { name, bind, section } of await readSymbols(await readElf(file, object)))
        if (bind !== "local" && typeof section === "number") byName.set(name, source);
    } finally {
      await file.close();
    }
  }
  return byName;
}
