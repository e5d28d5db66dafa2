/** `kmemtap top` as a process: in a real terminal, in a pipe, and used wrongly. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, it, onTestFinished } from "vitest";
import { openPty } from "../../support/console-pty.ts";
import { ensureBuilt, kmemtap, MAIN, startKmemtap } from "../../support/kmemtap.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { until } from "../../support/until.ts";

beforeAll(ensureBuilt, 120_000);

const BOOT = fileURLToPath(new URL("../../../fixtures/6.1-amd64-demo/trace.txt.gz", import.meta.url));

it("prints once, for a pipe", async () => {
  const { status, stdout } = await kmemtap(["top", `replay://${BOOT}?speed=0`, "--once", "--rows", "3"]);
  expect(status).toBe(0);
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toHaveLength(8);
  expect(lines[1]).toBe("exact: nothing lost  669 implied frees  676 unmatched frees");
  expect(lines[5]).toMatch(/^ *6\.7 MiB .* alloc_inode\+0x59$/);
});

it("prints tasks once, for a pipe, and callers with their ages", async () => {
  const args = ["top", `replay://${BOOT}?speed=0`, "--once", "--rows", "2"];
  const { stdout } = await kmemtap([...args, "--tasks"]);
  expect(stdout.split("\n")[5]).toMatch(/^ *8\.0 MiB .* kworker\/u2:0-9 {2}\(4 implied frees\)$/);
  const aged = await kmemtap([...args, "--lifetimes"]);
  expect(aged.stdout.split("\n")[4]).toMatch(/ AGE {2}CALLER/);
  expect(aged.stdout.split("\n")[5]).toMatch(/ \d+\.\d s {2}alloc_inode\+0x59$/);
});

it("prints a part of it, ordered as was asked for", async () => {
  const args = ["top", `replay://${BOOT}?speed=0`, "--once", "--rows", "2", "-o", "alloc_count"];
  const whole = await kmemtap(args);
  expect(whole.stdout.split("\n")[5]).toMatch(/ 11756 .* __d_alloc\+0x29 {2}\(107 implied frees\)$/);
  const { status, stdout } = await kmemtap([...args, "-b", "loop"]);
  expect(status).toBe(0);
  expect(stdout.split("\n")[0]).toMatch(/ {2}in \[loop\]( {2}growth over \d+ ms)?$/);
  expect(stdout.split("\n")[2]).not.toBe(whole.stdout.split("\n")[2]);
  const rows = stdout.trimEnd().split("\n").slice(5);
  expect(rows.length).toBeGreaterThan(0);
  for (const row of rows) expect(row).toMatch(/ \[loop\]$/);
  const { status: refused, stderr } = await kmemtap([...args, "-b", "nosuch"]);
  expect(refused).toBe(2);
  expect(stderr).toContain("-b nosuch: there is no such place\n  its top has (unattributed), [fat], [loop], built-in");
});

it.each([
  ["growth", / \*GROWTH /],
  ["peak", / \*PEAK /],
  ["allocs", / \*ALLOCS /],
  ["net", / \*NET /],
])("is ordered by %s, as its column is called", async (order, head) => {
  const { status, stdout } = await kmemtap(["top", `replay://${BOOT}?speed=0`, "--once", "--rows", "1", "-o", order]);
  expect(status).toBe(0);
  expect(stdout.split("\n")[4]).toMatch(head);
});

it("draws a part of it in a terminal", { timeout: 60_000 }, async () => {
  const top = `${MAIN} top 'replay://${BOOT}?speed=0' -d 200ms -b built-in -o total_dynamic`;
  const program = `stty rows 24 cols 80; exec ${process.execPath} ${top}`;
  const { stream } = await openPty(["/bin/sh", "-c", program], { env: { LANG: "C" } });
  let seen = "";
  const reading = (async () => {
    for await (const chunk of stream.bytes) seen += Buffer.from(chunk).toString("latin1");
  })();
  await until("rows", () => seen.includes("alloc_inode+0x59"), 30_000);
  expect(seen).toContain("CALLER (by total)");
  await until("the end of the recording", () => seen.includes("the source has ended"), 30_000);
  await stream.write(Buffer.from("/[fat]\r"));
  await until("none of another module", () => seen.includes('0 callers with "[fat]"'), 10_000);
  await stream.write(Buffer.from("q"));
  await reading;
});

it("draws in a terminal, heeds its keys, and gives it back", { timeout: 60_000 }, async () => {
  const program = `stty rows 24 cols 80; exec ${process.execPath} ${MAIN} top 'replay://${BOOT}?speed=0.5' -d 200ms --tasks`;
  const { stream } = await openPty(["/bin/sh", "-c", program], { env: { LANG: "C" } });
  let seen = "";
  const reading = (async () => {
    for await (const chunk of stream.bytes) seen += Buffer.from(chunk).toString("latin1");
  })();
  await until("rows", () => seen.includes("alloc_inode+0x59"), 30_000);
  expect(seen).toContain("\x1b[?1049h");
  await stream.write(Buffer.from("t"));
  await until("another order", () => seen.includes("CALLER (by total)"), 10_000);
  await stream.write(Buffer.from("k"));
  await until("tasks", () => seen.includes("kworker/u2:0-9") && seen.includes("TASK"), 10_000);
  await stream.write(Buffer.from("k"));
  await stream.write(Buffer.from("/kernfs\r"));
  await until("the filter", () => seen.includes('with "kernfs"'), 10_000);
  await stream.write(Buffer.from("q"));
  await reading;
  expect(seen.slice(seen.lastIndexOf("\x1b[?25h"))).toContain("\x1b[?1049l");
  // A console that is not said to know more is sent ASCII alone.
  expect(Buffer.from(seen, "latin1").every((byte) => byte < 0x80)).toBe(true);
});

it("shows the tasks and ages of a kmemtap that runs", { timeout: 60_000 }, async () => {
  const args = ["live", `replay://${BOOT}?speed=0`, "--tasks", "--lifetimes", "--serve", "127.0.0.1:0"];
  const server = startKmemtap(args);
  onTestFinished(() => void server.kill("SIGTERM"));
  let said = "";
  server.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  await until("the address", () => /at (http:\S+)/.test(said), 30_000);
  const url = /at (http:\S+)/.exec(said)?.[1] ?? "";
  const program = `stty rows 24 cols 80; exec ${process.execPath} ${MAIN} top ${url}/target -d 200ms`;
  const { stream } = await openPty(["/bin/sh", "-c", program], { env: { LANG: "C" } });
  let seen = "";
  const reading = (async () => {
    for await (const chunk of stream.bytes) seen += Buffer.from(chunk).toString("latin1");
  })();
  await until("rows with ages", () => seen.includes("alloc_inode+0x59") && seen.includes(" AGE "), 30_000);
  await stream.write(Buffer.from("k"));
  await until("tasks", () => seen.includes("kworker/u2:0-9") && seen.includes("118 tasks"), 10_000);
  await stream.write(Buffer.from("q"));
  await reading;
  const once = await kmemtap(["top", `${url}/target`, "--once", "--for", "300ms", "--rows", "1"]);
  const [title, , totals, , , row] = once.stdout.split("\n");
  expect(title).toMatch(/ {2}growth over \d+ ms$/);
  // The recording is over: nothing comes, and nothing grows.
  expect(totals).toMatch(/held \(\+0 B\/min\) .* {2}0 ev\/s /);
  expect(row).toMatch(/^ *6\.7 MiB {12,}86\.3 KiB .* alloc_inode/);
});

it.each([
  [["top", "local:"], /^kmemtap: top needs a terminal to draw on\n {2}.*--once/],
  [["top", "local:", "--once", "--rows", "none"], /--rows none: not a number of rows/],
  [["top", "local:", "-d", "1ms"], /--delay 1ms: too often/],
  [
    ["top", "http://127.0.0.1:2/", "--once"],
    /127\.0\.0\.1:2.*\n {2}check that kmemtap live or kmemtap daemon runs there/,
  ],
])("says of %j what and what to do", async (args, message) => {
  const { status, stdout, stderr } = await kmemtap(args);
  expect({ status: status === 0, stdout }).toEqual({ status: false, stdout: "" });
  expect(stderr).toMatch(message);
});

it("ends by the hangup of its terminal, and in order: what it records is whole", { timeout: 60_000 }, async () => {
  const folder = tempDir();
  const [status, record] = [join(folder, "status"), join(folder, "record.kmt")];
  // By time, so that it goes on.
  const top = `${process.execPath} ${MAIN} top 'replay://${BOOT}?speed=0.05' -d 100ms --record ${record}`;
  // A shell that stays: the one who leads the session is told, the program is not.
  const program = `trap : HUP; ${top}; echo $? >${status}`;
  const terminal = await openPty(["/bin/sh", "-c", program]);
  let drawn = "";
  const reading = (async () => {
    for await (const bytes of terminal.stream.bytes) drawn += Buffer.from(bytes).toString("latin1");
  })().catch(() => undefined);
  await until("rows", () => drawn.includes("callers"), 30_000);
  terminal.kill();
  await reading;
  await until("its end", () => existsSync(status) && readFileSync(status, "latin1") !== "", 20_000);
  // 128 and SIGHUP; not SIGABRT, by which Node ends that cannot put its terminal back.
  expect(readFileSync(status, "latin1")).toBe("129\n");
  const report = await kmemtap(["report", record]);
  expect(report.status).toBe(0);
  expect(report.stderr).not.toContain("unfinished");
});
