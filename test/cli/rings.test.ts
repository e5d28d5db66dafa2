/** `kmemtap report -r`: ring charts as files, and shown. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PNG } from "pngjs";
import { beforeAll, describe, expect, it } from "vitest";
import { ensureBuilt, kmemtap } from "../support/kmemtap.ts";
import { tempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";

beforeAll(ensureBuilt, 120_000);

const FIXTURES = new URL("../../fixtures/", import.meta.url).pathname;
const EXACT = `${FIXTURES}6.1-amd64/trace.txt.gz`;
const LOSSY = `${FIXTURES}6.1-amd64-lost/trace.txt.gz`;

describe("formats", () => {
  it("SVG: modules and functions of the trace, with no account beside it", async () => {
    const file = join(tempDir(), "boot.svg");
    const { status, stdout } = await kmemtap(["report", EXACT, "-r", file]);
    expect([status, stdout]).toEqual([0, ""]);
    const svg = readFileSync(file, "utf8");
    expect(svg).toMatch(/^<svg [^]*<\/svg>\n$/);
    for (const text of ["Memory allocated now", "built-in", "alloc_inode", "766.2 KiB", "no kernel image"])
      expect(svg.includes(text), text).toBe(text !== "no kernel image");
    expect(svg).not.toContain("not exact");
  });

  it("PNG: light, 2560 pixels wide", async () => {
    const file = join(tempDir(), "boot.PNG");
    expect((await kmemtap(["report", EXACT, "-r", file, "-a", "waste"])).status).toBe(0);
    const { width, height, data } = PNG.sync.read(readFileSync(file));
    expect([width, height, ...data.subarray(0, 4)]).toEqual([2560, 1600, 255, 255, 255, 255]);
  });

  it("HTML: whole, with the script's hash and nothing to load", async () => {
    const file = join(tempDir(), "boot.html");
    expect((await kmemtap(["report", EXACT, "-r", file])).status).toBe(0);
    const html = readFileSync(file, "utf8");
    expect(html).toMatch(/default-src 'none'; script-src 'sha256-[\w+/=]+'; style-src 'sha256-[\w+/=]+'/);
    expect(html).not.toMatch(/ (?:src|href)="(?!#)|@import|url\(/);
    expect(html).toContain('"alloc_inode"');
  });

  it("a trace that lost events says so in the chart", async () => {
    const file = join(tempDir(), "lost.svg");
    expect((await kmemtap(["report", LOSSY, "-r", file, "-a", "total_dynamic"])).status).toBe(0);
    expect(readFileSync(file, "utf8")).toMatch(/≈1\.3 MiB[^]*⚠ not exact: 17611 events lost/);
  });

  it("with other results, which are what they are without it", async () => {
    const file = join(tempDir(), "boot.svg");
    const { stdout } = await kmemtap(["report", EXACT, "-r", file, "-c", "-", "-o", "waste", "--cache"]);
    expect(stdout).toBe((await kmemtap(["report", EXACT, "-o", "waste", "--cache"])).stdout);
    expect(existsSync(file)).toBe(true);
  });
});

describe("branches", () => {
  it.each(["[fat]", "fat", "fat/"])("begins at %s", async (branch) => {
    const file = join(tempDir(), "fat.svg");
    expect((await kmemtap(["report", LOSSY, "-r", file, "-b", branch, "-a", "total_dynamic"])).status).toBe(0);
    expect(readFileSync(file, "utf8")).toMatch(/fat_alloc_inode/);
    expect(readFileSync(file, "utf8")).not.toMatch(/getname_flags/);
  });

  it("count for all that one command writes, remarks included", async () => {
    const cwd = tempDir();
    const args = ["report", LOSSY, "-b", "fat", "-r", "x.svg", "-c", "-", "-l", "callers.txt"];
    const { status, stdout, stderr } = await kmemtap(args, { cwd });
    expect(status).toBe(0);
    for (const text of [stdout, readFileSync(join(cwd, "callers.txt"), "utf8")]) {
      expect(text).toContain("fat_alloc_inode");
      expect(text).not.toContain("getname_flags");
    }
    expect(stderr).not.toMatch(/allocate for others|unmatched/);
    expect((await kmemtap(["report", LOSSY])).stderr).toMatch(/unmatched/);
  });

  it("says what there is instead", async () => {
    const file = join(tempDir(), "x.svg");
    const { status, stderr } = await kmemtap(["report", EXACT, "-r", file, "--start-branch", "fs/ext4"]);
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /^kmemtap: -b fs\/ext4: there is no such place\n {2}its top has .*built-in; directories of the source need the kernel: -k KERNEL\n/,
    );
    expect(existsSync(file)).toBe(false);
  });
});

describe("wrong use", () => {
  it.each([
    ["an unknown ending", ["-r", "boot.jpg"], /no kind of chart/],
    ["standard output", ["-r", "-"], /no kind of chart/],
    ["an attribute without a chart", ["-a", "waste"], /--rings-attr is of a ring chart/],
    ["a place that is not there", ["-b", "fs"], /-b fs: there is no such place/],
    ["an unknown attribute", ["-r", "boot.svg", "-a", "peak"], /Allowed choices are current, static, waste/],
    ["the trace's own name", ["-r", EXACT], /no kind of chart|named twice/],
    ["a name that another result has", ["-r", "x.svg", "-c", "x.svg"], /x\.svg is named twice/],
  ])("%s", async (_, args, message) => {
    const cwd = tempDir();
    const { status, stderr } = await kmemtap(["report", EXACT, ...args], { cwd });
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it("a place that cannot be written leaves nothing", async () => {
    const { status, stderr } = await kmemtap(["report", EXACT, "-r", join(tempDir(), "no/boot.png")]);
    expect(status).toBe(3);
    expect(stderr).toMatch(/cannot write .*no\/boot\.png/);
  });
});

it("an image that was not read is said in the picture", async () => {
  const file = join(tempDir(), "static.svg");
  expect((await kmemtap(["report", EXACT, "-r", file, "-a", "static"])).status).toBe(0);
  expect(readFileSync(file, "utf8")).toContain("no kernel image was read");
});

describe("-i", () => {
  it("says where the file is where nothing can show it", async () => {
    const file = join(tempDir(), "boot.svg");
    const { status, stderr } = await kmemtap(["report", EXACT, "-r", file, "-i"], { env: { PATH: tempDir() } });
    expect(status).toBe(0);
    expect(stderr).toContain(`${file}: there is no xdg-open here to show it with`);
  });

  it("gives it to xdg-open, and makes a page of it without -r", async () => {
    const folder = tempDir();
    const bin = join(folder, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "xdg-open"), `#!/bin/sh\necho "$1" > ${folder}/opened\n`);
    chmodSync(join(bin, "xdg-open"), 0o755);
    const { status, stderr } = await kmemtap(["report", EXACT, "-i"], { env: { PATH: bin, TMPDIR: folder } });
    expect(status).toBe(0);
    await until(
      "xdg-open to be run",
      () => existsSync(join(folder, "opened")) && readFileSync(join(folder, "opened"), "utf8") !== "",
    );
    const opened = readFileSync(join(folder, "opened"), "utf8").trim();
    expect(opened).toMatch(/kmemtap-rings-.*\.html$/);
    expect(stderr).toContain(opened);
    expect(readFileSync(opened, "utf8")).toContain('"alloc_inode"');
  });
});
