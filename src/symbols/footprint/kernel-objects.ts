/**
 * What a built kernel tree's image and modules are made of: each object once.
 *
 * kbuild collects the objects of vmlinux in archives (built-in.a in each directory, thin ones; from 6.1 on all of them in vmlinux.a) and lists modules
 * in modules.order (Documentation/kbuild, scripts/Makefile.build, scripts/link-vmlinux.sh). The same code lies there several times
 * (vmlinux.o, fs/fat/fat.o and fat.ko beside their members): only what the archives name, and the .ko, is counted.
 */
import { access, readFile, realpath } from "node:fs/promises";
import { basename, dirname, join, normalize, relative } from "node:path";
import { KmemtapError } from "../../model/errors.ts";
import { readArchive } from "../elf/archive.ts";
import type { OpenFile } from "./open-file.ts";
import { sourceEndOf } from "../object-source.ts";
import { walkTree } from "./walk-tree.ts";

export interface KernelObject {
  /** The file that holds it. */
  readonly path: string;
  /** Where it is a member of an archive with contents: its bytes. */
  readonly part?: { readonly offset: number; readonly size: number };
  /** From the tree's root on, without its ending: `fs/ext4/inode`, `fs/fat/fat`. */
  readonly stem: string;
  readonly isModule: boolean;
  /** The linked kernel itself, in place of what it was linked of. */
  readonly isImage?: true;
}

export interface KernelObjects {
  readonly objects: readonly KernelObject[];
  /** What was left out, or is missing, for people. */
  readonly notes: readonly string[];
}

/** Each linked into vmlinux beside the archives, in the tree's root or below init (scripts/link-vmlinux.sh). */
const LINKED_BESIDE = ["init/version-timestamp.o", ".vmlinux.export.o", ".btf.vmlinux.bin.o"];
/** The last of the rounds in which kallsyms are made is the one that is linked. */
const KALLSYMS_ROUNDS = [3, 2, 1].map((round) => `.tmp_vmlinux.kallsyms${round}.o`);
/** Linked first, and in no archive, before 6.1 (arch/<arch>/Makefile, head-y). */
const HEAD_OBJECT = /^arch\/[^/]+\/kernel\/(?:head(?:_?\d+)?|ebda|platform-quirks)\.o$/;
/** Linked into vmlinux; libraries elsewhere are the boot loader's, the vDSO's or a tool's. */
const LIBRARY = /^(?:lib|arch\/[^/]+\/lib)\/lib\.a$/;

/** @throws {KmemtapError} `input/missing` where there is nothing of a kernel's, `symbols/damaged`, `symbols/not-elf`, `input/unreadable` */
export async function findKernelObjects(dir: string, open: OpenFile): Promise<KernelObjects> {
  const found = await walkTree(dir);
  const notes: string[] = [];
  const collected = new Collected(dir, open);
  const wholeArchive = ["vmlinux.a", "built-in.a"].find((name) => found.archives.includes(name));
  const archives =
    wholeArchive === undefined ? found.archives.filter((path) => basename(path) === "built-in.a") : [wholeArchive];
  for (const path of archives) await collected.addArchive(path);
  if (archives.length > 0) {
    for (const path of found.archives.filter((name) => LIBRARY.test(name))) await collected.addArchive(path);
    const kallsyms = KALLSYMS_ROUNDS.find((name) => found.objects.includes(name));
    for (const path of [...LINKED_BESIDE, ...(kallsyms === undefined ? [] : [kallsyms])])
      if (found.objects.includes(path)) await collected.add(path);
    if (wholeArchive !== "vmlinux.a")
      for (const path of found.objects.filter((name) => HEAD_OBJECT.test(name))) await collected.add(path);
  }
  const builtIn = collected.objects.length;
  const image = join(dir, "vmlinux");
  const hasImage = builtIn === 0 && (await isThere(image));
  if (hasImage) collected.objects.push({ path: image, stem: "vmlinux", isModule: false, isImage: true });
  const listed = builtIn === 0 ? undefined : await listedModules(dir);
  const modules = found.modules.filter((path) => listed?.has(moduleStem(path)) !== false);
  for (const path of modules) await collected.add(path, true);
  const stale = found.modules.length - modules.length;
  if (stale > 0) notes.push(`${stale} .ko of earlier builds are not in modules.order, and not counted`);
  if (collected.objects.length === 0) await addLoose(found.objects, collected, dir);
  if (collected.objects.length === 0)
    throw new KmemtapError("input/missing", `${dir} holds no built-in.a, no .ko and no .o beside its source`, {
      nextStep: "give the directory in which the kernel was built (make O=…), or its vmlinux",
    });
  if (hasImage) notes.push("there is no built-in.a: what is built in is counted as vmlinux has it");
  else if (builtIn === 0 && found.modules.length > 0)
    notes.push("there is neither built-in.a nor vmlinux: only modules are counted");
  return { objects: collected.objects, notes };
}

/** What was compiled by itself (`make fs/ext4/inode.o`), and is in no archive: only what has its source beside it is no composite. */
async function addLoose(objects: readonly string[], collected: Collected, dir: string): Promise<void> {
  for (const path of objects) {
    if (path.endsWith(".mod.o") || (await sourceEndOf(join(dir, path), stemOf(path))) === undefined) continue;
    await collected.add(path);
  }
}

class Collected {
  readonly objects: KernelObject[] = [];
  readonly #dir: string;
  readonly #open: OpenFile;
  /** Real paths, of members with their archive's. */
  readonly #known = new Set<string>();

  constructor(dir: string, open: OpenFile) {
    this.#dir = dir;
    this.#open = open;
  }

  async add(path: string, isModule = false): Promise<void> {
    await this.#addFile(join(this.#dir, path), isModule);
  }

  /** A thin archive's members are files beside it; one of them may be an archive again. */
  async addArchive(archivePath: string): Promise<void> {
    const path = join(this.#dir, archivePath);
    if (!(await this.#isNew(path))) return;
    const file = await this.#open(path);
    try {
      const members = await readArchive(file, archivePath);
      for (const { name, offset, size } of members) {
        if (offset !== undefined) await this.#addMember(archivePath, name, { offset, size });
        else await this.#addNamed(archivePath, name);
      }
    } finally {
      await file.close();
    }
  }

  async #addMember(archivePath: string, name: string, part: { offset: number; size: number }): Promise<void> {
    const beside = join(this.#dir, dirname(archivePath), name);
    // The same object as the file beside the archive, which other archives may have, too.
    if (await isThere(beside)) {
      await this.#addFile(beside, false);
      return;
    }
    const stem = stemOf(join(dirname(archivePath), name));
    this.objects.push({ path: join(this.#dir, archivePath), part, stem, isModule: false });
  }

  async #addNamed(archivePath: string, name: string): Promise<void> {
    // From the archive's directory on, as GNU ar has it; from the tree's root on, as others.
    const places = [join(this.#dir, dirname(archivePath), name), join(this.#dir, name)];
    if (name.startsWith("/")) places.unshift(name);
    for (const path of places) {
      if (!(await isThere(path))) continue;
      if (path.endsWith(".a")) await this.addArchive(relative(this.#dir, path));
      else await this.#addFile(path, false);
      return;
    }
    throw new KmemtapError("symbols/damaged", `${archivePath} names ${name}, which is not there`, {
      nextStep:
        "build the kernel again, or give the directory in which it was built: objects of the archive were removed",
    });
  }

  async #addFile(path: string, isModule: boolean): Promise<void> {
    if (!(await this.#isNew(path))) return;
    const inTree = relative(this.#dir, path);
    this.objects.push({ path, stem: isModule ? moduleStem(inTree) : stemOf(inTree), isModule });
  }

  async #isNew(path: string): Promise<boolean> {
    const real = await realpath(path);
    if (this.#known.has(real)) return false;
    this.#known.add(real);
    return true;
  }
}

/** An installed module lies below its release's directory: `kernel/fs/fat/fat.ko`. */
const INSTALLED = /^(?:.*\/)?kernel\/(?=(?:arch|block|crypto|drivers|fs|kernel|lib|mm|net|security|sound|virt)\/)/;

function moduleStem(path: string): string {
  return stemOf(path).replace(INSTALLED, "");
}

/** `fs/fat/fat.ko` a line; `kernel/fs/fat/fat.ko` before 5.3, `fs/fat/fat.o` from 6.3 on. Undefined where the tree has no list. */
async function listedModules(dir: string): Promise<ReadonlySet<string> | undefined> {
  const text = await readFile(join(dir, "modules.order"), "utf8").catch(() => undefined);
  return text === undefined ? undefined : new Set(text.split("\n").map(moduleStem));
}

function stemOf(path: string): string {
  return normalize(path).replace(/\.(?:o|ko(?:\.(?:xz|zst|gz))?)$/, "");
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
