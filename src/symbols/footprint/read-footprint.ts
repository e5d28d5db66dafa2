/** What a kernel takes, of a built tree or of one linked file. */
import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { KmemtapError, messageOf } from "../../model/errors.ts";
import type { SizeReport } from "../../model/size.ts";
import { SIZE_SCHEMA } from "../../model/schema-name.ts";
import { type StaticBytes, UNATTRIBUTED, UNKNOWN_FOLDER } from "../../model/source-tree.ts";
import { readBuildId } from "../elf/build-id.ts";
import type { ElfFile } from "../elf/elf-file.ts";
import { readRelease } from "../elf/kernel-release.ts";
import { readElf } from "../elf/read-elf.ts";
import { sliceOf } from "../elf/read-part.ts";
import { GrowingTree } from "./grow-tree.ts";
import { findKernelObjects, type KernelObject } from "./kernel-objects.ts";
import { imagePaths, type SourceOf } from "./image-paths.ts";
import { fileIndicesOf } from "./linked-files.ts";
import type { OpenFile } from "./open-file.ts";
import { type Pieces, readPieces } from "./pieces.ts";
import { modulePaths } from "./module-paths.ts";
import { sourceEndOf } from "../object-source.ts";
import { groupOf, isInit, noBytes, uncoveredPlace } from "./section-group.ts";

const MODULE = /\.ko(?:\.(?:xz|zst|gz))?$/;

const NAMES_ALONE = `of files only the names are known, in the directory ${UNKNOWN_FOLDER}: give the built tree, or one with debug information (and llvm-symbolizer)`;

export interface FootprintOptions {
  readonly open: OpenFile;
  /** Of a vmlinux; without it the symbol table's file names are all there is. */
  readonly sourceOf?: SourceOf;
  /** Only what is of this directory or file: `fs/ext4`. */
  readonly branch?: string;
  /** Told before each object of a tree how many were read, of how many. */
  readonly onObject?: (done: number, of: number) => void;
}

export type Footprint = Omit<SizeReport, "branch">;

/**
 * @param path a directory in which a kernel was built or its modules are installed; a vmlinux, module or object
 * @throws {KmemtapError} `input/missing`, `input/unreadable`, `symbols/not-elf`, `symbols/damaged`
 */
export async function readFootprint(path: string, options: FootprintOptions): Promise<Footprint> {
  if (!(await isDirectory(path))) return readImageFootprint(path, options);
  const image = join(path, "vmlinux");
  const hasImage = (await stat(image).catch(() => undefined))?.isFile() === true;
  return readTree(path, hasImage ? image : undefined, options);
}

/** @throws {KmemtapError} `input/missing` */
export async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (thrown) {
    throw new KmemtapError("input/missing", `there is no ${path}: ${messageOf(thrown)}`, {
      nextStep: "give a directory in which a kernel was built, or its vmlinux",
      cause: thrown,
    });
  }
}

async function readTree(dir: string, image: string | undefined, options: FootprintOptions): Promise<Footprint> {
  const { open, branch, onObject } = options;
  const found = await findKernelObjects(dir, open);
  if (found.objects.every(({ isImage }) => isImage)) return readImageFootprint(image ?? dir, options);
  const sum = new Sum(branch);
  const notes = [...found.notes];
  let release: string | undefined;
  let objects = 0;
  let modules = 0;
  for (const [done, object] of found.objects.entries()) {
    onObject?.(done, found.objects.length);
    const before = sum.pieces;
    await withElf(object, open, async (elf) => {
      if (object.isModule) release ??= await readRelease(elf);
      if (object.isImage !== true)
        await (object.isModule ? addModule(sum, object, elf, open) : addObject(sum, object, elf));
      else if (!(await addImage(sum, object.path, elf, options.sourceOf))) notes.push(NAMES_ALONE);
    });
    if (branch !== undefined && sum.pieces === before) continue;
    objects += 1;
    if (object.isModule) modules += 1;
  }
  const linked = image === undefined ? undefined : await factsOfImage(image, open);
  return {
    schema: SIZE_SCHEMA,
    kernel: {
      path: dir,
      kind: "tree",
      release: linked?.release ?? release ?? null,
      buildId: linked?.buildId ?? null,
    },
    totals: sum.tree.totals,
    init: sum.init,
    objects,
    modules,
    image: linked?.bytes ?? null,
    notes,
    tree: sum.tree.finish(linked?.release ?? release ?? basename(dir)),
  };
}

async function readImageFootprint(path: string, { open, sourceOf, branch }: FootprintOptions): Promise<Footprint> {
  const isModule = MODULE.test(path);
  const object: KernelObject = { path, stem: basename(path).replace(MODULE, "").replace(/\.o$/, ""), isModule };
  const sum = new Sum(branch);
  const notes: string[] = [];
  return withElf(object, open, async (elf) => {
    const release = (await readRelease(elf)) ?? null;
    const buildId = (await readBuildId(elf)) ?? null;
    if (isModule) await addModule(sum, object, elf, open);
    else if (elf.type === "relocatable") await addObject(sum, object, elf);
    else {
      if (!(await addImage(sum, path, elf, sourceOf))) notes.push(NAMES_ALONE);
      const rodata = elf.sections.find(({ name }) => name === ".rodata");
      if (rodata !== undefined && groupOf(rodata) === "data")
        notes.push(`.rodata is linked as writable: its ${rodata.size} bytes count as data, as GNU size has it`);
    }
    return {
      schema: SIZE_SCHEMA,
      kernel: { path, kind: "image", release, buildId },
      totals: sum.tree.totals,
      init: sum.init,
      objects: 1,
      modules: isModule ? 1 : 0,
      image: null,
      notes,
      tree: sum.tree.finish(release ?? basename(path)),
    };
  });
}

class Sum {
  readonly tree = new GrowingTree();
  readonly init = noBytes();
  pieces = 0;
  readonly #branch: string | undefined;

  constructor(branch: string | undefined) {
    this.#branch = branch;
  }

  add({ pieces }: Pieces, isModule: boolean, pathOf: (i: number) => string | undefined): void {
    pieces.forEach((piece, i) => {
      // What was built elsewhere has its whole path, which is a place in the tree like others.
      const path = pathOf(i)?.replace(/^\/+/, "");
      const place = path ?? (piece.isLocal === undefined ? uncoveredPlace(piece.section) : undefined) ?? UNATTRIBUTED;
      const branch = this.#branch;
      if (branch !== undefined && place !== branch && !place.startsWith(`${branch}/`)) return;
      this.pieces += 1;
      this.tree.add(place, piece, path !== undefined);
      if (isInit(piece.section, isModule)) this.init[piece.group] += piece.bytes;
    });
  }
}

/** An object of one source file, or one that was linked of several, as before 4.18 (built-in.o). */
async function addObject(sum: Sum, { path, part, stem }: KernelObject, elf: ElfFile): Promise<void> {
  const found = await readPieces(elf);
  const end = part === undefined ? await sourceEndOf(path, stem) : undefined;
  const own = found.files.find((name) => name.replace(/\.\w+$/, "") === basename(stem));
  const named = own === undefined ? `${stem}.o` : stem.slice(0, -basename(stem).length) + own;
  if (end !== undefined || new Set(found.files).size < 2) {
    sum.add(found, false, () => (end === undefined ? named : stem + end));
    return;
  }
  const indices = fileIndicesOf(found.pieces);
  const folder = stem.slice(0, -basename(stem).length);
  sum.add(found, false, (i) => {
    const index = indices[i];
    return index === undefined ? `${stem}.o` : folder + found.files[index];
  });
}

async function addModule(sum: Sum, object: KernelObject, elf: ElfFile, open: OpenFile): Promise<void> {
  const found = await readPieces(elf);
  const paths = await modulePaths(object, found, open);
  sum.add(found, true, (i) => paths[i]);
}

/** @returns whether directories are known */
async function addImage(sum: Sum, path: string, elf: ElfFile, sourceOf: SourceOf | undefined): Promise<boolean> {
  const found = await readPieces(elf);
  const hasDebugInfo = elf.sections.some(({ name }) => /^\.z?debug_info$/.test(name));
  const paths = await imagePaths(path, found, hasDebugInfo ? sourceOf : undefined);
  sum.add(found, false, (i) => paths[i]);
  return paths.some((known) => known?.startsWith(`${UNKNOWN_FOLDER}/`) === false);
}

async function factsOfImage(path: string, open: OpenFile) {
  return withElf({ path }, open, async (elf) => ({
    release: await readRelease(elf),
    buildId: await readBuildId(elf),
    bytes: bytesOfSections(elf),
  }));
}

export function bytesOfSections({ sections }: Pick<ElfFile, "sections">): StaticBytes {
  const bytes = noBytes();
  for (const section of sections) {
    const group = groupOf(section);
    if (group !== undefined) bytes[group] += section.size;
  }
  return bytes;
}

async function withElf<T>(
  { path, part }: Pick<KernelObject, "path" | "part">,
  open: OpenFile,
  use: (elf: ElfFile) => Promise<T>,
): Promise<T> {
  const file = await open(path);
  try {
    return await use(await readElf(part === undefined ? file : sliceOf(file, part.offset, part.size), path));
  } finally {
    await file.close();
  }
}
