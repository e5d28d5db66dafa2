/** `report -k`: the account of a trace, with its callers in the source. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { snapshotSchema } from "../../src/model/snapshot.ts";
import { ensureBuilt, kmemtap } from "../support/kmemtap.ts";
import { symbolizer, TREE } from "../support/source-tree.ts";
import { tempDir } from "../support/temp-dir.ts";
import { alloc, head } from "../support/trace-text.ts";

beforeAll(ensureBuilt, 120_000);

const SITES = ["setup+0xd/0x20", "same+0xd/0x20", "tiny_read+0x9/0x20 [tiny_fs]", "gone+0x1/0x20 [nosuch]"];

function trace(): string {
  const path = join(tempDir(), "boot.trace");
  const lines = SITES.map(
    (site, i) => head() + alloc({ site, ptr: `00000000000000${String(i + 10)}`, req: 100, alloc: 128 * (i + 1) }),
  );
  writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
  return path;
}

describe.skipIf(symbolizer === undefined)(
  `report -k${symbolizer === undefined ? " (missing: llvm-symbolizer)" : ""}`,
  () => {
    it("prints file and line behind each caller", async () => {
      const { stdout, stderr, status } = await kmemtap(["report", trace(), "-k", TREE, "--lines"]);
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
    });

    it("accounts a directory", async () => {
      const { stdout } = await kmemtap(["report", trace(), "-k", TREE, "-b", "fs/tiny"]);
      expect(stdout).toMatch(/^current bytes allocated: {8}384$/m);
      expect(stdout).toMatch(/^number of callers: {16}1$/m);
      const old = await kmemtap(["report", trace(), "-k", TREE, "--start-branch", "fs/tiny", "-c", "-"]);
      expect(old.stdout).toBe(stdout);
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
  },
);

describe("what cannot be", () => {
  it.each([
    [["--lines"], /--lines needs the kernel/],
    [["-b", "fs"], /--branch needs the kernel/],
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
