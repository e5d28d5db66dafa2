/** Which objects of a build directory are the kernel's. */
import { symlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { findKernelObjects } from "../../../src/symbols/footprint/kernel-objects.ts";
import { openRegularFile } from "../../../src/transport/random-access.ts";
import { buildDirectory } from "../../support/kernel-trees.ts";

async function objectsOf(files: Readonly<Record<string, string>>) {
  const dir = buildDirectory(files);
  const { objects, notes } = await findKernelObjects(dir, openRegularFile);
  return {
    notes,
    objects: objects.map(
      ({ path, stem, part, isModule }) =>
        `${relative(dir, path)}${part === undefined ? "" : "()"} ${stem}${isModule ? " module" : ""}`,
    ),
  };
}

/** thin.a names le64.o and be32.o beside it; nested.a those and plain64.o. */
const FS = { "fs/built-in.a": "nested.a", "fs/le64.o": "le64.o", "fs/be32.o": "be32.o", "fs/plain64.o": "plain64.o" };

describe("findKernelObjects", () => {
  it("takes each object of the archives once, however many name it", async () => {
    const { objects } = await objectsOf({
      ...FS,
      "fs/thin/built-in.a": "text:!<thin>\n",
      "lib/lib.a": "thin.a",
      "lib/le64.o": "le64.o",
      "lib/be32.o": "be32.o",
    });
    expect(objects).toEqual([
      "fs/le64.o fs/le64",
      "fs/be32.o fs/be32",
      "fs/plain64.o fs/plain64",
      "lib/le64.o lib/le64",
      "lib/be32.o lib/be32",
    ]);
  });

  it("reads archives with contents, and knows their members from the files beside them", async () => {
    const { objects } = await objectsOf({ "fs/built-in.a": "full.a", "fs/le64.o": "le64.o" });
    expect(objects).toEqual(["fs/le64.o fs/le64", "fs/built-in.a() fs/le32"]);
  });

  it("leaves out what is linked of others, and what runs on the building machine", async () => {
    const { objects } = await objectsOf({
      ...FS,
      "vmlinux.o": "le64.o",
      "fs/composite.o": "le64.o",
      "scripts/built-in.a": "full.a",
      "tools/lib/built-in.a": "full.a",
      "arch/x86/boot/compressed/misc.o": "le64.o",
      "drivers/firmware/efi/libstub/lib.a": "full.a",
    });
    expect(objects).toHaveLength(3);
  });

  it("adds what is linked beside the archives", async () => {
    const { objects } = await objectsOf({
      ...FS,
      "init/version-timestamp.o": "plain64.o",
      ".tmp_vmlinux.kallsyms1.o": "plain64.o",
      ".tmp_vmlinux.kallsyms2.o": "plain64.o",
      "arch/x86/kernel/head_64.o": "plain64.o",
      "arch/x86/kernel/header.o": "plain64.o",
    });
    expect(objects.slice(3)).toEqual([
      "init/version-timestamp.o init/version-timestamp",
      ".tmp_vmlinux.kallsyms2.o .tmp_vmlinux.kallsyms2",
      "arch/x86/kernel/head_64.o arch/x86/kernel/head_64",
    ]);
  });

  it("counts a module by its .ko, not by what it was linked of", async () => {
    const { objects, notes } = await objectsOf({
      ...FS,
      "fs/fat/fat.ko": "pair.ko",
      "fs/fat/fat.o": "pair.ko",
      "fs/fat/fat.mod.o": "plain64.o",
      "fs/fat/alpha.o": "alpha.o",
      "fs/old/old.ko": "pair.ko",
      "modules.order": "text:fs/fat/fat.o\n",
    });
    expect(objects.slice(3)).toEqual(["fs/fat/fat.ko fs/fat/fat module"]);
    expect(notes).toEqual(["1 .ko of earlier builds are not in modules.order, and not counted"]);
  });

  it("knows the source directory of installed modules", async () => {
    const { objects, notes } = await objectsOf({
      "lib/modules/6.1/kernel/fs/fat/fat.ko": "pair.ko",
      "lib/modules/6.1/kernel/kernel/x.ko": "pair.ko",
      "lib/modules/6.1/kernel/fs/ext4/ext4.ko.xz": "text:",
      // Of both the one that is as it is.
      "lib/modules/6.1/kernel/fs/fat/fat.ko.zst": "text:",
    });
    expect(objects.map((line) => line.split(" ").slice(0, 2))).toEqual([
      ["lib/modules/6.1/kernel/fs/ext4/ext4.ko.xz", "fs/ext4/ext4"],
      ["lib/modules/6.1/kernel/fs/fat/fat.ko", "fs/fat/fat"],
      ["lib/modules/6.1/kernel/kernel/x.ko", "kernel/x"],
    ]);
    expect(notes).toEqual(["there is neither built-in.a nor vmlinux: only modules are counted"]);
  });

  it("takes objects beside their sources where nothing was linked yet", async () => {
    const { objects } = await objectsOf({
      "fs/alpha.o": "alpha.o",
      "fs/alpha.c": "text:",
      "fs/apart.o": "beta.o",
      "fs/.apart.o.cmd": "text:source_fs/apart.o := /src/linux/fs/apart.c\n",
      "fs/composite.o": "pair.ko",
    });
    expect(objects).toEqual(["fs/alpha.o fs/alpha", "fs/apart.o fs/apart"]);
  });

  it("does not follow links out of the tree", async () => {
    const dir = buildDirectory(FS);
    symlinkSync(dir, join(dir, "build"));
    expect((await findKernelObjects(dir, openRegularFile)).objects).toHaveLength(3);
  });

  it("says what is missing", async () => {
    await expect(objectsOf({ README: "text:" })).rejects.toMatchObject({ code: "input/missing" });
    await expect(objectsOf({ "fs/built-in.a": "thin.a" })).rejects.toThrow(
      "fs/built-in.a names le64.o, which is not there",
    );
  });
});
