/** `kmemtap report` as a process: outputs, exit statuses, failures of one line. */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { type Snapshot, snapshotSchema } from "../../src/model/snapshot.ts";
import { accountOfLines } from "../support/account.ts";
import { ensureBuilt, type Finished, kmemtap, MAIN, startKmemtap } from "../support/kmemtap.ts";
import { tempDir } from "../support/temp-dir.ts";
import { ALLOC_LINE, alloc, CACHE_ALLOC_LINE, CACHE_FREE_LINE, FREE_LINE, head } from "../support/trace-text.ts";

beforeAll(ensureBuilt, 120_000);

const LINES = [
  ALLOC_LINE,
  CACHE_ALLOC_LINE,
  head() + alloc({ site: "small+0x1/0x2", ptr: "0000000000000077", req: 10, alloc: 128 }),
  CACHE_FREE_LINE,
];
const TEXT = LINES.map((line) => `${line}\n`).join("");
const ACCOUNT = `current bytes allocated:       4224
current bytes requested:       3010
current wasted bytes:          1214
number of allocs:                 3
number of frees:                  1
number of callers:                3

   total    waste      net alloc/free  caller
---------------------------------------------
    4096     1096     4096     1/0     tty_open+0x58
     128      118      128     1/0     small+0x1
     704        0        0     1/1     fat_alloc_inode+0x1b [fat]
`;

function file(content: string | Uint8Array, name = "boot.trace"): string {
  const path = join(tempDir(), name);
  writeFileSync(path, content);
  return path;
}

const snapshotOf = ({ stdout }: Finished): Snapshot => snapshotSchema.parse(JSON.parse(stdout));

/** One line on what is wrong, one on what to do, and nothing of the program's inside. */
function expectFailure({ status, stdout, stderr }: Finished, code: number, message: RegExp): void {
  expect(stderr).toMatch(message);
  expect(stderr).toMatch(/^kmemtap: .*\n {2}\S.*\n$/);
  expect(stderr).not.toMatch(/\n\s+at |defect of kmemtap/);
  expect(stdout).toBe("");
  expect(status).toBe(code);
}

describe("what is read", () => {
  it.each([
    ["a file", () => ({ args: [file(TEXT)] })],
    ["a file with -f, as trace_analyze has it", () => ({ args: ["-f", file(TEXT)] })],
    ["a file with --file=", () => ({ args: [`--file=${file(TEXT)}`] })],
    ["standard input", () => ({ args: ["-"], input: TEXT })],
    ["a gzip", () => ({ args: [file(gzipSync(TEXT), "boot.trace.gz")] })],
    ["a gzip by another name", () => ({ args: [file(gzipSync(TEXT))] })],
    ["a gzip on standard input", () => ({ args: ["-"], input: gzipSync(TEXT) })],
    [
      "two files as one trace",
      () => ({ args: [file(`${LINES[0]}\n${LINES[1]}\n`), file(`${LINES[2]}\n${LINES[3]}\n`)] }),
    ],
    ["CR LF", () => ({ args: [file(TEXT.replaceAll("\n", "\r\n"))] })],
  ])("%s", async (_, make) => {
    const { args, input } = make() as { args: string[]; input?: string };
    expect(await kmemtap(["report", ...args], input === undefined ? {} : { input })).toEqual({
      status: 0,
      stdout: ACCOUNT,
      stderr: "",
    });
  });
});

it("a gzip whose first byte comes alone, as a pipe may bring it", async () => {
  const child = startKmemtap(["report", "-"]);
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  const packed = gzipSync(TEXT);
  child.stdin.write(packed.subarray(0, 1));
  await new Promise((resolve) => setTimeout(resolve, 500));
  child.stdin.end(packed.subarray(1));
  await once(child, "close");
  expect(stdout).toBe(ACCOUNT);
});

describe("what is written", () => {
  it("-c, -l and --slab-account write files, and nothing to standard output", async () => {
    const dir = tempDir();
    const [account, callers, slab] = ["a", "l", "s"].map((name) => join(dir, name));
    const done = await kmemtap(["report", "-f", file(TEXT), "-c", account, "-l", callers, "--slab-account", slab]);
    expect(done).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(readFileSync(account, "utf8")).toBe(ACCOUNT);
    expect(readFileSync(callers, "utf8").split("\n")[0]).toBe(
      `${"tty_open+0x58".padEnd(60)} 4096     1096     ${" ".repeat(8)}`,
    );
    expect(readFileSync(slab, "utf8")).toContain("number of frees:              1\nnumber of callers:            4\n");
    expect(readdirSync(dir).sort()).toEqual(["a", "l", "s"]);
  });

  it("- is standard output", async () => {
    expect((await kmemtap(["report", file(TEXT), "-c", "-"])).stdout).toBe(ACCOUNT);
    expect((await kmemtap(["report", file(TEXT), "--slab-account", "-"])).stdout).toMatch(
      /^total bytes allocated: {5}4928\n/,
    );
  });

  it("--slab-account last, without a file, prints", async () => {
    expect((await kmemtap(["report", file(TEXT), "--slab-account"])).stdout).toMatch(
      /^total bytes allocated: {5}4928\n/,
    );
  });

  it("--tasks is who holds it, and with --json in its schema", async () => {
    const path = file(TEXT);
    const { status, stdout } = await kmemtap(["report", path, "--tasks"]);
    expect(status).toBe(0);
    expect(stdout.split("\n")[0]).toBe("   total    waste      net alloc/free   objects callers  task");
    const { tasks, totals } = snapshotOf(await kmemtap(["report", path, "--json", "--tasks"]));
    const [rows, footer] = stdout.trimEnd().split("\n\n");
    expect(rows.split("\n").slice(2)).toHaveLength(tasks?.tasks.length ?? 0);
    expect(footer).toMatch(/^a row is a task, in place of callers: --json has the callers of each task/);
    expect(tasks?.tasks.reduce((sum, row) => sum + row.netBytes, 0)).toBe(totals.netBytes);
    expect(tasks?.tasks[0].callers?.length).toBe(tasks?.tasks[0].callSites);
    expect(snapshotOf(await kmemtap(["report", path, "--json"])).tasks).toBeUndefined();
  });

  it.each([
    ["--from", "0.3s", "--to", "0.6s"],
    ["-b", "fat"],
  ])("--tasks of a part (%s %s) are that part's", async (...part) => {
    const trace = join(import.meta.dirname, "../../fixtures/6.12-amd64/trace.txt.gz");
    const { tasks, totals, callers } = snapshotOf(await kmemtap(["report", trace, "--json", "--tasks", ...part]));
    const whole = snapshotOf(await kmemtap(["report", trace, "--json", "--tasks"]));
    const sum = (figure: "netBytes" | "allocs") => tasks?.tasks.reduce((all, row) => all + row[figure], 0);
    expect(totals.allocs).toBeGreaterThan(0);
    expect(totals.allocs).toBeLessThan(whole.totals.allocs);
    expect([sum("netBytes"), sum("allocs")]).toEqual([totals.netBytes, totals.allocs]);
    const sites = new Set(tasks?.tasks.flatMap((row) => row.callers ?? []).map(({ callSite }) => callSite));
    expect(sites).toEqual(new Set(callers.filter(({ allocs }) => allocs > 0).map(({ callSite }) => callSite)));
  });

  it("--lifetimes of a place are those of its callers", async () => {
    const trace = join(import.meta.dirname, "../../fixtures/6.12-amd64/trace.txt.gz");
    const { lives, callers } = snapshotOf(await kmemtap(["report", trace, "--json", "--lifetimes", "-b", "fat"]));
    const alive = lives?.callers.map(({ callSite, ages }) => [callSite, ages.objects]);
    expect(alive?.length).toBeGreaterThan(0);
    expect(new Map(alive as [string, number][])).toEqual(
      new Map(callers.filter(({ allocs }) => allocs > 0).map((row) => [row.callSite, row.liveObjects])),
    );
  });

  it("--json is the snapshot, in its schema", async () => {
    const path = file(TEXT);
    const snapshot = snapshotOf(await kmemtap(["report", path, "--json"]));
    expect(snapshot).toEqual({ ...accountOfLines(LINES), source: { label: path, recording: true, run: 1 } });
  });

  it.each([
    ["current_dynamic", ["tty_open+0x58", "small+0x1", "fat_alloc_inode+0x1b [fat]"]],
    ["total_dynamic", ["tty_open+0x58", "fat_alloc_inode+0x1b [fat]", "small+0x1"]],
    ["alloc_count", ["fat_alloc_inode+0x1b [fat]", "small+0x1", "tty_open+0x58"]],
    ["free_count", ["fat_alloc_inode+0x1b [fat]", "small+0x1", "tty_open+0x58"]],
    ["waste", ["tty_open+0x58", "small+0x1", "fat_alloc_inode+0x1b [fat]"]],
  ])("-o %s orders every output", async (order, callers) => {
    const path = file(TEXT);
    const { stdout } = await kmemtap(["report", path, "-o", order]);
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .slice(9)
        .map((row) => row.slice(39)),
    ).toEqual(callers);
    const json = snapshotOf(await kmemtap(["report", path, "--json", `--order-by=${order}`]));
    expect(json.callers.map((row) => row.caller)).toEqual(callers);
  });

  it("--malloc and --cache account a part, both together all", async () => {
    const path = file(TEXT);
    const callers = async (...args: string[]) =>
      snapshotOf(await kmemtap(["report", path, "--json", ...args])).callers.map((row) => row.caller);
    expect(await callers("--malloc")).toEqual(["tty_open+0x58", "small+0x1"]);
    expect(await callers("--cache")).toEqual(["fat_alloc_inode+0x1b [fat]"]);
    expect((await callers("--malloc", "--cache")).length).toBe(3);
  });

  it("a file that cannot be written is one line, and leaves no draft", async () => {
    const dir = tempDir();
    expectFailure(await kmemtap(["report", file(TEXT), "-c", join(dir, "none", "a")]), 3, /cannot write .*none\/a/);
    mkdirSync(join(dir, "folder"));
    expectFailure(await kmemtap(["report", file(TEXT), "-c", join(dir, "folder")]), 3, /cannot write .*folder/);
    expect(readdirSync(dir)).toEqual(["folder"]);
  });

  it("is not written at all when the input is refused", async () => {
    const path = join(tempDir(), "a");
    await kmemtap(["report", file("hello\n"), "-c", path]);
    expect(existsSync(path)).toBe(false);
  });
});

describe("exit statuses", () => {
  it("0, with a warning, when events were lost", async () => {
    const { status, stdout, stderr } = await kmemtap(["report", file(`${TEXT}CPU:3 [LOST 157 EVENTS]\n`)]);
    expect({ status, stdout }).toEqual({ status: 0, stdout: ACCOUNT });
    expect(stderr).toBe("kmemtap: not exact: 157 events lost (CPU 3)\n");
  });

  it.each([
    ["events were lost", `${TEXT}CPU:3 [LOST 157 EVENTS]\n`],
    ["a trace's header says so", `# entries-in-buffer/entries-written: 4/90   #P:1\n${TEXT}`],
    ["a line did not read", `${TEXT}${head()}${alloc({ ptr: "hello" })}\n`],
    ["a gzip was cut", gzipSync(TEXT.repeat(1000)).subarray(0, 300)],
  ])("4 with --strict when %s; the account is printed all the same", async (_, content) => {
    const done = await kmemtap(["report", "--strict", "--json", file(content)]);
    expect(done.status).toBe(4);
    expect(snapshotOf(done).exact).toBe(false);
    expect(done.stderr).toMatch(/^kmemtap: not exact: .*\n$/);
  });

  it("0 with --strict when nothing was, whatever is unmatched", async () => {
    expect((await kmemtap(["report", "--strict", file(`${FREE_LINE}\n${ALLOC_LINE}\n${ALLOC_LINE}\n`)])).status).toBe(
      0,
    );
  });

  it.each([
    ["a missing file", "/nonexistent/boot.trace", /\/nonexistent\/boot\.trace: no such file/],
    ["an empty file", "", /is empty/],
    ["a binary", Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * i * 31) & 0xff)), /is not a kernel trace/],
    ["another text", "hello\n", /is not a kernel trace/],
    ["a directory", undefined, /is a directory/],
  ])("3 for %s", async (_, content, message) => {
    const path = content === undefined ? tempDir() : content === "/nonexistent/boot.trace" ? content : file(content);
    expectFailure(await kmemtap(["report", path]), 3, message);
  });

  it("3 for nothing on standard input", async () => {
    expectFailure(await kmemtap(["report", "-"], { input: "" }), 3, /standard input is empty/);
  });

  it("3 for standard input that is a directory", () => {
    const script = 'exec "$0" "$1" report - < /tmp';
    const { status, stdout, stderr } = spawnSync("sh", ["-c", script, process.execPath, MAIN], { encoding: "utf8" });
    expectFailure({ status, stdout, stderr }, 3, /standard input/);
  });

  it("3 when standard output is full", () => {
    const script = 'exec "$0" "$1" report "$2" > /dev/full';
    const args = ["-c", script, process.execPath, MAIN, file(TEXT)];
    const { status, stdout, stderr } = spawnSync("sh", args, { encoding: "utf8" });
    expectFailure({ status, stdout, stderr }, 3, /standard output/);
  });

  it("2 for no file", async () => {
    expectFailure(await kmemtap(["report"]), 2, /no trace file given/);
  });

  it.each([
    ["--by beside a table that has none", ["-l", "-", "--by", "module"], /--by module is of the account/],
    ["--by beside tasks", ["--tasks", "--by", "module"], /--by module is of the account/],
    ["JSON and a table", ["--json", "-c", "-"], /two results go to standard output/],
    ["JSON and a profile", ["--json", "--pprof", "-"], /two results go to standard output/],
    ["a profile and a table", ["--slab-account", "--pprof", "-"], /two results go to standard output/],
    ["lifetimes of a workload", ["--json", "--workload", "--lifetimes"], /--lifetimes with --workload/],
    ["the order of a workload", ["--workload", "-o", "net"], /--order-by with --workload/],
    ["a place without a name", ["-b", ""], /-b names no place: it is empty\n {2}name a directory/],
    ["a place that is blank", ["--start-branch", " "], /-b names no place: it is empty/],
  ])("2 for %s", async (_, args, message) => {
    expectFailure(await kmemtap(["report", "-f", file(TEXT), ...args]), 2, message);
  });

  it("0 where -b names all of it", async () => {
    expect((await kmemtap(["report", file(TEXT), "-b", "./"])).status).toBe(0);
  });

  it("0 for a list of wrappers that is none, with a few words of it", async () => {
    const list = file(`${"x ".repeat(5000)}\n`.repeat(50));
    const { status, stderr } = await kmemtap(["report", file(TEXT), "--wrappers", list]);
    expect(status).toBe(0);
    const said = stderr.split("\n").filter((line) => line.includes(list));
    expect(said).toHaveLength(4);
    expect(said[0]).toMatch(/, line 1: "(x ){30}…" is no function's name; left out$/);
    expect(said[3]).toMatch(/: 47 more lines are no function's name; left out$/);
  });

  it("0 for several tables, and for groups in the account's file", async () => {
    const { status, stdout } = await kmemtap(["report", file(TEXT), "-c", "-", "-l", "-", "--by", "module"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/ module\n-+\n/);
  });

  it.each([
    ["an order that there is none of", ["report", "-o", "size", "x"]],
    ["an unknown option", ["report", "--frobnicate", "x"]],
    ["an unknown command", ["frobnicate"]],
    ["no command", []],
  ])("2 for %s", async (_, args) => {
    const { status, stdout, stderr } = await kmemtap(args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).not.toBe("");
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it.each([["--help"], ["--version"], ["report", "--help"]])("0 for %s %s", async (...args) => {
    const { status, stdout, stderr } = await kmemtap(args);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).not.toBe("");
  });

  it("0 when the reader of a pipe has enough", async () => {
    const lines = Array.from(
      { length: 30_000 },
      (_, i) => head() + alloc({ site: `f+0x${i.toString(16)}/0xffff`, ptr: (i + 1).toString(16).padStart(16, "0") }),
    );
    const child = startKmemtap(["report", file(lines.join("\n")), "--json"]);
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    await once(child.stdout, "data");
    child.stdout.destroy();
    const [status] = (await once(child, "close")) as [number | null];
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });
});

it("a trace without kmem events says so", async () => {
  const { status, stderr } = await kmemtap(["report", file(`# tracer: nop\n${head()}sched_yield: x\n`)]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "kmemtap: the trace holds no kmem events\n" });
});

it("--stack-trace, and nothing else, prints one", async () => {
  const { stderr } = await kmemtap(["--stack-trace", "report", "/nonexistent/x"]);
  expect(stderr).toMatch(/\n\s+at /);
});
