/** `kmemtap diff` as a process: sides of every kind, the text, exit statuses, failures of one line. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { PNG } from "pngjs";
import { beforeAll, describe, expect, it } from "vitest";
import { CaptureRecorder } from "../../src/capture/capture-recorder.ts";
import { RunAccount } from "../../src/capture/run-account.ts";
import { type Diff, diffSchema } from "../../src/model/diff.ts";
import { writeRecording } from "../../src/transport/recording/write-recording.ts";
import { ensureBuilt, type Finished, kmemtap } from "../support/kmemtap.ts";
import { readFixture } from "../support/recordings.ts";
import { symbolizer, TREE } from "../support/source-tree.ts";
import { tempDir } from "../support/temp-dir.ts";
import { alloc, free, head } from "../support/trace-text.ts";

beforeAll(ensureBuilt, 120_000);

let pointer = 0x1000;
/** Lines of objects that stay; `second` of the trace's clock. */
function held(site: string, objects: number, bytes: number, second = 1): string {
  return Array.from({ length: objects }, () => {
    pointer += 0x100;
    const ptr = pointer.toString(16).padStart(16, "0");
    return `${head({ clock: `${second}.000000` })}${alloc({ site, ptr, req: bytes, alloc: bytes })}\n`;
  }).join("");
}

function file(content: string | Uint8Array, name: string): string {
  const path = join(tempDir(), name);
  writeFileSync(path, content);
  return path;
}

const BEFORE =
  held("alloc_inode+0x59/0xc0", 10, 640) + held("kstrdup+0x2f/0x60", 4, 32) + held("gone_fn+0x1/0x9", 1, 64);
const AFTER =
  held("alloc_inode+0x5d/0xc8", 20, 640) +
  held("kstrdup+0x2f/0x60", 5, 32) +
  held("loop_add+0x44/0x300 [loop]", 8, 512) +
  held("two.part.0+0x1/0x9", 1, 512) +
  held("two+0x4/0x9", 1, 512);
const LOST = "CPU:0 [LOST 157 EVENTS]\n";

const diffOf = ({ stdout }: Finished): Diff => diffSchema.parse(JSON.parse(stdout));

function expectFailure({ status, stdout, stderr }: Finished, code: number, message: RegExp): void {
  expect(stderr).toMatch(message);
  expect(stderr).toMatch(/^kmemtap: .*\n {2}\S.*\n$/);
  expect(stderr).not.toMatch(/\n\s+at |defect of kmemtap/);
  expect(stdout).toBe("");
  expect(status).toBe(code);
}

describe("what grew", () => {
  it("is printed as one pastes it into a mail", async () => {
    const [a, b] = [file(BEFORE, "a.trace"), file(AFTER, "b.trace")];
    const { status, stdout, stderr } = await kmemtap(["diff", a, b, "--sites", "--fail-over", "64k"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout.replaceAll(a, "a.trace").replaceAll(b, "b.trace")).toBe(`A  a.trace: 6592 bytes in 15 objects, 0 µs
B  b.trace: 18080 bytes in 35 objects, 0 µs
   +11488 bytes (+174.3 %), +20 objects

new/gone 2/1, grown/shrunk 1/0: +11520/-0 bytes (+11520)
noise: 2 functions (1 new or gone, and listed) differ by 2048 bytes or less, -32 together

    delta objects         A         B  module
---------------------------------------------
    +7392     +12      6592     13984  vmlinux
    +4096      +8         0      4096  [loop]  new

    delta objects         A         B  function
---------------------------------------------
    +6400     +10      6400     12800  alloc_inode+0x5d (was alloc_inode+0x59)
    +4096      +8         0      4096  loop_add+0x44 [loop]  new
    +1024      +2         0      1024  two (2 call sites)  new
     +512      +1                        two.part.0+0x1  only in B
     +512      +1                        two+0x4  only in B
      -64      -1        64         0  gone_fn+0x1  gone

ok   --fail-over grew by 11520 bytes, 65536 allowed

within
`);
  });

  it("is near zero for the same again, and says so", async () => {
    const [a, b] = [file(BEFORE, "a.trace"), file(BEFORE + held("kstrdup+0x2f/0x60", 1, 32), "b.trace")];
    const { status, stdout } = await kmemtap(["diff", a, b, "--fail-over", "0"]);
    expect(stdout).toContain("no growth beyond noise\nnoise: 1 function differs by 2048 bytes or less, +32 together\n");
    expect(status).toBe(0);
    const counted = await kmemtap(["diff", a, b, "--fail-over", "0", "--noise", "0"]);
    expect(counted.stdout).toContain("OVER --fail-over grew by 32 bytes, 0 allowed\n");
    expect(counted.status).toBe(1);
  });

  it("is no noise where it fell, and leaves out what neither side holds", async () => {
    const freed = (site: string) =>
      `${held(site, 1, 64)}${head({ clock: "1.250000" })}${free({ site: "kfree_it+0x1/0x9", ptr: pointer.toString(16).padStart(16, "0") })}\n`;
    const [a, b] = [file(AFTER + freed("passing+0x1/0x9"), "a"), file(BEFORE + freed("young+0x1/0x9"), "b")];
    const { stdout } = await kmemtap(["diff", a, b]);
    expect(stdout).toMatch(/^A .* 250 ms\nB .* 250 ms\n/);
    expect(stdout).toContain("no growth beyond noise; beyond it a fall of 11520 bytes (2 gone, 1 shrunk)\n");
    expect(stdout).not.toMatch(/passing|young/);
    expect(stdout).toContain(
      "\nnot listed: 1 new and 1 gone of which neither side holds anything (-o total has them)\n",
    );
    const ever = await kmemtap(["diff", a, b, "-o", "total"]);
    expect(ever.stdout).toMatch(/ young\+0x1 {2}new\n/);
    const { functions } = diffOf(await kmemtap(["diff", a, b, "--json"]));
    expect(functions.map((row) => row.function)).toEqual(expect.arrayContaining(["passing", "young"]));
  });

  it("is compared by any of trace_analyze's attributes", async () => {
    const again = BEFORE.replace(/.*gone_fn.*\n/, "");
    const { stdout } = await kmemtap(["diff", file(BEFORE, "a"), file(again, "b"), "-o", "alloc_count"]);
    expect(stdout).toContain("       -1      -1         1         0  gone_fn+0x1  gone\n");
  });
});

describe("exit status", () => {
  const a = () => file(BEFORE, "a.trace");

  it.each([
    ["0 within", AFTER, ["--fail-over", "11520"], 0],
    ["1 over", AFTER, ["--fail-over", "11455"], 1],
    ["4 inconclusive, over or not", LOST + AFTER, ["--fail-over", "1k"], 4],
    ["4 inconclusive within", LOST + AFTER, ["--fail-over", "1m"], 4],
    ["0 without a limit", LOST + AFTER, [], 0],
    ["4 without a limit but --strict", LOST + AFTER, ["--strict"], 4],
    ["0 where it shrinks", "", ["--fail-over", "0"], 0],
  ])("%s", async (_, b, options, status) => {
    const after = b === "" ? held("kstrdup+0x2f/0x60", 1, 32) : b;
    const { status: found, stdout } = await kmemtap(["diff", a(), file(after, "b.trace"), ...options]);
    expect(found, stdout).toBe(status);
    if (b.startsWith(LOST)) expect(stdout).toContain("B not exact: 157 events lost (CPU 0)\n");
  });

  it("is that of budgets", async () => {
    const budgets = file(
      [
        "total: 64k",
        "modules:",
        "  loop: {growth: 4k, net: 4k}",
        "callers:",
        "  alloc_*: 6399",
        "  nobody: 0",
        "",
      ].join("\n"),
      "budgets.yaml",
    );
    const { status, stdout } = await kmemtap(["diff", a(), file(AFTER, "b"), "--budgets", budgets]);
    expect(stdout).toContain(`ok   total grew by 11520 bytes, 65536 allowed
ok   loop grew by 4096 bytes, 4096 allowed
ok   loop holds 4096 bytes, 4096 allowed
OVER alloc_* grew by 6400 bytes, 6399 allowed
ok   nobody grew by 0 bytes, 0 allowed; no function is of it

over: 1 limit of 5
`);
    expect(status).toBe(1);
  });
});

describe("a torn end", () => {
  const torn = AFTER + held("kstrdup+0x2f/0x60", 1, 32).slice(0, 90);

  it("is the end, and no damage: said, and exact", async () => {
    const found = await kmemtap(["diff", file(torn, "a"), file(torn, "b"), "--fail-over", "0", "--strict"]);
    expect(found.stdout).toContain(
      "objects\n\nnote: A: the input ends within a trace line (90 bytes of it), which is not accounted\n",
    );
    expect(found.status, found.stdout).toBe(0);
    const { status, stderr } = await kmemtap(["report", file(torn, "c"), "--strict"]);
    expect(stderr).toContain("kmemtap: the input ends within a trace line (90 bytes of it), which is not accounted\n");
    expect(status).toBe(0);
  });

  it("and what is damaged or lost after a moment is not of it", async () => {
    const damaged =
      BEFORE +
      held("late+0x1/0x9", 1, 64, 5) +
      "kmalloc: call_site=f ptr=00 \n" +
      LOST +
      held("late+0x1/0x9", 1, 64, 6);
    const [a, b] = [file(damaged, "a"), file(damaged, "b")];
    const limit = ["--fail-over", "0"];
    expect((await kmemtap(["diff", a, b, ...limit])).stdout).toContain(
      "B not exact: 157 events lost; 1 trace line unreadable",
    );
    expect((await kmemtap(["diff", a, b, ...limit, "--at", "10s"])).status).toBe(4);
    expect((await kmemtap(["diff", a, b, ...limit, "--at", "3s"])).status).toBe(0);
    // What comes before the first event is before any moment.
    expect((await kmemtap(["diff", file(LOST + BEFORE, "c"), b, ...limit, "--at", "3s"])).status).toBe(4);
  });

  it("nor is a packed file's", async () => {
    const text = Buffer.from(Array.from({ length: 9 }, (_, i) => held(`f${i}+0x1/0x9`, 900, 64, i + 1)).join(""));
    const whole = gzipSync(text);
    const cut = file(whole.subarray(0, whole.length - 2000), "cut.gz");
    expect((await kmemtap(["diff", cut, cut, "--fail-over", "0"])).status).toBe(4);
    const { status, stdout } = await kmemtap(["diff", cut, cut, "--fail-over", "0", "--at", "1s"]);
    expect(status, stdout).toBe(0);
  });
});

it("a file that is not there is told from one without a workload", async () => {
  const away = join(tempDir(), "nosuch");
  expectFailure(
    await kmemtap(["diff", away, file(BEFORE, "b"), "--residue", "--fail-over", "64k"]),
    3,
    /nosuch.*no such file/,
  );
});

it("a trace has no workload whose residue could be compared", async () => {
  expectFailure(await kmemtap(["diff", file(BEFORE, "a"), file(BEFORE, "b"), "--residue"]), 2, /a holds no workload/);
});

describe("a side", () => {
  const trace = held("f+0x1/0x9", 1, 4096, 1) + held("f+0x1/0x9", 2, 4096, 3) + held("f+0x1/0x9", 4, 4096, 5);
  const netOf = async (a: string, b: string, ...options: string[]) => {
    const { status, stdout, stderr } = await kmemtap(["diff", a, b, "--json", ...options]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const diff = diffOf({ status, stdout, stderr });
    return [diff.a.figures.netBytes / 4096, diff.b.figures.netBytes / 4096, diff.growthBytes / 4096];
  };

  it("may be a moment of a trace, also of both", async () => {
    const path = file(trace, "night@1.trace");
    expect(await netOf(`${path}@1s`, `${path}@2500ms`)).toEqual([1, 3, 2]);
    expect(await netOf(path, path, "--at", "3s")).toEqual([3, 3, 0]);
    expect(await netOf(`${path}@1s`, path, "--at", "3s")).toEqual([1, 3, 2]);
    expect(await netOf(`${path}@1s`, path)).toEqual([1, 7, 6]);
    // What was alive at 1 s is older than the part, and what was freed in it is not.
    expect(await netOf(`${path}@1s`, path, "--from", "1500ms", "--to", "3500ms")).toEqual([1, 2, 1]);
  });

  it("may be a moment of a run of a recording", async () => {
    const path = join(tempDir(), "night.kmemtap");
    const writer = await writeRecording(path);
    const recorder = new CaptureRecorder(writer);
    for (const [run, text] of [trace, trace + trace.replaceAll("ptr=0", "ptr=f")].entries()) {
      const account = new RunAccount(run + 1, { filter: "all" });
      recorder.run("file:///boot", undefined);
      account.push(Buffer.from(text));
      recorder.chunk(Buffer.from(text), account.position);
    }
    await writer.close();
    expect(await netOf(`${path}@2s`, `${path}@3s`)).toEqual([2, 6, 4]);
    expect(await netOf(`${path}#1`, `${path}#2`)).toEqual([7, 14, 7]);
    expect(await netOf(`${path}#1@2s`, `${path}#2@2s`)).toEqual([1, 2, 1]);
  });

  it("may be a snapshot that was kept, and standard input", async () => {
    const path = file(trace, "boot.trace");
    const { stdout } = await kmemtap(["report", path, "--json"]);
    const kept = file(stdout, "boot.json");
    expect(await netOf(kept, path)).toEqual([7, 7, 0]);
    const { stdout: piped } = await kmemtap(["diff", kept, "-", "--json"], {
      input: trace + trace.replaceAll("ptr=0", "ptr=f"),
    });
    expect(diffOf({ status: 0, stdout: piped, stderr: "" }).growthBytes).toBe(7 * 4096);
  });

  it("may be of another kernel", async () => {
    const [a, b] = ["5.10-amd64", "7.2-amd64"].map((name) => file(readFixture(name).text, `${name}.trace`));
    const { status, stdout, stderr } = await kmemtap(["diff", a, b, "--json"]);
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const { new: added, gone, ...both } = diffOf({ status, stdout, stderr }).statuses;
    expect(both.grown).toBeGreaterThan(5);
    expect(added + gone).toBeGreaterThan(5);
    expect(Object.values(both).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(added);
  });

  it.each([
    ["no file", () => ["/nonexistent/a", "/nonexistent/b"], 3, /nonexistent\/a: no such file/],
    ["not a trace", () => [file("hello\n", "a"), file("hello\n", "b")], 3, /is not a kernel trace/],
    [
      "JSON of something else",
      () => [file('{"schema": "x/1"}', "a.json"), "b"],
      3,
      /a\.json is x\/1, which does not read as kmemtap\.snapshot\/1: schema: /,
    ],
    ["broken JSON", () => [file("{", "a.json"), "b"], 3, /looks like JSON and cannot be read/],
    ["a moment of a snapshot", () => [`${file("{}", "a.json")}@2s`, "b"], 2, /a snapshot is of one moment/],
    ["a moment without events", () => [`${file(trace, "a")}@0s`, "b"], 2, /nothing had happened yet/],
    ["a run of a trace", () => [`${file(trace, "a")}#2`, "b"], 2, /only what --record made has runs/],
    ["a phase of a trace", () => [`${file(trace, "a")}@mount`, "b"], 2, /--phase: a trace has none/],
    ["a moment of a part", () => ["a", "b", "--at", "2s", "--to", "3s"], 2, /--at with --phase, --from or --to/],
    ["both on standard input", () => ["-", "-"], 2, /standard input cannot be both sides/],
    ["no bytes", () => ["a", "b", "--fail-over", "much"], 2, /--fail-over much: not a number of bytes/],
    ["no such budgets", () => ["a", "b", "--budgets", "/nonexistent/b.yaml"], 2, /cannot read \/nonexistent\/b\.yaml/],
    ["a slip in budgets", () => ["a", "b", "--budgets", file("totl: 4k\n", "b.yaml")], 2, /b\.yaml:1: totl: /],
    [
      "no size in budgets",
      () => ["a", "b", "--budgets", file("total: 4 apples\n", "b.yaml")],
      2,
      /b\.yaml:1: total: not a number of bytes/,
    ],
    [
      "a directory where no files are known",
      () => [file(trace, "a"), file(trace, "b"), "--budgets", file("directories: {fs: 4k}\n", "b.yaml")],
      2,
      /a budget for fs needs accounts that know source files/,
    ],
  ])("is refused: %s", async (_, args, code, message) => {
    expectFailure(await kmemtap(["diff", ...args()]), code, message);
  });

  it("is refused where the other is filtered otherwise", async () => {
    const { stdout } = await kmemtap(["report", file(trace, "boot.trace"), "--json"]);
    const all = file(stdout, "all.json");
    expectFailure(await kmemtap(["diff", all, file(trace, "b"), "--malloc"]), 2, /all\.json accounts everything/);
    const malloc = file(stdout.replace('"filter": "all"', '"filter": "malloc"'), "malloc.json");
    expectFailure(await kmemtap(["diff", malloc, file(trace, "b")]), 2, /malloc\.json accounts malloc, .* all/);
  });
});

describe("charts", () => {
  it("draws the difference, and both beside each other", async () => {
    const [a, b, folder] = [file(BEFORE, "a.trace"), file(AFTER, "b.trace"), tempDir()];
    const [change, sides] = [join(folder, "change.svg"), join(folder, "sides.png")];
    const plain = await kmemtap(["diff", a, b]);
    const { status, stdout, stderr } = await kmemtap(["diff", a, b, "-r", change, "--side-by-side", sides]);
    expect({ status, stderr, stdout }).toEqual({ status: 0, stderr: "", stdout: plain.stdout });
    const svg = readFileSync(change, "utf8");
    // 18080 - 6592 bytes, as the text says.
    for (const text of ["Difference: allocated now", "+11.2 KiB", "[loop]", "gone_fn", `${a} `])
      expect(svg).toContain(text);
    expect(PNG.sync.read(readFileSync(sides)).width).toBe(2560);
  });

  it("draws a page, and counts what the text counts; places, where it is of something else", async () => {
    const [a, b, page] = [file(BEFORE, "a.trace"), file(AFTER, "b.trace"), join(tempDir(), "change.html")];
    const { status, stdout } = await kmemtap(["diff", a, b, "-r", page]);
    expect(status).toBe(0);
    const [, added, gone, grown, shrunk] = /new\/gone (\d+)\/(\d+), grown\/shrunk (\d+)\/(\d+):/.exec(stdout) ?? [];
    const counts = [...readFileSync(page, "utf8").matchAll(/>(new|grown|shrunk|gone|noise)<.*?>(\d+) functions?</gs)];
    expect(counts.map(([, kind, functions]) => `${kind} ${functions}`).slice(0, 4)).toEqual([
      `new ${added}`,
      `grown ${grown}`,
      `shrunk ${shrunk}`,
      `gone ${gone}`,
    ]);
    expect((await kmemtap(["diff", a, b, "-r", page, "-a", "total_dynamic"])).status).toBe(0);
    const html = readFileSync(page, "utf8");
    expect(html).toMatch(/^<!doctype html>\n[^]*<svg [^]*<\/svg>\n?\s*<\/body>/);
    expect(html).toContain("Changed places, noise included");
    expect(html).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);
  });

  it.skipIf(symbolizer === undefined)(
    `by directory${symbolizer === undefined ? " (missing: llvm-symbolizer)" : ""}, with the kernel's symbols`,
    async () => {
      const a = file(held("setup+0xd/0x20", 1, 64), "a.trace");
      const b = file(held("setup+0xd/0x20", 1, 64) + held("same+0xd/0x20", 3, 4096), "b.trace");
      const change = join(tempDir(), "change.svg");
      const { stdout, status } = await kmemtap(["diff", a, b, "-k", TREE, "--json", "-r", change]);
      expect(status).toBe(0);
      const { groupedBy, groups } = diffSchema.parse(JSON.parse(stdout));
      expect([groupedBy, groups.map(({ name, delta }) => [name, delta.netBytes])]).toEqual([
        "directory",
        [["fs", 12288]],
      ]);
      expect(readFileSync(change, "utf8")).toContain("same.c");
      const part = await kmemtap(["diff", a, b, "-k", TREE, "-b", "fs/one.c", "--fail-over", "0"]);
      expect(part.status).toBe(0);
    },
  );

  it.each([
    [["-r", "x.jpg"], /--rings-file x\.jpg: no kind of chart\n {2}end its name in \.svg, \.png or \.html/],
    [["--side-by-side", "-"], /no kind of chart/],
    [["-a", "waste"], /none is drawn/],
    [["-b", "fs", "-r", "/nosuch/x.svg"], /-b fs: there is no such place/],
    [["-b", "fs"], /-b fs: there is no such place\n {2}its top has .*built-in/],
    [["--kernel-b", TREE], /B's kernel where -k is A's/],
  ])("%j cannot be", async (args, message) => {
    const [a, b] = [file(BEFORE, "a.trace"), file(AFTER, "b.trace")];
    expectFailure(await kmemtap(["diff", a, b, ...args]), 2, message);
  });
});
