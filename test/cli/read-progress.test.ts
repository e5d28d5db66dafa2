/** Commands that read recorded traces, at a real terminal: they say how far they are, and take it away before they print. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { findSymbolizer } from "../../src/symbols/llvm/find-symbolizer.ts";
import { openPty, outputOf } from "../support/console-pty.ts";
import { objectPath } from "../support/elf-objects.ts";
import { TREE } from "../support/source-tree.ts";
import { buildDirectory } from "../support/kernel-trees.ts";
import { ensureBuilt, kmemtap, MAIN } from "../support/kmemtap.ts";
import { tempDir } from "../support/temp-dir.ts";
import { ALLOC_LINE } from "../support/trace-text.ts";

beforeAll(ensureBuilt, 120_000);

const symbolizer = await findSymbolizer();

const ERASE = "\r\x1b[2K";
/** What a terminal is told at once, when the first of equally large files was read. */
const line = (percent: number) => new RegExp(`^${String(percent)} % read, [\\d.]+ \\w*B/s, \\d+ s left$`);

const trace = (): string => {
  const path = join(tempDir(), "boot.trace");
  writeFileSync(path, `${ALLOC_LINE}\n`);
  return path;
};
/** What `--record` keeps of that trace. */
const recording = async (): Promise<string> => {
  const path = join(tempDir(), "boot.kmemtap");
  expect((await kmemtap(["snapshot", `replay://${trace()}`, "--record", path])).status).toBe(0);
  return path;
};

it.each([
  ["report", ["report"], 1, 100],
  ["advise", ["advise"], 1, 100],
  ["advise of several files", ["advise"], 2, 50],
  ["diff, of both sides", ["diff"], 2, 50],
  ["export", ["export", "-o", "-"], 1, 100],
  ["export of stacks", ["export", "-o", "-", "--format", "folded"], 1, 100],
])("%s of a trace", async (_, args, files, percent) => {
  const all = [...args, ...Array.from({ length: files }, trace)];
  const { status, stdout, stderr } = await kmemtap(all);
  expect(status).toBe(0);
  expect(stderr).not.toContain("% read");
  const [before, shown, printed] = await atTerminal(all);
  expect(before).toBe("");
  expect(shown).toMatch(line(percent));
  expect(printed).toContain(stdout);
});

it.each([
  ["report", ["report"], 1],
  ["advise", ["advise"], 1],
  ["diff", ["diff"], 2],
  ["export", ["export", "-o", "-"], 1],
])("%s of a recording", async (_, args, files) => {
  const path = await recording();
  const all = [...args, ...Array.from({ length: files }, () => path)];
  const { stdout } = await kmemtap(all);
  const [before, shown, printed] = await atTerminal(all);
  expect(before).toBe("");
  expect(shown).toBe("0 % read");
  expect(printed).toContain(stdout);
});

it.each([
  ["a built tree", () => buildDirectory({ "fs/x.o": "x1.o", "fs/x.c": "text:" }), / of \d+ objects read$/] as const,
  ...(symbolizer === undefined
    ? []
    : [["an image", () => objectPath("debug.elf"), / of \d+ addresses read$/] as const]),
])("size of %s", async (_, path, told) => {
  const args = ["size", "-k", path()];
  const { status, stdout, stderr } = await kmemtap(args);
  expect(status).toBe(0);
  expect(stderr).not.toContain("0 %");
  const [before, shown, ...printed] = await atTerminal(args);
  expect(before).toBe("");
  expect(shown).toMatch(told);
  expect(printed.join("")).toContain(stdout);
});

it("report of a kernel, once its trace is read: what takes long of it", async () => {
  const all = ["report", trace(), "-k", TREE];
  const { status, stdout, stderr } = await kmemtap(all);
  expect(status).toBe(0);
  expect(stderr).not.toContain(" read\n");
  const [before, read, ...shown] = await atTerminal(all);
  expect(before).toBe("");
  expect(read).toMatch(line(100));
  // A rate comes with what is done of it.
  expect(shown.find((text) => text.includes(" of "))).toMatch(/^0 % of \d+ (images|call sites) read$/);
  expect(shown.at(-1)).not.toContain(" read, ");
  expect(shown.join("")).toContain(stdout);
});

it("an export to a file leaves nothing of it", async () => {
  const output = join(tempDir(), "boot.json");
  const [, shown, ...rest] = await atTerminal(["export", trace(), "-o", output]);
  expect(shown).toMatch(line(100));
  expect(rest).toEqual([""]);
  expect(readFileSync(output, "utf8")).toContain("tty_open");
});

/** What the terminal was told, between one erasing of its line and the next. */
async function atTerminal(args: readonly string[]): Promise<string[]> {
  const output = await outputOf(await openPty([process.execPath, MAIN, ...args], { cwd: tempDir() }));
  return output.split(ERASE).map((part) => part.replaceAll("\r\n", "\n"));
}
