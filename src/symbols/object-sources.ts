/**
 * The source files of a built tree's functions, from its objects: `fs/inode.o` is made of `fs/inode.c`, which lies beside it (in a tree built with
 * O= elsewhere, where `.inode.o.cmd` says).
 */
import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import type { RandomAccess } from "../model/ports.ts";
import { readElf } from "./elf/read-elf.ts";
import { sourceEndOf } from "./object-source.ts";
import { readImage } from "./read-image.ts";
import type { ImageFunction } from "./image-symbols.ts";

const MAX_FOLDERS = 50_000;

interface Defined {
  readonly file: string;
  readonly bytes: number;
}

export class ObjectSources {
  readonly #byName = new Map<string, Defined[]>();
  objects = 0;

  /**
   * Reads all objects below the root. One that cannot be read is left out.
   *
   * @param onObject told before each how many were read, of how many
   */
  static async read(
    tree: string,
    open: (path: string) => Promise<RandomAccess>,
    onObject?: (done: number, of: number) => void,
  ): Promise<ObjectSources> {
    const sources = new ObjectSources();
    const objects: [string, string][] = [];
    for await (const found of objectsIn(tree, tree)) objects.push(found);
    for (const [i, [object, source]] of objects.entries()) {
      onObject?.(i, objects.length);
      await sources.#add(object, source, open);
    }
    return sources;
  }

  /** The only file with a function of that name and size, whose name is the symbol table's where that has one. */
  fileOf({ name, bytes, sourceFile }: ImageFunction): string | undefined {
    const named = (this.#byName.get(name) ?? []).filter(
      (d) => sourceFile === undefined || basename(d.file) === sourceFile,
    );
    const fitting = named.filter((defined) => defined.bytes === bytes);
    const chosen = fitting.length > 0 ? fitting : named;
    return chosen.length === 1 ? chosen[0].file : undefined;
  }

  async #add(object: string, source: string, open: (path: string) => Promise<RandomAccess>): Promise<void> {
    const bytes = await open(object).catch(() => undefined);
    if (bytes === undefined) return;
    try {
      const image = await readImage(await readElf(bytes, object));
      this.objects += 1;
      for (const { name, bytes: size = 0 } of image.all()) {
        const known = this.#byName.get(name) ?? [];
        if (known.length === 0) this.#byName.set(name, known);
        known.push({ file: source, bytes: size });
      }
    } catch {
      // LLVM bitcode, an object that is being written: its functions stay without a file.
    } finally {
      await bytes.close();
    }
  }
}

/** Objects that one source file was compiled to, and that file from the root on. */
async function* objectsIn(
  root: string,
  folder: string,
  left = { folders: MAX_FOLDERS },
): AsyncGenerator<[string, string]> {
  if ((left.folders -= 1) < 0) return;
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!entry.name.startsWith(".")) yield* objectsIn(root, path, left);
    } else if (entry.name.endsWith(".o") && !entry.name.endsWith(".mod.o")) {
      const stem = relative(root, path).slice(0, -".o".length);
      const end = await sourceEndOf(path, stem);
      if (end !== undefined) yield [path, stem + end];
    }
  }
}

async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch(() => []);
}
