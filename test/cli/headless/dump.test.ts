/** `kmemtap snapshot` unattended, as a process: files at a pace, by signal and by condition; what cannot be written ends nothing. */
import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { snapshotSchema } from "../../../src/model/snapshot.ts";
import { tasksSchema } from "../../../src/model/tasks.ts";
import { ensureBuilt, kmemtap, startKmemtap } from "../../support/kmemtap.ts";
import { startServing } from "../../support/start-serving.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { ALLOC_LINE, alloc, CACHE_ALLOC_LINE, FREE_LINE, head } from "../../support/trace-text.ts";
import { until } from "../../support/until.ts";

beforeAll(ensureBuilt, 120_000);

const FORMATS = "account,slab-account,callers,json,csv,svg,png,pprof,tasks";
const ENDINGS = ["account.txt", "callers.txt", "csv", "json", "pb.gz", "png", "slab-account.txt", "svg", "tasks.json"];

/** A capture of a file that the test writes. */
function capture(...args: string[]) {
  const dir = tempDir();
  const [log, out, config] = [join(dir, "serial.log"), join(dir, "out"), join(dir, "kmemtap.yaml")];
  writeFileSync(log, `${ALLOC_LINE}\n`);
  writeFileSync(config, "logLevel: silent\n");
  const child = startKmemtap(["snapshot", `file://${log}`, "-o", out, "--config", config, ...args]);
  onTestFinished(() => void child.kill("SIGKILL"));
  const run = { child, out, stderr: "", log: (line: string) => appendFileSync(log, `${line}\n`) };
  child.stderr.setEncoding("utf8").on("data", (text: string) => (run.stderr += text));
  return {
    ...run,
    ended: once(child, "close").then(([status]) => status as number),
    get stderr() {
      return run.stderr;
    },
  };
}

const files = (dir: string) => {
  try {
    return readdirSync(dir).sort();
  } catch {
    return [];
  }
};
const ofKind = (dir: string, ending: string) => files(dir).filter((name) => name.endsWith(`.${ending}`));
const snapshotIn = (dir: string, name: string) =>
  snapshotSchema.parse(JSON.parse(readFileSync(join(dir, name), "utf8")));

describe("kmemtap snapshot -o DIR", () => {
  it("writes each format whole at a pace and at the end, named by target, time and run", async () => {
    const run = capture("--for", "2s", "--every", "500ms", "--tasks", "--format", FORMATS);
    expect({ status: await run.ended, stderr: run.stderr }).toMatchObject({ status: 0 });
    const names = files(run.out);
    const moments = [...new Set(names.map((name) => /^.*-run1/.exec(name)?.[0] ?? name))];
    expect(moments.length).toBeGreaterThanOrEqual(3);
    expect(moments.length).toBeLessThanOrEqual(5);
    for (const moment of moments) {
      expect(moment).toMatch(/^file-.*serial\.log-\d{8}T\d{6}\.\d{3}Z-run1$/);
      expect(names.filter((name) => name.startsWith(moment)).map((name) => name.slice(moment.length + 1))).toEqual(
        ENDINGS,
      );
    }
    expect(run.stderr).toContain(`${String(names.length)} files written`);
    const last = snapshotIn(run.out, `${moments.at(-1) ?? ""}.json`);
    const { tasks } = tasksSchema.parse(
      JSON.parse(readFileSync(join(run.out, `${moments.at(-1) ?? ""}.tasks.json`), "utf8")),
    );
    expect(tasks.map(({ netBytes }) => netBytes)).toEqual([4096]);
    expect(last.totals).toMatchObject({ allocs: 1, netBytes: 4096 });
    const of = (ending: string) => readFileSync(join(run.out, ofKind(run.out, ending)[0]));
    expect(of("account.txt").toString()).toContain("current bytes allocated:       4096");
    expect(of("csv").toString()).toMatch(
      /^caller,call_site,net_bytes,.*\r\ntty_open\+0x58,tty_open\+0x58\/0x6e0,4096,/,
    );
    expect(of("png").subarray(1, 4).toString()).toBe("PNG");
    expect(of("svg").toString()).toContain("<svg");
    expect(of("pb.gz").subarray(0, 2).toString("hex")).toBe("1f8b");
  });

  it("writes on SIGUSR1 and when a condition comes true", async () => {
    const run = capture("--on-signal", "--when", "net > 8k", "--format", "json");
    const { child } = run;
    // Node itself takes SIGUSR1, to start its debugger: the one of SIGHUP comes behind ours.
    const caught = () => /SigCgt:\s*(\w+)/.exec(readFileSync(`/proc/${String(child.pid)}/status`, "utf8"))?.[1] ?? "0";
    await until("the handlers", () => (BigInt(`0x${caught()}`) & 1n) !== 0n);
    child.kill("SIGUSR1");
    await until("the signal's file", () => ofKind(run.out, "json").length === 1);
    run.log(head() + alloc({ ptr: "00000000000000a1", req: 8192, alloc: 8192 }));
    await until("the condition's file", () => ofKind(run.out, "json").length === 2);
    expect(snapshotIn(run.out, ofKind(run.out, "json")[1]).totals.netBytes).toBe(4096 + 8192);
    child.kill("SIGTERM");
    expect(await run.ended).toBe(0);
    expect(run.stderr).toMatch(/writing a snapshot: SIGUSR1\n.*writing a snapshot: net > 8k\n/s);
    expect(ofKind(run.out, "json").length).toBe(3);
  });

  it("says that one file was written where it was one", async () => {
    const run = capture("--for", "500ms", "--when", "lost > 0", "--format", "json");
    expect(await run.ended).toBe(0);
    expect(files(run.out)).toHaveLength(1);
    expect(run.stderr).toContain("kmemtap: 1 file written\n");
  });

  it("writes when events are lost", async () => {
    const run = capture("--at-overrun", "--format", "json");
    run.log("CPU:3 [LOST 157 EVENTS]");
    await until("the file", () => ofKind(run.out, "json").length === 1);
    expect(snapshotIn(run.out, ofKind(run.out, "json")[0]).loss.lostEvents).toBe(157);
    run.child.kill("SIGINT");
    expect(await run.ended).toBe(0);
  });

  it.skipIf(process.getuid?.() !== 0)(
    "a full disk is said once, leaves no half file, and does not end the capture",
    async () => {
      const run = capture("--for", "3s", "--every", "300ms", "--format", "png,json");
      mkdirSync(run.out, { recursive: true });
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=16k", "tmpfs", run.out]);
      onTestFinished(() => void spawnSync("umount", [run.out]));
      await until("the trouble", () => run.stderr.includes("the capture goes on"));
      expect(await run.ended).toBe(3);
      expect(run.stderr).toMatch(/cannot write .*: ENOSPC.*; the capture goes on\n/);
      expect(run.stderr.match(/ENOSPC/g)?.length).toBeLessThan(8);
      expect(run.stderr).toMatch(/\d+ files could not be written/);
      expect(files(run.out).filter((name) => name.endsWith(".tmp"))).toEqual([]);
      for (const name of ofKind(run.out, "json")) snapshotIn(run.out, name);
    },
  );

  it("a directory that cannot be made is refused before the capture, and no capture of hours is lost by it", async () => {
    const file = join(tempDir(), "ex.json");
    writeFileSync(file, "a file");
    for (const out of [file, "/proc/nosuch/x"]) {
      const { status, stderr } = await kmemtap([
        "snapshot",
        `file://${file}`,
        "--for",
        "1h",
        "--when",
        "net > 1",
        "-o",
        out,
      ]);
      expect({ status, stderr }).toMatchObject({ status: 2 });
      expect(stderr).toMatch(/^kmemtap: cannot make the directory .*\n {2}name a directory .*\n$/);
    }
  });

  it.each([
    [["local:", "--every", "5s"], /needs a directory/],
    [["local:", "--every", "5s", "-o", "x", "--json"], /--json prints one snapshot/],
    [["local:", "--every", "1ms", "-o", "x"], /too often/],
    [["local:", "--format", "gif", "-o", "x"], /no format gif/],
    [["local:", "--when", "net", "-o", "x"], /not a condition/],
    [["http://127.0.0.1:1/", "--every", "1s", "-o", "x", "--record", "y"], /record/],
    [["local:", "--format", "tasks", "-o", "x"], /--format tasks without --tasks/],
    [
      ["http://127.0.0.1:1/", "--tasks", "--for", "1s", "--every", "1s", "-o", "x"],
      /tasks: the kmemtap at that address/,
    ],
    [["http://example.org/", "--token-file", "/dev/null"], /a token would cross the network/],
    [["http://127.0.0.1:1/a/b"], /is not the address of a kmemtap/],
  ])("%j is refused", async (args, message) => {
    const { status, stderr } = await kmemtap(["snapshot", ...args], { cwd: tempDir() });
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
  });

  it("takes the snapshots of a kmemtap that runs, and prints one of them", async () => {
    const dir = tempDir();
    const log = join(dir, "serial.log");
    writeFileSync(log, `${ALLOC_LINE}\n`);
    const { child, url } = await startServing(["live", `file://${log}`]);
    onTestFinished(() => void child.kill("SIGKILL"));
    const out = join(dir, "out");
    const args = ["snapshot", `${url}/target`, "--for", "2500ms", "--every", "1s", "-o", out, "--format", "json,pprof"];
    expect(await kmemtap(args)).toMatchObject({ status: 0 });
    const found = ofKind(out, "json");
    expect(found.length).toBeGreaterThanOrEqual(2);
    expect(found.length).toBe(ofKind(out, "pb.gz").length);
    expect(snapshotIn(out, found[0]).totals.netBytes).toBe(4096);
    expect((await kmemtap(["snapshot", url])).stdout).toContain("tty_open+0x58");
    expect((await kmemtap(["snapshot", `${url}/nosuch`])).stderr).toMatch(
      /has no nosuch\n {2}name one: http:.*\/target\n/,
    );
  });

  it("keeps the same slab account of a kmemtap that runs as of the target itself", async () => {
    const dir = tempDir();
    const log = join(dir, "serial.log");
    writeFileSync(log, `${[ALLOC_LINE, FREE_LINE, CACHE_ALLOC_LINE, FREE_LINE].join("\n")}\n`);
    const { child, url } = await startServing(["live", `file://${log}`]);
    onTestFinished(() => void child.kill("SIGKILL"));
    const slabAccount = async (target: string) => {
      const out = join(dir, target === url ? "served" : "own");
      const args = ["snapshot", target, "--for", "1500ms", "-o", out, "--format", "slab-account,json"];
      expect(await kmemtap(args)).toMatchObject({ status: 0 });
      expect(snapshotIn(out, ofKind(out, "json")[0])).not.toHaveProperty("freeing");
      return readFileSync(join(out, ofKind(out, "slab-account.txt").at(-1) ?? ""), "utf8");
    };
    const served = await slabAccount(url);
    expect(served).toBe(await slabAccount(`file://${log}`));
    expect(served).toMatch(/number of frees: +2\n[^]* 0\/2 +put_pid\.part\.0\+0x36\n/);
  });

  it("of a target that never delivered there is no account, nor a file of zeros, until something arrives", async () => {
    const dir = tempDir();
    const [config, log, out] = [join(dir, "kmemtap.yaml"), join(dir, "quiet.log"), join(dir, "out")];
    writeFileSync(log, "");
    const targets = { board: "serial:///dev/ttyNOTHERE?baud=115200", quiet: `file://${log}` };
    writeFileSync(config, JSON.stringify({ targets, daemon: { directory: join(dir, "kept") } }));
    const { child, url } = await startServing(["daemon", "--config", config]);
    onTestFinished(() => void child.kill("SIGKILL"));
    const expected = /^kmemtap: board: nothing arrived \((there is no \/dev\/ttyNOTHERE|starting).*\)\n {2}\S.*\n$/;
    const printed = await kmemtap(["snapshot", `${url}/board`]);
    expect(printed).toMatchObject({ status: 3, stdout: "" });
    expect(printed.stderr).toMatch(expected);
    const dumped = await kmemtap(["snapshot", `${url}/board`, "--for", "1s", "--every", "300ms", "-o", out]);
    expect(dumped.status).toBe(3);
    expect(dumped.stderr).toMatch(/^kmemtap: board: nothing arrived \(.*; it is asked on\n/);
    expect(files(out)).toEqual([]);
    const run = kmemtap(["snapshot", `${url}/quiet`, "--for", "3s", "--every", "300ms", "-o", out]);
    setTimeout(() => appendFileSync(log, `${ALLOC_LINE}\n`), 1000);
    expect(await run).toMatchObject({ status: 0 });
    const nets = ofKind(out, "json").map((name) => snapshotIn(out, name).totals.netBytes);
    expect(new Set(nets)).toEqual(new Set([4096]));
  });

  it("of a file that is not there nothing is written, and the status is 3", async () => {
    const out = join(tempDir(), "out");
    const args = ["snapshot", `file://${join(tempDir(), "never.log")}`, "--for", "1s", "--every", "300ms", "-o", out];
    const { status, stderr } = await kmemtap(args);
    expect(status).toBe(3);
    expect(stderr).toContain("never.log: nothing arrived");
    expect(files(out)).toEqual([]);
  });

  it.each([
    [["snapshot", "--malloc"], "--malloc: the kmemtap at that address"],
    [["snapshot", "--stacks", "--json"], "--stacks: "],
    [["snapshot", "--buffer-kb", "64"], "--buffer-kb: "],
    [["snapshot", "--for", "5s"], "--for: "],
    [["snapshot", "--bulk", "--every", "1s", "-o", "out"], "--bulk: "],
    [["top", "--once", "--cache"], "--cache: "],
  ])("a kmemtap that runs is not asked for what it does not do: %j", async ([command, ...options], message) => {
    const { status, stdout, stderr } = await kmemtap([command, "http://127.0.0.1:1", ...options]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain(`kmemtap: ${message}`);
  });

  it("a kmemtap that is not there is one line", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const { status, stderr } = await kmemtap(["snapshot", `http://127.0.0.1:${String(port)}`]);
    expect(status).toBe(3);
    expect(stderr).toMatch(/^kmemtap: http:\/\/127\.0\.0\.1:\d+\/api\/targets: .*ECONNREFUSED.*\n {2}\S.*\n$/);
  });

  it("a port that fetch never asks is said to be one", async () => {
    const { status, stderr } = await kmemtap(["snapshot", "http://127.0.0.1:9"]);
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /127\.0\.0\.1:9: its port is kept for another service.*\n {2}.*--serve 127\.0\.0\.1:8642\n$/,
    );
  });

  it.each([
    [401, "{}", [], / answered 401: .*\n {2}give its token: --token-file FILE\n$/],
    [401, "{}", ["--token-file", "/proc/version"], / answered 401: .*\n {2}its tokens are others/],
    [403, "{}", [], / answered 403: .*\n {2}its configuration says who may ask/],
    [404, "{}", [], / answered 404: .*\n {2}check the address/],
    [500, "{}", [], / answered 500: .*\n {2}the log of the kmemtap there/],
    [200, "<html>", [], / answered with something else than a list of targets\n {2}\S/],
  ])("what answers with %d and %s is told from a kmemtap, with what to do", async (code, body, args, expected) => {
    const server = createHttpServer((_request, response) => response.writeHead(code).end(body)).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    const { status, stderr } = await kmemtap(["snapshot", url, ...args]);
    expect(status).toBe(3);
    expect(stderr).toMatch(expected);
    const secure = await kmemtap(["snapshot", url.replace("http", "https")]);
    expect(secure.stderr).toMatch(/: it does not answer in TLS\n {2}it may speak plain HTTP: http:/);
  });
});
