/** What grew and shrank, beside the answer of the kernel's own script. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { SizeNode, SizeReport } from "../../src/model/size.ts";
import { SIZE_SCHEMA } from "../../src/model/schema-name.ts";
import { formatSizeDiffCsv } from "../../src/report/size-csv.ts";
import { diffSizes } from "../../src/report/size-diff.ts";
import { formatSizeDiff } from "../../src/report/size-diff-text.ts";
import { totalOf } from "../../src/report/size-table.ts";
import { readFootprint } from "../../src/symbols/footprint/read-footprint.ts";
import { openRegularFile } from "../../src/transport/random-access.ts";
import { objectPath } from "../support/elf-objects.ts";
import { buildDirectory } from "../support/kernel-trees.ts";

async function build(object: string): Promise<SizeReport> {
  const dir = buildDirectory({ "fs/x.o": object, "fs/x.c": "text:" });
  return { ...(await readFootprint(dir, { open: openRegularFile })), branch: null };
}

/** Symbols of files, by their bytes of text. */
function report(files: Readonly<Record<string, Readonly<Record<string, number>>>>): SizeReport {
  const held = (text: number) => ({ text, rodata: 0, data: 0, bss: 0 });
  const sum = (nodes: readonly SizeNode[]) => held(nodes.reduce((n, node) => n + node.static.text, 0));
  const children = Object.entries(files).map(([name, symbols]): SizeNode => {
    const below = Object.entries(symbols).map(([symbol, text]): SizeNode => ({
      name: symbol,
      kind: "symbol",
      static: held(text),
      children: [],
    }));
    return { name, kind: "file", static: sum(below), children: below };
  });
  const totals = sum(children);
  return {
    schema: SIZE_SCHEMA,
    kernel: { path: "k", kind: "tree", release: null, buildId: null },
    branch: null,
    totals,
    init: held(0),
    objects: children.length,
    modules: 0,
    image: null,
    notes: [],
    tree: { name: "k", kind: "directory", static: totals, children },
  };
}

const changesOf = (before: SizeReport, after: SizeReport) =>
  diffSizes(before, after).symbols.map(({ name, file, oldName, oldFile, before: old, after: now }) =>
    [name, file, old, now, ...[oldName, oldFile].filter((text) => text !== undefined)].join(" "),
  );

describe("diffSizes", () => {
  it("says what bloat-o-meter says, but takes a specialised function for the same one", async () => {
    const theirs = readFileSync(objectPath("bloat-o-meter.txt"), "utf8").trimEnd().split("\n");
    const ours = formatSizeDiff(diffSizes(await build("x1.o"), await build("x2.o"))).split("\n");
    const rows = (lines: readonly string[]) =>
      lines
        .slice(2)
        .flatMap((line) => /^(\S+) +([\d-]+) +([\d-]+) +([+-]\d+)/.exec(line)?.slice(1).join(" ") ?? [])
        .filter((line) => !line.startsWith("specialised"));
    expect(ours[0]).toBe("add/remove: 2/1 grow/shrink: 2/3 up/down: 135/-111 (24)");
    expect(theirs[0]).toBe("add/remove: 3/2 grow/shrink: 2/2 up/down: 167/-143 (24)");
    expect(ours[1].trimEnd()).toBe(theirs[1]);
    expect(rows(theirs)).toHaveLength(7);
    expect(rows(ours)).toEqual(rows(theirs));
    expect(ours.find((line) => line.startsWith("specialised"))).toMatch(
      /^specialised\.isra +40 +32 +-8 {2}fs\/x\.c \(was specialised\)$/,
    );
    expect(ours).toContain(theirs.at(-1));
  });

  it("finds nothing between a build and itself", async () => {
    const diff = diffSizes(await build("x1.o"), await build("x1.o"));
    expect(diff).toMatchObject({ added: 0, removed: 0, grown: 0, shrunk: 0, deltaBytes: 0, symbols: [] });
  });

  it("tells functions of one name apart by their files", () => {
    const before = report({ "a.c": { init: 10, x: 1 }, "b.c": { init: 20 } });
    const after = report({ "a.c": { init: 10, x: 1 }, "b.c": { init: 25 } });
    expect(changesOf(before, after)).toEqual(["init b.c 20 25"]);
  });

  it("follows a function into another file, where it is the only one of its name", () => {
    const before = report({ "a.c": { moved: 10, init: 3 }, "b.c": { init: 4 } });
    const after = report({ "c.c": { moved: 12, init: 5 } });
    expect(changesOf(before, after)).toEqual(["init c.c  5", "moved c.c 10 12 a.c", "init a.c 3 ", "init b.c 4 "]);
  });

  it("adds up to the difference of the totals, but for what no symbol covers", () => {
    const before = report({ "a.c": { f: 10, "(.text)": 6, "g.part.0": 5 } });
    const after = report({ "a.c": { f: 11, "(.text)": 9, g: 50, "h.1": 2 } });
    const diff = diffSizes(before, after);
    const rest = (side: typeof diff.before) => totalOf(side.totals) - side.symbolBytes;
    expect(diff.deltaBytes).toBe(48);
    expect(rest(diff.after) - rest(diff.before)).toBe(3);
    expect(totalOf(diff.after.totals) - totalOf(diff.before.totals)).toBe(51);
  });

  it("is written as comma-separated values, from which no spreadsheet calculates", () => {
    const csv = formatSizeDiffCsv(diffSizes(report({}), report({ 'a,"b".c': { "=f": 3 } })));
    expect(csv).toBe(`symbol,file,group,before,after,delta,old_symbol,old_file\r\n'=f,"a,""b"".c",text,,3,3,,\r\n`);
  });
});
