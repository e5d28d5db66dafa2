/** `kmemtap report` on a console with tp_printk: alone, and joined with the trace of the same boot. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type Snapshot, snapshotSchema } from "../../src/model/snapshot.ts";
import { ensureBuilt, type Finished, kmemtap } from "../support/kmemtap.ts";
import { expectAccount, HIDDEN, PRINTK_FIXTURES, readPrintkFixture, stamp } from "../support/printk-text.ts";
import { tempDir } from "../support/temp-dir.ts";
import { alloc, ALLOC_LINE, free, head } from "../support/trace-text.ts";

beforeAll(ensureBuilt, 120_000);

function file(lines: readonly string[], name: string): string {
  const path = join(tempDir(), name);
  writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
  return path;
}

const snapshotOf = ({ stdout }: Finished): Snapshot => snapshotSchema.parse(JSON.parse(stdout));

const FIRST = alloc({ site: "a+0x1/0x2", ptr: "0000000000000a01", req: 30, alloc: 32 });
const SECOND = alloc({ site: "b+0x1/0x2", ptr: "0000000000000a02", req: 60, alloc: 64 });
const GONE = free({ ptr: "0000000000000a01" });
const hiding = (line: string) => line.replace(/ptr=\S+/, `ptr=${HIDDEN}`);
const CONSOLE = ["[    0.000000] Linux version 6.1.0", stamp("0.100000") + FIRST, stamp("0.200000") + SECOND];
const TRACE = [
  "# entries-in-buffer/entries-written: 2/3   #P:1",
  head({ clock: "0.200000" }) + SECOND,
  head({ clock: "0.300000" }) + GONE,
];

describe("a console alone", () => {
  it("is read in printk mode", async () => {
    const path = file(CONSOLE, "console.log");
    const done = await kmemtap(["report", path, "--json"]);
    expect(done.status).toBe(0);
    const snapshot = snapshotOf(done);
    expect(snapshot).toMatchObject({ mode: "printk", exact: true, totals: { allocs: 2, netBytes: 96 } });
    expect(snapshot.printk).toMatchObject({ events: 2, matched: 0, consoleOnly: 2 });
    expect(snapshot.input.events.lines).toBe(2);
    expect(snapshot.loss.perCpu).toEqual([]);
  });

  it("may have a torn line, which is said", async () => {
    const path = file([...CONSOLE, SECOND.slice(10)], "console.log");
    const done = await kmemtap(["report", path]);
    expect(done.status).toBe(0);
    expect(done.stderr).toMatch(/not exact: 1 trace line unreadable \(badHead 1\)/);
  });

  it("may come over standard input, by --console too", async () => {
    const input = CONSOLE.map((line) => `${line}\n`).join("");
    for (const args of [["-"], ["--console", "-"]])
      expect((await kmemtap(["report", ...args], { input })).stdout).toMatch(/number of allocs: +2\n/);
  });

  it("says how many allocations it cannot follow, and fails with --strict", async () => {
    const path = file([...CONSOLE.slice(0, 2).map(hiding), CONSOLE[2]], "console.log");
    const done = await kmemtap(["report", path, "--strict"]);
    expect(done.status).toBe(4);
    expect(done.stderr).toBe(
      "kmemtap: console: 2 events; none of them in a trace\n" +
        "kmemtap: not exact: 1 allocations and 0 frees have a hidden pointer and cannot be followed; 64 to 96 bytes are allocated\n",
    );
  });
});

describe("a console and a trace of one boot", () => {
  it("are one account", async () => {
    const done = await kmemtap([
      "report",
      "--console",
      file(CONSOLE, "console.log"),
      file(TRACE, "boot.trace"),
      "--json",
    ]);
    expect(done.status).toBe(0);
    const snapshot = snapshotOf(done);
    expect(snapshot).toMatchObject({ mode: "printk", exact: true, totals: { allocs: 2, frees: 1, netBytes: 64 } });
    expect(snapshot.loss).toMatchObject({ lostEvents: 0, unmatchedFrees: 0 });
    expect(snapshot.printk).toMatchObject({ events: 2, matched: 1, consoleOnly: 1, traceOnly: 0, recoveredEvents: 1 });
  });

  it("may stand in one file", async () => {
    const path = file([...CONSOLE, ...TRACE], "serial.log");
    const snapshot = snapshotOf(await kmemtap(["report", "--console", path, path, "--json"]));
    expect(snapshot).toMatchObject({ exact: true, totals: { allocs: 2, frees: 1 } });
  });

  it("are told apart: a console among traces is refused, with what to do", async () => {
    const [console, trace] = [file(CONSOLE, "console.log"), file(TRACE, "boot.trace")];
    for (const files of [
      [console, trace],
      [trace, console],
      ["--console", console, console],
    ]) {
      const { status, stdout, stderr } = await kmemtap(["report", ...files]);
      expect({ status, stdout }).toEqual({ status: 3, stdout: "" });
      expect(stderr).toContain(`${console} holds tp_printk lines of a console, not a trace`);
      expect(stderr).toContain(`--console ${console}`);
    }
  });

  it("what is no console with events is refused", async () => {
    const trace = file(TRACE, "boot.trace");
    for (const lines of [[ALLOC_LINE], ["[    0.000000] Linux version 6.1.0"]]) {
      const { status, stderr } = await kmemtap(["report", "--console", file(lines, "console.log"), trace]);
      expect(status).toBe(3);
      expect(stderr).toMatch(/holds no tp_printk lines with kmem events\n {2}\S.*\n$/);
    }
  });

  it("a result is not written over the console, and standard input is not both", async () => {
    const console = file(CONSOLE, "console.log");
    const trace = file(TRACE, "boot.trace");
    expect(await kmemtap(["report", "--console", console, trace, "-c", console])).toMatchObject({ status: 2 });
    expect(await kmemtap(["report", "--console", "-", "-"])).toMatchObject({ status: 2 });
  });

  it.each(PRINTK_FIXTURES)("%s: the account that the oracle made of both", async (name) => {
    const { paths, joined } = readPrintkFixture(name);
    const done = await kmemtap(["report", "--console", paths.console, paths.trace, "--json"]);
    expect(done.status).toBe(0);
    const snapshot = snapshotOf(done);
    expectAccount(snapshot, joined, false);
    expect(snapshot.mode).toBe("printk");
    expect(snapshot.loss.lostEvents).toBe(0);
  });
});
