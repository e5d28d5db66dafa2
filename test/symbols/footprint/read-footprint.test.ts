/** What kernels take: the sums are GNU size's, and each byte has one place. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type SizeNode, sizeSchema } from "../../../src/model/size.ts";
import type { StaticBytes } from "../../../src/model/source-tree.ts";
import { readElf } from "../../../src/symbols/elf/read-elf.ts";
import { readPieces } from "../../../src/symbols/footprint/pieces.ts";
import {
  bytesOfSections,
  type FootprintOptions,
  readFootprint,
} from "../../../src/symbols/footprint/read-footprint.ts";
import { openRegularFile } from "../../../src/transport/random-access.ts";
import { inMemory, objectBytes, objectPath, OBJECTS } from "../../support/elf-objects.ts";
import { buildDirectory } from "../../support/kernel-trees.ts";

const hasSize = spawnSync("size", ["--version"]).status === 0;
const FILES = [...OBJECTS, "pair.ko", "x1.o", "x2.o"];

function footprint(path: string, options: Partial<FootprintOptions> = {}) {
  return readFootprint(path, { open: openRegularFile, ...options });
}

/** Of the last line, which with -t is the sum. */
function gnuSize(paths: readonly string[]): StaticBytes {
  const numbers = (format: string) => {
    const { stdout } = spawnSync("size", ["-t", `--format=${format}`, ...paths], { encoding: "utf8" });
    return (stdout.trim().split("\n").at(-1) ?? "").trim().split(/\s+/).map(Number);
  };
  const [textAndRodata, data, bss] = numbers("berkeley");
  const [text] = numbers("gnu");
  return { text, rodata: textAndRodata - text, data, bss };
}

/** `fs/alpha.c alpha_first 19 …`, of all symbols. */
function symbolsOf(node: SizeNode, path = ""): string[] {
  return node.children.flatMap((child) => {
    const below = path === "" ? child.name : `${path}/${child.name}`;
    return child.kind === "symbol" ? [below] : symbolsOf(child, below);
  });
}

function expectSums(node: SizeNode): void {
  if (node.kind === "symbol") return;
  for (const part of ["text", "rodata", "data", "bss"] as const)
    expect(node.children.reduce((sum, child) => sum + child.static[part], 0)).toBe(node.static[part]);
  node.children.forEach(expectSums);
}

describe("readFootprint", () => {
  it.skipIf(!hasSize).each(FILES)("adds %s up as GNU size does", async (name) => {
    const { totals, tree } = await footprint(objectPath(name));
    expect(totals).toEqual(gnuSize([objectPath(name)]));
    expect(tree.static).toEqual(totals);
    expectSums(tree);
  });

  it.skipIf(!hasSize)("adds a tree up as GNU size does", async () => {
    const dir = buildDirectory({
      "fs/built-in.a": "nested.a",
      "fs/le64.o": "le64.o",
      "fs/be32.o": "be32.o",
      "fs/plain64.o": "plain64.o",
      "fs/pair/pair.ko": "pair.ko",
      "modules.order": "text:fs/pair/pair.ko\n",
      vmlinux: "linked.elf",
    });
    const found = await footprint(dir);
    const objects = ["fs/le64.o", "fs/be32.o", "fs/plain64.o", "fs/pair/pair.ko"].map((path) => join(dir, path));
    expect(found.totals).toEqual(gnuSize(objects));
    expect(found).toMatchObject({ objects: 4, modules: 1, kernel: { kind: "tree", release: "6.1.0-test" } });
    expect(found.kernel.buildId).toMatch(/^[0-9a-f]{40}$/);
    expect(found.image).toEqual(gnuSize([objectPath("linked.elf")]));
    expectSums(found.tree);
    expect(sizeSchema.parse({ ...found, branch: null })).toBeDefined();
  });

  it("names files by their source, and gives what no symbol covers to its section", async () => {
    const dir = buildDirectory({
      "fs/built-in.a": "thin.a",
      "fs/le64.o": "le64.o",
      "fs/be32.o": "be32.o",
      "fs/le64.S": "text:",
    });
    const symbols = symbolsOf((await footprint(dir)).tree);
    expect(symbols).toEqual(
      expect.arrayContaining(["fs/le64.S/entry", "fs/le64.S/(.rodata.str1.1)", "fs/be32.o/room", "fs/be32.o/words"]),
    );
    // Of two names of one function one has its bytes.
    expect(symbols).not.toContain("fs/le64.S/entry_alias");
  });

  it("tells static functions of one name apart by their files, in a module", async () => {
    const dir = buildDirectory({
      "fs/pair/pair.ko": "pair.ko",
      "fs/pair/pair.mod": "text:fs/pair/deep/alpha.o\nfs/pair/beta.o\n",
      "fs/pair/deep/alpha.o": "alpha.o",
      "fs/pair/beta.o": "beta.o",
    });
    const { tree } = await footprint(dir);
    expect(symbolsOf(tree)).toEqual([
      "fs/pair/beta.c/beta_first",
      "fs/pair/beta.c/beta_inner",
      "fs/pair/beta.c/beta_last",
      "fs/pair/beta.c/beta_name",
      "fs/pair/beta.c/init_once",
      "fs/pair/deep/alpha.c/alpha_first",
      "fs/pair/deep/alpha.c/alpha_inner",
      "fs/pair/deep/alpha.c/alpha_last",
      "fs/pair/deep/alpha.c/alpha_name",
      "fs/pair/deep/alpha.c/init_once",
      "fs/pair/pair.ko/(.rodata.str1.1)",
      "fs/pair/pair.ko/(.text)",
    ]);
  });

  it("puts what no file is known of into the module, where its objects are gone", async () => {
    const symbols = symbolsOf((await footprint(buildDirectory({ "fs/pair.ko": "pair.ko" }))).tree);
    expect(symbols).toEqual(
      expect.arrayContaining(["fs/alpha.c/init_once", "fs/beta.c/init_once", "fs/pair.ko/alpha_first"]),
    );
    expect(symbols).toHaveLength(12);
  });

  it.skipIf(!hasSize)("takes vmlinux for what is built in, where the archives are gone", async () => {
    const dir = buildDirectory({
      "fs/pair/pair.ko": "pair.ko",
      "lib/le64.o": "le64.o",
      "lib/le64.c": "text:",
      "modules.order": "text:fs/pair/pair.ko\n",
      vmlinux: "linked.elf",
    });
    const found = await footprint(dir);
    expect(found.totals).toEqual(gnuSize([join(dir, "vmlinux"), join(dir, "fs/pair/pair.ko")]));
    expect(found).toMatchObject({ objects: 2, modules: 1, kernel: { kind: "tree" } });
    expect(symbolsOf(found.tree)).toEqual(expect.arrayContaining(["?/small.c/helper", "fs/pair/alpha.c/init_once"]));
    expect(found.notes.join()).toContain("as vmlinux has it");
    expectSums(found.tree);
  });

  it("lets no symbol of an image vanish of which no file is known", async () => {
    const { tree, notes } = await footprint(objectPath("linked.elf"));
    expect(tree.children.map(({ name }) => name)).toEqual([
      "(padding)",
      "(strings and constants)",
      "(unattributed)",
      "?",
    ]);
    expect(symbolsOf(tree)).toEqual(expect.arrayContaining(["?/small.c/helper", "(unattributed)/banner"]));
    expect(notes[0]).toContain("of files only the names are known");
    expectSums(tree);
  });

  it.each(["(padding)", "(unattributed)"])("takes %s alone, as any place", async (branch) => {
    const whole = await footprint(objectPath("linked.elf"));
    const { tree, totals } = await footprint(objectPath("linked.elf"), { branch });
    expect(tree.children).toEqual(whole.tree.children.filter(({ name }) => name === branch));
    expect(totals).toEqual(tree.children[0].static);
  });

  it("asks for the files of an image's functions, and knows its data's by them", async () => {
    const asked: bigint[] = [];
    const sourceOf: FootprintOptions["sourceOf"] = (_, addresses, about) => {
      if (about === "code") asked.push(...addresses);
      return Promise.resolve(addresses.map(() => "fs/debug.c"));
    };
    const { tree, notes } = await footprint(objectPath("debug.elf"), { sourceOf });
    expect(asked.length).toBe(5);
    expect(symbolsOf(tree)).toEqual(expect.arrayContaining(["fs/debug.c/entry", "fs/debug.c/table"]));
    expect(notes).toEqual([]);
    expectSums(tree);
  });

  it("asks for the files of variables that neither table nor functions tell", async () => {
    const named: string[] = [];
    const { tree } = await footprint(objectPath("debug.elf"), {
      sourceOf: (_, addresses, about) => {
        if (about === "data") named.push(...addresses.map((address) => address.toString(16)));
        return Promise.resolve(addresses.map(() => (about === "data" ? "mm/variable.c" : undefined)));
      },
    });
    expect(named.length).toBeGreaterThan(0);
    expect(symbolsOf(tree).filter((path) => path.startsWith("mm/variable.c/"))).toHaveLength(named.length);
    expectSums(tree);
  });

  it("takes a branch alone", async () => {
    const dir = buildDirectory({ "fs/built-in.a": "full.a", "lib/lib.a": "full.a", "libs/built-in.a": "full.a" });
    const { tree, totals, objects } = await footprint(dir, { branch: "lib" });
    expect(tree.children.map(({ name }) => name)).toEqual(["lib"]);
    expect(totals).toEqual(tree.children[0].static);
    expect(objects).toBe(2);
  });

  it("counts what is freed after the start", async () => {
    const { init } = await footprint(objectPath("le64.o"));
    const elf = await readElf(inMemory(objectBytes("le64.o")), "le64.o");
    expect(init.text).toBe(elf.sections.find(({ name }) => name === ".init.text")?.size);
    expect(init.text).toBeGreaterThan(0);
  });
});

describe("the pieces of any symbol table", () => {
  it.each(OBJECTS)("cover the loaded sections of %s exactly", async (name) => {
    const whole = objectBytes(name);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 }), async (flips) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of flips) bytes[at % bytes.length] = value;
        const elf = await readElf(inMemory(bytes), "x").catch(() => undefined);
        const found = elf && (await readPieces(elf).catch(() => undefined));
        if (elf === undefined || found === undefined) return;
        const sum = { text: 0, rodata: 0, data: 0, bss: 0 };
        for (const { group, bytes: held } of found.pieces) sum[group] += held;
        expect(sum).toEqual(bytesOfSections(elf));
      }),
      { numRuns: 200 },
    );
  });
});
