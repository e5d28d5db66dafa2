/** `kmemtap size` on a small kernel that was really built (scripts/kernel-tree.mjs), beside binutils and the kernel's own script. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type SizeNode, type SizeReport, sizeSchema } from "../../src/model/size.ts";
import type { StaticBytes } from "../../src/model/source-tree.ts";
import { totalOf } from "../../src/report/size-table.ts";
import { ensureBuilt, kmemtap } from "../support/kmemtap.ts";

const tree = join(process.env["KMEMTAP_CACHE"] ?? join(homedir(), ".cache", "kmemtap"), "trees", "6.1-tiny");
const hasTree = existsSync(join(tree, "tree.json")) && spawnSync("size", ["--version"]).status === 0;
const hasPython = spawnSync("python3", ["--version"]).status === 0;

beforeAll(ensureBuilt, 120_000);

async function sizeOf(path: string, ...options: readonly string[]): Promise<SizeReport> {
  const { stdout, status, stderr } = await kmemtap(["size", "-k", path, "--format", "json", ...options]);
  expect(stderr.includes("defect")).toBe(false);
  expect(status).toBe(0);
  return sizeSchema.parse(JSON.parse(stdout));
}

function gnuSize(paths: readonly string[]): StaticBytes {
  const last = (format: string) => {
    const text = execFileSync("size", ["-t", `--format=${format}`, ...paths], {
      encoding: "utf8",
      maxBuffer: 64 << 20,
    });
    return (text.trim().split("\n").at(-1) ?? "").trim().split(/\s+/).map(Number);
  };
  const [textAndRodata, data, bss] = last("berkeley");
  const [text] = last("gnu");
  return { text, rodata: textAndRodata - text, data, bss };
}

/** The objects of vmlinux as `ar` knows them, and the modules as kbuild does: found without kmemtap. */
function linkedFiles(): string[] {
  const members = (archive: string) =>
    existsSync(join(tree, archive))
      ? execFileSync("ar", ["t", archive], { cwd: tree, encoding: "utf8" }).trim().split("\n")
      : [];
  const beside = ["init/version-timestamp.o", ".vmlinux.export.o"];
  const kallsyms = [".tmp_vmlinux.kallsyms3.o", ".tmp_vmlinux.kallsyms2.o"].find((name) =>
    existsSync(join(tree, name)),
  );
  const modules = readFileSync(join(tree, "modules.order"), "utf8").trim().split("\n");
  const files = [
    ...members("vmlinux.a"),
    ...members("lib/lib.a"),
    ...members("arch/x86/lib/lib.a"),
    ...beside,
    ...modules,
  ];
  if (kallsyms !== undefined) files.push(kallsyms);
  return [...new Set(files)].map((name) => join(tree, name)).filter((path) => existsSync(path));
}

function nodeAt(root: SizeNode, path: string): SizeNode | undefined {
  return path
    .split("/")
    .reduce<SizeNode | undefined>((node, part) => node?.children.find(({ name }) => name === part), root);
}

function countUnattributed(root: SizeNode): number {
  const node = nodeAt(root, "(unattributed)");
  return node === undefined ? 0 : totalOf(node.static);
}

describe.skipIf(!hasTree)("a small kernel that was really built (node scripts/kernel-tree.mjs)", () => {
  it("adds up to what GNU size says of the objects that ar and kbuild name", async () => {
    const report = await sizeOf(tree);
    const files = linkedFiles();
    expect(files.length).toBeGreaterThan(400);
    expect(report.objects).toBe(files.length);
    expect(report.modules).toBeGreaterThan(4);
    expect(report.totals).toEqual(gnuSize(files));
    expect(report.image).toEqual(gnuSize([join(tree, "vmlinux")]));
    expect(report.kernel.release).toMatch(/^6\.1\./);
    expect(countUnattributed(report.tree)).toBe(0);
  });

  it("lists the objects that it counts", async () => {
    const { stdout } = await kmemtap(["size", "-k", tree, "--objects"]);
    expect(stdout.trim().split("\n").sort()).toEqual(linkedFiles().sort());
  });

  it("adds up to what GNU size says of a directory, built in and as a module", async () => {
    const sched = await sizeOf(tree, "-b", "kernel/sched");
    const objects = execFileSync("ar", ["t", "kernel/sched/built-in.a"], { cwd: tree, encoding: "utf8" })
      .trim()
      .split("\n");
    expect(sched.totals).toEqual(gnuSize(objects.map((name) => join(tree, name))));

    const ext4 = await sizeOf(tree, "-b", "fs/ext4");
    expect(ext4.totals).toEqual(gnuSize([join(tree, "fs/ext4/ext4.ko")]));
    expect(ext4).toMatchObject({ objects: 1, modules: 1, branch: "fs/ext4" });
  });

  it("knows the files of a module's functions: as many bytes of each as the file's own object has", async () => {
    const { tree: ext4 } = await sizeOf(tree, "-b", "fs/ext4");
    const alone = await sizeOf(join(tree, "fs/ext4/inode.o"));
    const functions = (node: SizeNode | undefined) =>
      (node?.children ?? [])
        .filter(({ name, static: held }) => held.text > 0 && !name.startsWith("("))
        .map(({ name, static: held }) => `${name} ${held.text}`);
    const own = functions(nodeAt(alone.tree, "inode.c"));
    expect(own.length).toBeGreaterThan(80);
    expect(functions(nodeAt(ext4, "inode.c"))).toEqual(own);
  });

  it("adds vmlinux up by the names in its symbol table", async () => {
    const { totals, tree: root } = await sizeOf(join(tree, "vmlinux"));
    expect(totals).toEqual(gnuSize([join(tree, "vmlinux")]));
    expect(nodeAt(root, "?/main.c/start_kernel")?.static.text).toBeGreaterThan(0);
  });

  it.skipIf(!hasPython)("differs from another object as the kernel's bloat-o-meter says", async () => {
    // nm counts aliases (init_module) once for each name: these have none.
    const pair = ["fs/fat/dir.o", "fs/fat/file.o"].map((name) => join(tree, name));
    const theirs = execFileSync("python3", ["scripts/bloat-o-meter", ...pair], { cwd: tree, encoding: "utf8" });
    const ours = (await kmemtap(["size", "--diff", ...pair])).stdout;
    const rows = (text: string) =>
      text
        .split("\n")
        .flatMap((line) => /^(\S+) +([\d-]+) +([\d-]+) +([+-]\d+)/.exec(line)?.slice(1).join(" ") ?? [])
        .filter((row) => !/__UNIQUE_ID|__addressable/.test(row))
        .sort();
    expect(rows(theirs).length).toBeGreaterThan(40);
    expect(rows(ours)).toEqual(rows(theirs));
  });
});
