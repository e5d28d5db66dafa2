/** Heap profiles, as `go tool pprof` reads them back. */
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Snapshot, StackRow } from "../../src/model/snapshot.ts";
import { formatPprof } from "../../src/report/pprof.ts";
import { accountOfLines } from "../support/account.ts";
import { goMissing, goNote, goPprof, readProfile } from "../support/go-pprof.ts";
import { alloc, CACHE_ALLOC_LINE, free, head } from "../support/trace-text.ts";

const line = (site: string, ptr: string, req: number, size: number) => head() + alloc({ site, ptr, req, alloc: size });
const LINES = [
  line("tty_open+0x58/0x6e0", "00000000000000a1", 30, 32),
  line("tty_open+0x58/0x6e0", "00000000000000a2", 30, 32),
  line("tty_open+0x90/0x6e0", "00000000000000a3", 60, 64),
  head() + free({ ptr: "00000000000000a2" }),
  line("0xffffffffc0123456", "00000000000000a4", 8, 8),
  CACHE_ALLOC_LINE,
];
const sumsOf = ({ totals }: Snapshot) => [totals.allocs, totals.totalBytes, totals.liveObjects, totals.netBytes];
const sum = (rows: readonly (readonly number[])[]) =>
  [0, 1, 2, 3].map((i) => rows.reduce((all, row) => all + row[i], 0));

describe.skipIf(goMissing)(`a snapshot as go tool pprof reads it${goNote}`, () => {
  it("has the sample types of Go's heap profiles, and adds up to the account", () => {
    const snapshot = accountOfLines(LINES);
    const profile = readProfile(formatPprof(snapshot));
    expect(profile.types).toEqual([
      "alloc_objects/count",
      "alloc_space/bytes",
      "inuse_objects/count",
      "inuse_space/bytes",
    ]);
    expect(sum(profile.samples.map(({ values }) => values))).toEqual(sumsOf(snapshot));
    expect(profile.samples.find(({ labels }) => labels["caller"] === "tty_open+0x58")?.values).toEqual([2, 64, 1, 32]);
    expect(goPprof(["-top", "-unit=b"], formatPprof(snapshot))).toMatch(/^\s+96B .* tty_open$/m);
  });

  it("names modules as images, and an address that has no name as what it is", () => {
    const profile = readProfile(formatPprof(accountOfLines(LINES)));
    expect([...profile.mappings].sort()).toEqual(["fat", "vmlinux"]);
    expect(profile.text).toContain("0xffffffffc0123456 M=1 0xffffffffc0123456");
    expect(goPprof(["-top", "-unit=b", "-tagfocus=module=fat"], formatPprof(accountOfLines(LINES)))).toMatch(
      /704B .* fat_alloc_inode$/m,
    );
  });

  it("has a line for each inlined function, the innermost first", () => {
    const account = accountOfLines(LINES.slice(0, 1));
    const frame = (name: string, file: string, at: number) => ({ function: name, file, line: at });
    const chain = [
      frame("kmalloc", "include/linux/slab.h", 600),
      frame("tty_alloc_file", "drivers/tty/tty_io.c", 178),
      frame("tty_open", "drivers/tty/tty_io.c", 2151),
    ];
    const source = { file: "drivers/tty/tty_io.c", line: 178, function: "tty_open", module: null, chain };
    const snapshot = { ...account, callers: account.callers.map((row) => ({ ...row, source })) };
    const [sample] = readProfile(formatPprof(snapshot)).samples;
    expect(sample.frames).toEqual([
      [
        "kmalloc include/linux/slab.h:600",
        "tty_alloc_file drivers/tty/tty_io.c:178",
        "tty_open drivers/tty/tty_io.c:2151",
      ],
    ]);
    expect(sample.labels["directory"]).toBe("drivers/tty");
    expect(goPprof(["-top", "-unit=b", "-focus=tty_alloc_file"], formatPprof(snapshot))).toMatch(/32B .*\(inline\)/);
  });

  it("leaves under the call site what its listed stacks do not hold", () => {
    const account = accountOfLines(LINES);
    const row: StackRow = {
      frames: ["kmalloc_wrap+0x1/0x2", "tty_open+0x58/0x6e0", "vfs_open+0x3/0x9"],
      caller: "tty_open+0x58",
      allocs: 1,
      totalBytes: 32,
      netBytes: 32,
      liveObjects: 1,
    };
    const stacks = { charged: 2, stackless: 4, unmatched: 0, distinct: 1, beyond: 0, rows: [row] };
    const sources = new Map([
      ["vfs_open+0x3/0x9", { file: "fs/open.c", line: 7, function: "vfs_open", module: null, chain: [] }],
    ]);
    const profile = readProfile(formatPprof({ ...account, stacks }, { sources }));
    const of = profile.samples.filter(({ labels }) => labels["caller"] === "tty_open+0x58");
    expect(of.map(({ values, frames }) => [values, frames.map(([innermost]) => innermost)])).toEqual([
      [
        [1, 32, 1, 32],
        ["kmalloc_wrap :0", "tty_open :0", "vfs_open fs/open.c:7"],
      ],
      [[1, 32, 0, 0], ["tty_open :0"]],
    ]);
    expect(sum(profile.samples.map(({ values }) => values))).toEqual(sumsOf(account));
  });

  it("says the target, the kernel, and that an account is not exact", () => {
    const lost = accountOfLines([...LINES, "CPU:3 [LOST 157 EVENTS]"]);
    const profile = readProfile(
      formatPprof(
        { ...lost, release: "6.1.0-39-amd64", buildId: "00ff", mode: "text", modeReason: "asked for" },
        { atMs: Date.UTC(2026, 10, 26, 12, 30) },
      ),
    );
    expect(profile.comments).toEqual(
      expect.arrayContaining([
        expect.stringContaining("kernel memory of test, run 1"),
        "Linux 6.1.0-39-amd64 (build id 00ff)",
        "read in mode text: asked for",
        "not exact: 157 events lost (CPU 3)",
      ]),
    );
    expect(profile.samples[0].labels).toMatchObject({ target: "test", kernel: "6.1.0-39-amd64", exact: "no" });
    expect(profile.text).toMatch(/^Time: 2026-11-26 12:30/m);
    expect(profile.text).toMatch(/^PeriodType: space bytes\nPeriod: 1$/m);
    expect(profile.text).toMatch(/vmlinux 00ff/);
    expect(readProfile(formatPprof(accountOfLines(LINES))).comments).toContain("exact: no event was lost");
  });

  it("is a profile of nothing where nothing was allocated", () => {
    expect(gunzipSync(formatPprof(accountOfLines([]))).length).toBeGreaterThan(0);
    expect(goPprof(["-comments"], formatPprof(accountOfLines([])))).toContain("exact: no event was lost");
  });
});
