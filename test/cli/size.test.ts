/** `kmemtap size` as a process. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type SizeDiff, type SizeReport, sizeDiffSchema, sizeSchema } from "../../src/model/size.ts";
import { objectPath } from "../support/elf-objects.ts";
import { buildDirectory } from "../support/kernel-trees.ts";
import { ensureBuilt, kmemtap } from "../support/kmemtap.ts";
import { tempDir } from "../support/temp-dir.ts";

beforeAll(ensureBuilt, 120_000);

const tree = (object: string) =>
  buildDirectory({ "fs/one/x.o": object, "fs/one/x.c": "text:", "mm/y.o": "be32.o", "mm/y.c": "text:" });

describe("kmemtap size", () => {
  it("prints directories, the largest first, as deep as was asked for", async () => {
    const dir = tree("x1.o");
    const { stdout, stderr, status } = await kmemtap(["size", "-k", dir, "--depth", "2", "--top", "1"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toBe(`${dir}: 2 objects, 0 of them modules

     text    rodata      data       bss     total  share
      301        40        20      4096      4457 100.0%
--------------------------------------------------------
       32        40        12      4096      4180  93.8%  mm/
       32        40        12      4096      4180  93.8%    y.c
      269         0         8         0       277   6.2%  (1 more)

as GNU size has it: text 341, data 20, bss 4096
freed after the start (.init): 0
`);
  });

  it("writes JSON, which it reads again", async () => {
    const file = join(tempDir(), "before.json");
    expect(await kmemtap(["size", "-k", tree("x1.o"), "--format", "json", "-o", file])).toMatchObject({
      status: 0,
      stdout: "",
    });
    const report: SizeReport = sizeSchema.parse(JSON.parse(readFileSync(file, "utf8")));
    expect(report.totals).toEqual({ text: 301, rodata: 40, data: 20, bss: 4096 });

    const diff = await kmemtap(["size", "--diff", file, tree("x2.o"), "-b", "./fs/one/", "--format", "json"]);
    const changes: SizeDiff = sizeDiffSchema.parse(JSON.parse(diff.stdout));
    expect(changes).toMatchObject({ branch: "fs/one", added: 2, removed: 1, grown: 2, shrunk: 3, deltaBytes: 24 });
    expect(changes.before.totals.bss).toBe(0);
  });

  it("writes a line a node as comma-separated values", async () => {
    const { stdout } = await kmemtap(["size", "-k", tree("x1.o"), "-b", "fs/one/x.c", "--format", "csv"]);
    expect(stdout.split("\r\n").slice(0, 3)).toEqual([
      "path,kind,text,rodata,data,bss,total",
      ".,file,269,0,8,0,277",
      "__key.7,symbol,0,0,8,0,8",
    ]);
  });

  it("explains the directory of files whose directory is not known, where it is shown", async () => {
    const note = "?: files of which only the name is known, not the directory";
    const kernel = ["-k", objectPath("linked.elf")];
    expect((await kmemtap(["size", ...kernel])).stdout).toContain(`\n${note}\n`);
    expect((await kmemtap(["size", "-k", tree("x1.o")])).stdout).not.toContain(note);
    const chart = join(tempDir(), "image.svg");
    expect((await kmemtap(["report", ...kernel, "-r", chart])).status).toBe(0);
    expect(readFileSync(chart, "utf8").replaceAll(/<[^>]*>\s*/g, " ")).toContain("?: files of which only the name");
  });

  it("lists the objects that it counts", async () => {
    const dir = tree("x1.o");
    expect((await kmemtap(["size", "-k", dir, "--objects"])).stdout).toBe(`${dir}/fs/one/x.o\n${dir}/mm/y.o\n`);
  });

  it.each([
    [[], 2, "what to measure is not said"],
    [["-k", "a", "--diff", "b", "c"], 2, "what to measure is not said"],
    [["--diff", "a"], 2, "--diff compares two"],
    [["--diff", "a", "b", "--objects"], 2, "--objects lists those of one kernel"],
    [["-k", objectPath("x1.o"), "--depth", "x"], 2, "--depth x: not a whole number"],
    [["-k", "/nowhere/at/all"], 3, "there is no /nowhere/at/all"],
    [["-k", "/nowhere/at/all", "--objects"], 3, "there is no /nowhere/at/all"],
    [["-k", objectPath("bloat-o-meter.txt")], 3, "is no ELF file"],
    [["-k", objectPath("full.a")], 3, "is no ELF file"],
    [["-k", objectPath("x1.o"), "-b", ""], 2, "-b names no place: it is empty"],
    [["-k", objectPath("x1.o"), "-b", "fs/ext5"], 2, "-b fs/ext5: there is no such place"],
  ])("refuses %j", async (args, status, message) => {
    const ended = await kmemtap(["size", ...args]);
    expect(ended).toMatchObject({ status, stdout: "" });
    expect(ended.stderr).toContain(message);
    expect(ended.stderr.trim().split("\n").length).toBe(2);
  });

  it("does not wait for a pipe", async () => {
    const pipe = join(tempDir(), "pipe");
    execFileSync("mkfifo", [pipe]);
    const { status, stderr } = await kmemtap(["size", "-k", pipe]);
    expect({ status, stderr: stderr.split("\n", 1)[0] }).toEqual({
      status: 3,
      stderr: `kmemtap: ${pipe} is not there, or no regular file`,
    });
  });

  it.each(["{", "{}", '{"schema":"kmemtap.size/1"}', `${'{"tree":'.repeat(50_000)}1${"}".repeat(50_000)}`])(
    "refuses what only begins as JSON: %.30s",
    async (text) => {
      const file = join(tempDir(), "x.json");
      writeFileSync(file, text);
      const { status, stderr } = await kmemtap(["size", "-k", file]);
      expect(status).toBe(3);
      expect(stderr).toContain("x.json is no footprint");
    },
  );
});
