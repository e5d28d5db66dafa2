/** `report -k`: the account of a trace, with its callers in the source. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { humanBytes } from "../../src/format/bytes.ts";
import { sizeSchema } from "../../src/model/size.ts";
import { snapshotSchema } from "../../src/model/snapshot.ts";
import { ensureBuilt, kmemtap } from "../support/kmemtap.ts";
import { symbolizer, TREE } from "../support/source-tree.ts";
import { tempDir } from "../support/temp-dir.ts";
import { alloc, head } from "../support/trace-text.ts";

beforeAll(ensureBuilt, 120_000);

const VMLINUX = join(TREE, "vmlinux");
const SITES = ["setup+0xd/0x20", "same+0xd/0x20", "tiny_read+0x9/0x20 [tiny_fs]", "gone+0x1/0x20 [nosuch]"];

function trace(): string {
  const path = join(tempDir(), "boot.trace");
  const lines = SITES.map(
    (site, i) => head() + alloc({ site, ptr: `00000000000000${String(i + 10)}`, req: 100, alloc: 128 * (i + 1) }),
  );
  writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
  return path;
}

const note = symbolizer === undefined ? " (missing: llvm-symbolizer)" : "";

describe.skipIf(symbolizer === undefined)(`report -k${note}`, () => {
  it("prints file and line behind each caller", async () => {
    const file = trace();
    const { stdout, stderr, status } = await kmemtap(["report", file, "-k", TREE]);
    expect(status).toBe(0);
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .slice(-4)
        .map((line) => line.replace(/^.*\d+\/\d+\s+/, "")),
    ).toEqual([
      "gone+0x1 [nosuch]  (unattributed)",
      "tiny_read+0x9 [tiny_fs]  fs/tiny/tiny.c:4",
      "same+0xd  fs/same.c:3",
      "setup+0xd  fs/one.c:3",
    ]);
    expect(stderr).toMatch(
      /60 % of the bytes allocated are attributed to a source file, .*; 1 callers are \(unattributed\)/,
    );
    // What scripts read has trace_analyze's layout, unless it was asked for.
    const inFile = async (...options: string[]) => (await kmemtap(["report", file, "-c", "-", ...options])).stdout;
    expect(await inFile("-k", TREE)).toBe(await inFile());
    expect(await inFile("-k", TREE, "--lines")).toBe(stdout);
  });

  it("accounts a directory", async () => {
    const { stdout } = await kmemtap(["report", trace(), "-k", TREE, "-b", "fs/tiny"]);
    expect(stdout).toMatch(/^current bytes allocated: {8}384$/m);
    expect(stdout).toMatch(/^number of callers: {16}1$/m);
    const old = await kmemtap(["report", trace(), "-k", TREE, "--start-branch", "fs/tiny", "-c", "-", "--lines"]);
    expect(old.stdout).toBe(stdout);
  });

  it("accounts by directory, in JSON too, of a part as well", async () => {
    const { stdout } = await kmemtap(["report", trace(), "-k", TREE, "--by", "dir"]);
    expect(stdout.trimEnd().split("\n").slice(-4)).toEqual([
      "---------------------------------------------",
      "     512      412      512        1     1/0     [nosuch]",
      "     384      184      384        2     2/0     fs",
      "     384      284      384        1     1/0     fs/tiny",
    ]);
    const json = await kmemtap(["report", trace(), "-k", TREE, "--by", "file", "-b", "fs/tiny", "--json"]);
    const { groups, totals } = snapshotSchema.parse(JSON.parse(json.stdout));
    expect(groups).toMatchObject({ by: "file", groups: [{ name: "fs/tiny/tiny.c", netBytes: totals.netBytes }] });
  });

  it("draws what the image takes and what is allocated in one chart", async () => {
    const [joined, dynamic] = [join(tempDir(), "all.svg"), join(tempDir(), "dynamic.svg")];
    await kmemtap(["report", trace(), "-k", VMLINUX, "-r", joined]);
    await kmemtap(["report", trace(), "-k", VMLINUX, "-r", dynamic, "-a", "current_dynamic"]);
    const { stdout } = await kmemtap(["size", "-k", VMLINUX, "--format", "json"]);
    const { text, rodata, data, bss } = sizeSchema.parse(JSON.parse(stdout)).totals;
    const sumIn = (file: string) => />([\d.]+ [KM]?i?B)<\/text>/.exec(readFileSync(file, "utf8"))?.[1];
    expect(sumIn(dynamic)).toBe(humanBytes(1280));
    expect(sumIn(joined)).toBe(humanBytes(1280 + text + rodata + data + bss));
    // three.c allocates nothing; the caller without a file is in both.
    for (const [name, inDynamic] of [
      ["three.c", false],
      ["(unattributed)", true],
    ] as const) {
      expect(readFileSync(joined, "utf8")).toContain(name);
      expect(readFileSync(dynamic, "utf8").includes(name)).toBe(inDynamic);
    }
  });

  it("as JSON has chain and module of each caller, and says how far it came", async () => {
    const { stdout } = await kmemtap(["report", trace(), "-k", TREE, "--json"]);
    const { callers, symbols, totals } = snapshotSchema.parse(JSON.parse(stdout));
    expect(callers.map(({ source }) => source?.module)).toEqual(["nosuch", "tiny_fs", null, null]);
    expect(callers.at(-1)?.source?.chain.map((frame) => frame.function)).toEqual(["kmalloc", "kzalloc", "setup"]);
    expect(symbols).toMatchObject({
      release: "6.1.0-tiny",
      attributed: { callSites: 3 },
      unattributed: { callSites: 1 },
    });
    expect((symbols?.attributed.totalBytes ?? 0) + (symbols?.unattributed.totalBytes ?? 0)).toBe(totals.totalBytes);
  });
});

describe.skipIf(symbolizer === undefined)(`without a trace: what the kernel itself takes${note}`, () => {
  it("is the table of kmemtap size", async () => {
    for (const part of [[], ["-b", "fs/one.c"]]) {
      const { stdout, status } = await kmemtap(["report", "-k", TREE, ...part]);
      expect(status).toBe(0);
      // The tree has no archives any more: its image is what there is.
      expect(stdout).toBe((await kmemtap(["size", "-k", VMLINUX, ...part])).stdout);
    }
  });

  it("is the footprint as JSON, and a chart that begins at a branch", async () => {
    const file = join(tempDir(), "fs.svg");
    const { stdout } = await kmemtap(["report", "-k", TREE, "-b", "fs", "--json", "-r", file, "--rings-theme", "dark"]);
    const { tree, totals } = sizeSchema.parse(JSON.parse(stdout));
    expect([tree.name, tree.static]).toEqual(["fs", totals]);
    const chart = readFileSync(file, "utf8");
    for (const text of ["Static footprint of the image", "fs in Linux 6.1.0-tiny", "three.c"])
      expect(chart).toContain(text);
    expect(chart).not.toContain("main.c");
    expect(chart).not.toContain("prefers-color-scheme");
  });

  it.each([
    [["-l", "-"], /without a trace there are no callers/],
    [["-r", "x.svg", "-a", "waste"], /--rings-attr waste is of what was allocated/],
    [["-r", "x.html", "--rings-theme", "dark"], /--rings-theme is of a picture/],
    [["--rings-theme", "dark"], /none is drawn/],
    [["-b", "fs/nosuch"], /-b fs\/nosuch: there is no such place/],
  ])("%j cannot be", async (args, message) => {
    const { status, stdout, stderr } = await kmemtap(["report", "-k", TREE, ...args]);
    expect([status === 0, stdout]).toEqual([false, ""]);
    expect(stderr).toMatch(message);
  });
});

describe("what cannot be", () => {
  it.each([[[]], [["-r", "x.svg", "-c", "-"]], [["-r", "x.svg", "-a", "waste"]]])(
    "a place that is nowhere, with %j",
    async (args) => {
      const cwd = tempDir();
      const { status, stdout, stderr } = await kmemtap(["report", trace(), "-k", TREE, "-b", "fs/nosuch", ...args], {
        cwd,
      });
      expect([status, stdout, readdirSync(cwd)]).toEqual([2, "", []]);
      expect(stderr).toMatch(/^kmemtap: -b fs\/nosuch: there is no such place\n {2}\S.*\n$/m);
    },
  );

  it.each([
    [["--lines"], /--lines needs the kernel/],
    [["-b", "fs"], /-b fs: there is no such place\n {2}its top has .*built-in/],
    [["-k", "/nosuch"], /\/nosuch: .*no such file/],
    [["-k", TREE, "--kallsyms", "/nosuch"], /cannot read \/nosuch/],
  ])("%j", async (args, message) => {
    const { status, stdout, stderr } = await kmemtap(["report", trace(), ...args]);
    expect(status).not.toBe(0);
    expect(stdout).toBe("");
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^kmemtap: .*\n {2}\S.*\n$/);
  });
});
