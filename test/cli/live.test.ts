/** `kmemtap live` as a process: what it prints, what it serves, how it ends. */
import { once } from "node:events";
import { appendFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { type Snapshot, snapshotSchema } from "../../src/model/snapshot.ts";
import { ensureBuilt, kmemtap } from "../support/kmemtap.ts";
import { startServing } from "../support/start-serving.ts";
import { tempDir } from "../support/temp-dir.ts";
import { ALLOC_LINE, FREE_LINE, head } from "../support/trace-text.ts";
import { until } from "../support/until.ts";

beforeAll(ensureBuilt, 120_000);

async function live(...args: string[]) {
  const run = await startServing(["live", ...args]);
  onTestFinished(() => void run.child.kill("SIGKILL"));
  return run;
}

async function snapshotAt(url: string): Promise<Snapshot | undefined> {
  const response = await fetch(`${url}/api/targets/target/snapshot.json`);
  return response.status === 200 ? snapshotSchema.parse(await response.json()) : undefined;
}

async function untilAllocs(url: string, allocs: number): Promise<Snapshot> {
  for (const end = Date.now() + 10_000; Date.now() < end;) {
    const snapshot = await snapshotAt(url);
    if (snapshot?.totals.allocs === allocs) return snapshot;
  }
  return expect.fail(`never ${allocs} allocations`);
}

describe("kmemtap live", () => {
  it("follows a file from before it exists, serves what comes, and ends with 0 on Ctrl-C", async () => {
    const path = join(tempDir(), "serial.log");
    const { child, url, ...run } = await live(`file://${path}`);
    writeFileSync(path, `${ALLOC_LINE}\n`);
    await untilAllocs(url, 1);
    appendFileSync(path, `${FREE_LINE}\n${ALLOC_LINE}\n`);
    expect((await untilAllocs(url, 2)).totals).toMatchObject({ frees: 1, netBytes: 4096 });
    child.kill("SIGINT");
    const [status] = (await once(child, "close")) as [number | null];
    expect(status).toBe(0);
    expect(run.stdout).toBe("");
  });

  it("logs lines of text to stderr, and nothing to stdout", async () => {
    const path = join(tempDir(), "serial.log");
    writeFileSync(path, `${ALLOC_LINE}\nCPU:1 [LOST 5 EVENTS]\n`);
    const run = await live(`file://${path}`);
    await untilAllocs(run.url, 1);
    await until("a warning", () => run.stderr.includes("5 events lost"));
    expect(run.stderr).not.toContain("\u001b");
    for (const line of run.stderr.trimEnd().split("\n"))
      expect(line).toMatch(/^(kmemtap: \S|\[\d\d:\d\d:\d\d\.\d{3}\] (INFO|WARN): \S)/);
    expect(run.stdout).toBe("");
  });

  it("logs JSON and nothing else where the configuration wants it", async () => {
    const config = join(tempDir(), "kmemtap.yaml");
    writeFileSync(config, "logFormat: json\n");
    const path = join(tempDir(), "serial.log");
    writeFileSync(path, `${ALLOC_LINE}\nCPU:1 [LOST 5 EVENTS]\n`);
    const run = await live(`file://${path}`, "--config", config);
    await untilAllocs(run.url, 1);
    await until("a warning", () => run.stderr.includes("5 events lost"));
    const entries = run.stderr
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { level: number; msg: string });
    expect(entries.some(({ msg }) => msg.includes(" at http:"))).toBe(true);
    expect(entries.some(({ level, msg }) => level === 40 && msg.includes("5 events lost"))).toBe(true);
    expect(run.stdout).toBe("");
  });

  it("ends with 4 under --strict when the account is not exact", async () => {
    const path = join(tempDir(), "serial.log");
    writeFileSync(path, `${ALLOC_LINE}\nCPU:1 [LOST 5 EVENTS]\n`);
    const { child, url } = await live(`file://${path}`, "--strict");
    await untilAllocs(url, 1);
    child.kill("SIGTERM");
    expect(((await once(child, "close")) as [number | null])[0]).toBe(4);
  });

  it("ends on Ctrl-C while a replay waits for a time far ahead", async () => {
    const path = join(tempDir(), "boot.trace");
    const lines = [
      ALLOC_LINE,
      ...Array.from({ length: 200 }, () => head({ clock: "9999.000000" }) + "sched_yield: x"),
      ALLOC_LINE.replace("2.206855", "9999.0000"),
    ];
    writeFileSync(
      path,
      `${lines.join("\n")}\n${`${ALLOC_LINE.replace("    2.206855", " 9999.000000")}\n`.repeat(200)}`,
    );
    const { child, url } = await live(`replay://${path}`);
    await until("the process", () => url !== "");
    await new Promise((resolve) => setTimeout(resolve, 300));
    child.kill("SIGINT");
    let status: number | null | undefined;
    child.once("close", (code) => (status = code));
    await until("the end", () => status !== undefined, 4000);
    expect(status).toBe(0);
  });

  it("ends on Ctrl-C while viewers watch, and after a foreign page was refused", async () => {
    const path = join(tempDir(), "serial.log");
    writeFileSync(path, `${ALLOC_LINE}\n`);
    const { child, url } = await live(`file://${path}`);
    const viewer = new WebSocket(`${url.replace("http", "ws")}/ws`);
    await once(viewer, "message");
    const foreign = new WebSocket(`${url.replace("http", "ws")}/ws`, { headers: { Origin: "http://example.com" } });
    await once(foreign, "error");
    child.kill("SIGINT");
    let status: number | null | undefined;
    child.once("close", (code) => (status = code));
    viewer.on("error", () => undefined);
    await until("the end", () => status !== undefined, 4000);
    expect(status).toBe(0);
  });

  it.each([
    ["no kind of target", ["live", "gopher://board"], 2, /is not a kind of target/],
    [
      "a path that is no URL",
      ["live", "/tmp/serial.log"],
      2,
      /neither a URL nor a name[^]*: replay:\/\/\/tmp\/serial\.log/,
    ],
    [
      "an address that others could reach",
      ["live", "file:///tmp/x", "--serve", "0.0.0.0:1"],
      2,
      /others than this machine could reach it/,
    ],
    [
      "a configuration that is not there",
      ["live", "file:///tmp/x", "--config", "/nonexistent.yaml"],
      2,
      /cannot read \/nonexistent\.yaml/,
    ],
  ])("refuses %s in one line", async (_, args, code, message) => {
    const { status, stderr, stdout } = await kmemtap(args);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^kmemtap: .*\n {2}\S.*\n$/);
    expect({ status, stdout }).toEqual({ status: code, stdout: "" });
  });

  it("ends with 3 when its port is taken", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const { status, stderr } = await kmemtap(["live", "file:///tmp/none", "--serve", `127.0.0.1:${port}`]);
    expect(stderr).toMatch(/^kmemtap: cannot listen on 127\.0\.0\.1:\d+: .*\n {2}\S.*\n$/m);
    expect(status).toBe(3);
  });
});
