/** The kernel's image and those of its modules, which are found and opened when a call site is in one. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "../model/errors.ts";
import { isPacked, unpackTo } from "./unpack.ts";
import type { KernelFiles } from "./find-kernel.ts";
import { findModules, type ModuleFile } from "./find-modules.ts";
import { type Image, openModule, openSystemMap, openVmlinux, type OpenFile } from "./open-image.ts";

export interface ImagesOptions {
  readonly open: OpenFile;
  /** Whether addresses of modules will be asked for. */
  readonly laidOut: boolean;
  /** Takes modules of other releases. */
  readonly force: boolean;
}

export class Images {
  readonly kernel: Image;
  readonly #files: KernelFiles;
  readonly #options: ImagesOptions;
  readonly #modules = new Map<string, Promise<Image | string>>();
  #found: Promise<ReadonlyMap<string, ModuleFile>> | undefined;
  #copies: Promise<string> | undefined;

  private constructor(kernel: Image, files: KernelFiles, options: ImagesOptions) {
    this.kernel = kernel;
    this.#files = files;
    this.#options = options;
  }

  /** @throws {KmemtapError} `symbols/not-elf`, `symbols/damaged`, `input/unreadable` */
  static async open(files: KernelFiles, options: ImagesOptions): Promise<Images> {
    const kernel =
      files.kind === "vmlinux" ? await openVmlinux(files.path, options.open) : await openSystemMap(files.path);
    return new Images({ ...kernel, release: kernel.release ?? files.release }, files, options);
  }

  /** Why there is none, where there is none. */
  module(name: string): Promise<Image | string> {
    let image = this.#modules.get(name);
    if (image === undefined) {
      image = this.#openModule(name);
      this.#modules.set(name, image);
    }
    return image;
  }

  async close(): Promise<void> {
    await this.kernel.close();
    if (this.#copies !== undefined) await rm(await this.#copies, { recursive: true, force: true });
  }

  async #openModule(name: string): Promise<Image | string> {
    const { modulesIn } = this.#files;
    this.#found ??= findModules(modulesIn);
    const file = (await this.#found).get(name);
    if (file === undefined) return `no ${name}.ko below ${modulesIn.join(", ")}`;
    try {
      const path = isPacked(file.path) ? await this.#unpacked(name, file.path) : file.path;
      const copies = this.#options.laidOut ? await this.#folder() : undefined;
      const image = { ...(await openModule(name, path, copies, this.#options.open)), path: file.path };
      const { release } = this.kernel;
      const isOther = release !== undefined && image.release !== undefined && image.release !== release;
      if (isOther && !this.#options.force) return `${file.path} is of Linux ${image.release}, the kernel is ${release}`;
      return image;
    } catch (thrown) {
      return messageOf(thrown);
    }
  }

  async #unpacked(name: string, path: string): Promise<string> {
    const unpacked = join(await this.#folder(), `${name}.unpacked`);
    await unpackTo(path, unpacked);
    return unpacked;
  }

  #folder(): Promise<string> {
    return (this.#copies ??= mkdtemp(join(tmpdir(), "kmemtap-modules-")));
  }
}
