/** An initramfs whose /init is the boot agent: alone, or before a system's own. */
import { createReadStream, createWriteStream } from "node:fs";
import { access, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { KmemtapError, messageOf } from "../../model/errors.ts";
import { buildInitramfs } from "../qemu/initramfs.ts";

export interface BootInitramfs {
  /** Where it is written. */
  readonly path: string;
  /** An initrd to put it before: the agent then stands in a folder of its own and hands over to that initrd's /init. */
  readonly onto?: string;
  /** A kernel's modules, a directory named for its release; for an initramfs that boots alone. */
  readonly modulesDir?: string;
}

/** Where the agent stands beside a system's own /init. */
const PLACE = "/kmemtap";
/** Ports that are modules on many kernels, and what one loads to look at the allocator. */
const MODULES = [
  ...["virtio_pci", "virtio_mmio", "virtio_console"],
  ...["loop", "fat", "vfat", "nls_cp437", "nls_ascii", "nls_iso8859_1"],
];

/** The kernel parameters that go with it, for the trace on `port` and, where it boots alone, a shell on `console`. */
export function initramfsParameters(port: string, console: string | undefined, onto: boolean) {
  return [
    {
      text: `kmemtap.port=${port}`,
      reason: "where the initramfs forwards the trace to; nothing else should write there",
    },
    ...(onto
      ? [
          {
            text: `rdinit=${PLACE}/init`,
            reason: "starts the forwarder, which then hands over to the system's own /init",
          },
        ]
      : console === undefined
        ? []
        : [{ text: `kmemtap.console=${console}`, reason: "where the initramfs runs a shell" }]),
  ];
}

/**
 * Writes it whole or not at all; compressed where its name ends in .gz and no other is behind it.
 *
 * In front, since kernels find microcode behind an uncompressed archive and unpack any that follows, while some
 * decompressors (lz4) take what stands behind their data for more of it.
 *
 * @throws {KmemtapError} `target/no-qemu` without a static busybox; `input/missing`, `output/unwritable`
 */
export async function writeBootInitramfs({ path, onto, modulesDir }: BootInitramfs): Promise<void> {
  if (onto !== undefined) await mustBeThere(onto, "give the system's initrd, such as /boot/initrd.img-RELEASE");
  if (modulesDir !== undefined) await mustBeThere(modulesDir, "give a directory such as /lib/modules/RELEASE");
  const dir = await mkdtemp(join(tmpdir(), "kmemtap-initramfs-"));
  const draft = `${path}.${process.pid}.tmp`;
  try {
    const own = join(dir, "own.cpio");
    const kernel = modulesDir === undefined ? undefined : { release: basename(resolve(modulesDir)), modulesDir };
    const modules = kernel === undefined ? [] : MODULES;
    await buildInitramfs(
      kernel,
      { init: "boot-init.sh", modules, ...(onto !== undefined && { place: PLACE }) },
      dir,
      own,
    );
    if (onto === undefined && path.endsWith(".gz"))
      await pipeline(createReadStream(own), createGzip(), createWriteStream(draft));
    else await pipeline(joined(onto === undefined ? [own] : [own, onto]), createWriteStream(draft));
    await rename(draft, path);
  } catch (thrown) {
    await rm(draft, { force: true });
    if (thrown instanceof KmemtapError) throw thrown;
    throw new KmemtapError("output/unwritable", `cannot write ${path}: ${messageOf(thrown).replaceAll(draft, path)}`, {
      nextStep: "check that the directory exists, is writable and has room",
      cause: thrown,
    });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Archives must begin at a multiple of four bytes (init/initramfs.c); what lies between is zeros. */
async function* joined(files: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const file of files) {
    for await (const chunk of createReadStream(file)) yield chunk as Uint8Array;
    const { size } = await stat(file);
    if (size % 512 !== 0) yield new Uint8Array(512 - (size % 512));
  }
}

async function mustBeThere(path: string, nextStep: string): Promise<void> {
  try {
    await access(path);
  } catch (thrown) {
    throw new KmemtapError("input/missing", `${path} cannot be read: ${messageOf(thrown)}`, {
      nextStep,
      cause: thrown,
    });
  }
}
