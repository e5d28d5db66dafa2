/** Call sites of the small kernel tree: every way to a source file, and every way not to. */
import { cpSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { CallerSource } from "../../src/model/snapshot.ts";
import { KernelSymbols } from "../../src/symbols/kernel-symbols.ts";
import { BUILD_ID, finderIn, RELEASE, symbolizer, TREE } from "../support/source-tree.ts";
import { tempDir } from "../support/temp-dir.ts";

const WITHOUT_LLVM = symbolizer === undefined ? " (missing: llvm-symbolizer)" : "";

async function sourceOf(callSite: string, ...finder: Parameters<typeof finderIn>): Promise<CallerSource | undefined> {
  return (await (await finderIn(...finder)).of([callSite])).get(callSite);
}

const chainOf = (source: CallerSource | undefined) =>
  source?.chain.map(({ function: name, file, line }) => `${String(name)} ${String(file)}:${String(line)}`);

describe.skipIf(symbolizer === undefined)(`with debug information${WITHOUT_LLVM}`, () => {
  it("what headers inline is charged to the file that calls it", async () => {
    const source = await sourceOf("setup+0xd/0x20");
    expect(source).toMatchObject({ file: "fs/one.c", line: 3, function: "setup", module: null });
    expect(chainOf(source)).toEqual([
      "kmalloc include/linux/slab.h:4",
      "kzalloc include/linux/slab.h:7",
      "setup fs/one.c:3",
    ]);
  });

  it("what a file's own inline function calls has that function's line", async () => {
    const source = await sourceOf("first+0x18/0x30");
    expect(source).toMatchObject({ file: "fs/one.c", line: 6, function: "first" });
    expect(chainOf(source)).toEqual(["kmalloc include/linux/slab.h:4", "helper fs/one.c:6", "first fs/one.c:9"]);
  });

  it("static functions of one name are told apart by their size", async () => {
    expect(await sourceOf("setup+0x11/0x30")).toMatchObject({ file: "fs/two.c", line: 3 });
  });

  it("a .c that others include is charged itself, whichever included it", async () => {
    expect(await sourceOf("same+0xd/0x20")).toMatchObject({ file: "fs/same.c", line: 3 });
  });

  it("functions that nothing tells apart have no file", async () => {
    const source = await sourceOf("twin+0x9/0x20");
    expect(source).toMatchObject({ file: null, line: null, chain: [] });
    expect(source?.reason).toBe("2 functions have that name and size, in different files");
  });

  it.each([
    ["tiny_read+0x9/0x20 [tiny_fs]", "fs/tiny/tiny.c", 4, "tiny_read"],
    ["tiny_init+0xd/0x20 [tiny_fs]", "fs/tiny/init.c", 3, "tiny_init"],
  ])("in a module all sections begin at 0, and %s is found", async (callSite, file, line, name) => {
    expect(await sourceOf(callSite)).toMatchObject({ file, line, function: name, module: "tiny_fs" });
  });

  it("a call at the very end of a function returns to the next one", async () => {
    expect(await sourceOf("twin+0x0/0x20")).toMatchObject({ function: "setup" });
  });

  it("the copies of modules are gone when it is closed", async () => {
    const folder = tempDir();
    vi.stubEnv("TMPDIR", folder);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const finder = await finderIn();
    await finder.of(["tiny_read+0x9/0x20 [tiny_fs]"]);
    expect(readdirSync(folder)).toHaveLength(1);
    await finder.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("a vmlinux alone, elsewhere, is enough", async () => {
    const folder = tempDir();
    cpSync(join(TREE, "vmlinux"), join(folder, "vmlinux"));
    expect(await sourceOf("setup+0xd/0x20", join(folder, "vmlinux"))).toMatchObject({ file: "fs/one.c", line: 3 });
  });
});

describe("without llvm-symbolizer", () => {
  it("objects beside their sources tell the file", async () => {
    const finder = await finderIn(TREE, { symbolizer: undefined });
    const sites = ["setup+0xd/0x20", "setup+0x11/0x30", "third+0x9/0x20", "tiny_read+0x9/0x20 [tiny_fs]"];
    const found = await finder.of(sites);
    expect(sites.map((site) => found.get(site)?.file)).toEqual([
      "fs/one.c",
      "fs/two.c",
      "fs/three.c",
      "fs/tiny/tiny.c",
    ]);
    expect(finder.facts.findings.join("\n")).toContain("apt-get install llvm");
  });

  it("a vmlinux alone tells the name of the file, not its directory", async () => {
    const folder = tempDir();
    cpSync(join(TREE, "vmlinux"), join(folder, "vmlinux"));
    const finder = await finderIn(folder, { symbolizer: undefined });
    const found = await finder.of(["setup+0xd/0x20", "third+0x9/0x20"]);
    expect(found.get("setup+0xd/0x20")).toMatchObject({ file: "?/one.c", line: null, function: "setup" });
    expect(found.get("third+0x9/0x20")?.file).toBeNull();
  });

  it("a System.map tells functions, and no files", async () => {
    const finder = await finderIn(join(TREE, "System.map"));
    const found = await finder.of(["setup+0xd/0x20"]);
    expect(found.get("setup+0xd/0x20")).toMatchObject({ file: null, function: "setup" });
    expect(finder.facts.findings.join("\n")).toContain("give a vmlinux");
  });

  it("Debian's System.map, which says where the real one is, is refused", async () => {
    const path = join(tempDir(), "System.map-6.1.0-tiny");
    writeFileSync(path, "ffffffffffffffff B The real System.map is in the linux-image-<version>-dbg package\n");
    await expect(finderIn(path)).rejects.toMatchObject({ code: "symbols/no-kernel" });
  });
});

describe("what is not found is said", () => {
  it.each([
    ["nothing+0x1/0x20", /has no nothing/],
    ["setup+0x1/0x50", /has no setup/],
    ["f+0x1/0x20 [nosuch]", /no nosuch\.ko below/],
    ["0xffffffffc028d533", /bare address/],
    ["(torn)", /not a call site/],
  ])("%s", async (callSite, reason) => {
    const source = await sourceOf(callSite);
    expect(source?.file).toBeNull();
    expect(source?.reason).toMatch(reason);
  });

  it("a packed module that is damaged", async () => {
    const folder = withPackedModule("");
    expect((await sourceOf("tiny_read+0x9/0x20 [tiny_fs]", folder))?.reason).toMatch(
      /cannot unpack .*tiny-fs\.ko\.gz: /,
    );
  });
});

it("a packed module is unpacked", async () => {
  const folder = withPackedModule(gzipSync(readFileSync(join(TREE, "fs/tiny/tiny-fs.ko"))));
  const site = "tiny_read+0x9/0x20 [tiny_fs]";
  expect(await sourceOf(site, folder)).toEqual(await sourceOf(site));
});

/** The tree, with a packed module instead of the one it has. */
function withPackedModule(content: string | Uint8Array): string {
  const folder = tempDir();
  cpSync(TREE, folder, { recursive: true });
  rmSync(join(folder, "fs/tiny/tiny-fs.ko"));
  writeFileSync(join(folder, "fs/tiny/tiny-fs.ko.gz"), content);
  return folder;
}

describe("bare addresses", () => {
  const MOVED = 0x1e00000n;

  it("are named by the target's kallsyms", async () => {
    const kallsyms = new KernelSymbols();
    const moved = (address: bigint) => (address + MOVED).toString(16);
    kallsyms.read(
      [
        `${moved(0xffffffff81000010n)} t setup`,
        `${moved(0xffffffff81000030n)} t twin`,
        "ffffffffc0001000 t tiny_read\t[tiny_fs]",
      ].join("\n"),
    );
    const site = `0x${moved(0xffffffff8100001dn)}`;
    const finder = await finderIn(TREE, { kallsyms });
    const found = await finder.of([site, "0xffffffffc0001009"]);
    expect(found.get(site)).toMatchObject({ function: "setup" });
    expect(found.get("0xffffffffc0001009")).toMatchObject({ function: "tiny_read", module: "tiny_fs" });
  });

  /** Return addresses of the vmlinux: behind each stands a call. */
  const RETURNS = [0x1d, 0x39, 0x68, 0x73, 0x89, 0x91, 0xa6, 0xb9, 0xdd].map((at) => 0xffffffff81000000n + BigInt(at));

  it("tell by the calls in front of them how far KASLR moved the kernel", async () => {
    const sites = RETURNS.map((address) => `0x${(address + 0x1e00000n).toString(16)}`);
    const found = await (await finderIn()).of(sites);
    expect(sites.map((site) => found.get(site)?.function)).toEqual([
      "setup",
      "twin",
      "first",
      "first",
      "setup",
      "setup",
      "setup",
      "twin",
      "same",
    ]);
  });

  it("that no distance explains stay what they are", async () => {
    const sites = RETURNS.map((address, i) => `0x${(address + 0x1e00000n + BigInt(i % 3)).toString(16)}`);
    const found = await (await finderIn()).of(sites);
    expect(sites.map((site) => found.get(site)?.function)).toEqual(sites.map(() => null));
  });
});

describe("another kernel", () => {
  const wrong = { code: "symbols/wrong-build" };

  it("of another release is refused by name", async () => {
    await expect(finderIn(TREE, { capture: { release: "6.9.1" } })).rejects.toMatchObject({
      ...wrong,
      message: expect.stringMatching(/vmlinux is Linux 6\.1\.0-tiny, the capture is of 6\.9\.1/) as string,
    });
  });

  it("of another build is refused by name", async () => {
    const capture = { release: RELEASE, buildId: "ff".repeat(20) };
    await expect(finderIn(TREE, { capture })).rejects.toMatchObject({
      ...wrong,
      message: expect.stringContaining(BUILD_ID) as string,
    });
  });

  it("is taken with --force, which is said", async () => {
    const finder = await finderIn(TREE, { capture: { release: "6.9.1" }, force: true });
    expect(finder.facts.findings[0]).toMatch(/may be wrong/);
  });

  it("whose functions have other sizes is refused", async () => {
    const finder = await finderIn(TREE, { capture: {} });
    const sites = Array.from({ length: 30 }, (_, i) => `setup+0xd/0x${(i + 64).toString(16)}`);
    await expect(finder.of(sites)).rejects.toMatchObject(wrong);
  });

  it("that was forced has no file for functions of another size, those that were answered before included", async () => {
    const finder = await finderIn(TREE, { capture: {}, force: true });
    const early = "first+0x18/0x44";
    expect((await finder.of([early])).get(early)?.file).toBe("fs/one.c");
    const fitting = "setup+0xd/0x20";
    const found = await finder.of([
      fitting,
      ...Array.from({ length: 30 }, (_, i) => `third+0x9/0x${(i + 64).toString(16)}`),
    ]);
    expect(found.get(early)).toMatchObject({ file: null, line: null, function: "first", chain: [] });
    expect(found.get(early)?.reason).toMatch(/has that function in another size/);
    expect(found.get("third+0x9/0x40")).toMatchObject({ file: null, function: "third" });
    expect(found.get(fitting)).toMatchObject({ file: "fs/one.c", line: null, chain: [] });
    expect(finder.facts.findings[0]).toMatch(
      /of 32 call sites 31 are .* that do not fit have no file, none has a line/,
    );
  });

  it("of another word size is refused, though addresses have no sizes", async () => {
    const sites = ["0xc104de4f", "0xc1045d2f", "0xc1047d2a"];
    await expect((await finderIn(TREE, { capture: {} })).of(sites)).rejects.toMatchObject({
      ...wrong,
      message: expect.stringMatching(/vmlinux is a kernel of 64 bits, the capture's addresses are of 32$/) as string,
    });
  });

  it("where nothing says which one it is, that is said, and that it is not checked", async () => {
    const finder = await finderIn(TREE, { capture: {} });
    await finder.of(["0xffffffff8100001d"]);
    expect(finder.facts.findings[0]).toMatch(/does not say which kernel .* not checked: of 0 call sites/);
    await finder.of(["setup+0xd/0x20"]);
    expect(finder.facts.findings[0]).toMatch(/not checked: of 1 call sites/);
    await finder.of(Array.from({ length: 20 }, (_, i) => `setup+0x${i.toString(16)}/0x20`));
    expect(finder.facts.findings[0]).toMatch(/rests on the sizes of functions, of 20 call sites$/);
    expect((await finderIn(TREE, { capture: { buildId: BUILD_ID } })).facts.findings.join()).not.toMatch(
      /does not say/,
    );
  });
});

describe("what -k may name", () => {
  it("is a debug package's directory, with the release of the capture chosen, a link and its target as one", async () => {
    const folder = tempDir();
    const boot = join(folder, "usr/lib/debug/boot");
    cpSync(join(TREE, "vmlinux"), join(boot, `vmlinux-${RELEASE}`));
    cpSync(join(TREE, "vmlinux"), join(boot, "vmlinux-6.9.1"));
    symlinkSync(`boot/vmlinux-${RELEASE}`, join(folder, `usr/lib/debug/vmlinux-${RELEASE}`));
    cpSync(join(TREE, "fs/tiny/tiny-fs.ko"), join(folder, `usr/lib/debug/lib/modules/${RELEASE}/kernel/tiny-fs.ko`));
    const finder = await finderIn(folder);
    expect(finder.facts).toMatchObject({
      kernel: join(boot, `vmlinux-${RELEASE}`),
      release: RELEASE,
      buildId: BUILD_ID,
    });
    const site = "tiny_read+0x9/0x20 [tiny_fs]";
    expect((await finder.of([site])).get(site)).toMatchObject({ function: "tiny_read" });
    await expect(finderIn(folder, { capture: {} })).rejects.toMatchObject({ code: "symbols/no-kernel" });
  });

  it.each([
    ["a directory without one", () => tempDir()],
    ["what is not there", () => join(tempDir(), "vmlinux")],
  ])("is not %s", async (_, path) => {
    await expect(finderIn(path())).rejects.toMatchObject({ code: "symbols/no-kernel" });
  });
});
