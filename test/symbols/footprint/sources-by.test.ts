/** Source files by debug information. */
import { describe, expect, it } from "vitest";
import { sourcesBy } from "../../../src/symbols/footprint/sources-by.ts";
import { readFootprint } from "../../../src/symbols/footprint/read-footprint.ts";
import { findSymbolizer } from "../../../src/symbols/llvm/find-symbolizer.ts";
import { Symbolizer } from "../../../src/symbols/llvm/symbolizer.ts";
import { openRegularFile } from "../../../src/transport/random-access.ts";
import { objectPath } from "../../support/elf-objects.ts";

const found = await findSymbolizer();
const frame = (file: string) => ({ function: "f", file, line: 1 });

describe("sourcesBy", () => {
  it("names files from the root on, and takes the function itself, not what was inlined into it", async () => {
    const answers = [
      [frame("/build/linux/init/main.c")],
      [frame("/build/linux/include/linux/slab.h"), frame("/build/linux/fs/inode.c")],
      undefined,
      [],
    ];
    const sourceOf = sourcesBy({ ask: () => Promise.resolve(answers) });
    expect(await sourceOf("vmlinux", [1n, 2n, 3n, 4n], "code")).toEqual([
      "init/main.c",
      "fs/inode.c",
      undefined,
      undefined,
    ]);
  });

  it("asks another for variables, whose root is that of the functions; nobody, where there is none", async () => {
    const code = { ask: () => Promise.resolve([[frame("/build/linux/init/main.c")]]) };
    const data = { ask: () => Promise.resolve([[frame("/build/linux/mm/hugetlb.c")], [frame("??")]]) };
    const sourceOf = sourcesBy(code, data);
    await sourceOf("vmlinux", [1n], "code");
    expect(await sourceOf("vmlinux", [2n, 3n], "data")).toEqual(["mm/hugetlb.c", undefined]);
    expect(await sourcesBy(code)("vmlinux", [2n], "data")).toEqual([]);
  });

  it("finds the tree in paths that were told no root, as the assembler's, and knows no file by a bare name", async () => {
    const prefix = "/build/reproducible-path/linux-6.1.192/";
    const files = [
      "./init/main.c",
      "./arch/x86/entry/common.c",
      `${prefix}arch/x86/entry/entry_64.S`,
      `${prefix}lib/asm_only/memcpy.S`,
      "/home/me/driver/driver.c",
      "swapfile.c",
    ];
    const sourceOf = sourcesBy({ ask: () => Promise.resolve(files.map((file) => [frame(file)])) });
    expect(
      await sourceOf(
        "vmlinux",
        files.map((_, i) => BigInt(i)),
        "code",
      ),
    ).toEqual([
      "init/main.c",
      "arch/x86/entry/common.c",
      "arch/x86/entry/entry_64.S",
      "lib/asm_only/memcpy.S",
      "/home/me/driver/driver.c",
      undefined,
    ]);
  });

  it("asks for many, some at a time, and keeps their order", async () => {
    const sizes: number[] = [];
    const sourceOf = sourcesBy({
      ask: (places) => {
        sizes.push(places.length);
        return Promise.resolve(places.map(({ address }) => [frame(`fs/${address}.c`)]));
      },
    });
    const files = await sourceOf(
      "vmlinux",
      Array.from({ length: 10_000 }, (_, i) => BigInt(i)),
      "code",
    );
    expect(sizes).toEqual([4096, 4096, 1808]);
    expect(files[9_999]).toBe("fs/9999.c");
  });

  it.skipIf(found === undefined)("knows the directory of a file's functions and data, of a real image", async () => {
    if (found === undefined) return;
    const symbolizer = new Symbolizer(found);
    try {
      const options = { open: openRegularFile, sourceOf: sourcesBy(symbolizer), branch: "src/linux/fs/debug.c" };
      const { tree, notes } = await readFootprint(objectPath("debug.elf"), options);
      expect(notes).toEqual([]);
      expect(tree.children.map(({ name }) => name)).toEqual(["src"]);
      const names = JSON.stringify(tree);
      for (const name of ["entry", "helper", "table", "start"]) expect(names).toContain(`"name":"${name}"`);
    } finally {
      symbolizer.close();
    }
  });
});
