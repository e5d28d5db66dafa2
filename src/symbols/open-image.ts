/** An image that call sites are looked up in: the kernel's own, or a module's. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { KmemtapError } from "../model/errors.ts";
import type { RandomAccess } from "../model/ports.ts";
import { readBuildId } from "./elf/build-id.ts";
import type { ElfFile } from "./elf/elf-file.ts";
import { readRelease } from "./elf/kernel-release.ts";
import { readElf } from "./elf/read-elf.ts";
import type { ImageSymbols } from "./image-symbols.ts";
import { layOut, writeLaidOut } from "./lay-out-module.ts";
import { readImage, readSystemMap } from "./read-image.ts";

/** @throws {KmemtapError} `input/unreadable`, `symbols/not-elf` */
export type OpenFile = (path: string) => Promise<RandomAccess>;

export interface Image {
  readonly path: string;
  /** What is asked for addresses of it: the file itself, or a module's copy. */
  readonly askPath: string;
  readonly symbols: ImageSymbols;
  /** Of a vmlinux. */
  readonly elf: ElfFile | undefined;
  /** `uname -r` */
  readonly release: string | undefined;
  readonly buildId: string | undefined;
  /** To be called once nothing is read from `elf` any more. */
  readonly close: () => Promise<void>;
}

/**
 * A System.map: names and addresses.
 *
 * @throws {KmemtapError} `symbols/no-kernel` where it has none
 */
export async function openSystemMap(path: string): Promise<Image> {
  const symbols = readSystemMap(await readFile(path, "latin1"));
  // Debian's kernel packages have one that says where the real one is.
  if (symbols.size === 0)
    throw new KmemtapError("symbols/no-kernel", `${path} names no functions`, {
      nextStep: "give a vmlinux with debug information: on Debian linux-image-$(uname -r)-dbg has one",
    });
  const close = () => Promise.resolve();
  return { path, askPath: path, symbols, elf: undefined, release: undefined, buildId: undefined, close };
}

/** @throws {KmemtapError} `symbols/not-elf`, `symbols/damaged`, `input/unreadable` */
export async function openVmlinux(path: string, open: OpenFile): Promise<Image> {
  const bytes = await open(path);
  try {
    const elf = await readElf(bytes, path);
    const symbols = await readImage(elf);
    const [release, buildId] = [await readRelease(elf), await readBuildId(elf)];
    return { path, askPath: path, symbols, elf, release, buildId, close: () => bytes.close() };
  } catch (thrown) {
    await bytes.close();
    throw thrown;
  }
}

/**
 * @param copies where its laid-out copy goes; undefined where nobody will ask for addresses of it
 * @throws {KmemtapError} `symbols/not-elf`, `symbols/damaged`, `input/unreadable`, and what the system says where there is no room
 */
export async function openModule(
  name: string,
  path: string,
  copies: string | undefined,
  open: OpenFile,
): Promise<Image> {
  const bytes = await open(path);
  try {
    const elf = await readElf(bytes, path);
    const addresses = layOut(elf);
    const symbols = await readImage(elf, addresses);
    const askPath = copies === undefined ? path : join(copies, `${name}.ko`);
    if (copies !== undefined) await writeLaidOut(elf, addresses, path, askPath);
    const [release, buildId] = [await readRelease(elf), await readBuildId(elf)];
    return { path, askPath, symbols, elf: undefined, release, buildId, close: () => Promise.resolve() };
  } finally {
    await bytes.close();
  }
}
