/** `kmemtap daemon` as a process: many targets, one of them bad; read again on SIGHUP, and what it leaves at its end. */
import { spawn, spawnSync } from "node:child_process";
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type Snapshot, snapshotSchema } from "../../../src/model/snapshot.ts";
import type { TargetSummary } from "../../../src/model/wire.ts";
import { ensureBuilt, kmemtap } from "../../support/kmemtap.ts";
import { startServing } from "../../support/start-serving.ts";
import { symbolizer, TREE } from "../../support/source-tree.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { alloc, ALLOC_LINE, head } from "../../support/trace-text.ts";
import { until } from "../../support/until.ts";

beforeAll(ensureBuilt, 120_000);

const ROOT = new URL("../../../", import.meta.url).pathname;
const lacks = (program: string, ...args: string[]) => spawnSync(program, args).status !== 0;
const notifyMissing = lacks("systemd-notify", "--version") || lacks("python3", "--version");

type Targets = Record<string, string | { readonly url: string; readonly kernel?: string }>;

async function daemon(targets: Targets, env: NodeJS.ProcessEnv = {}, directory?: string) {
  const dir = tempDir();
  const [config, out] = [join(dir, "kmemtap.yaml"), directory ?? join(dir, "out")];
  const configure = (names: Targets) =>
    writeFileSync(config, JSON.stringify({ targets: names, daemon: { directory: out } }));
  configure(targets);
  const run = await startServing(["daemon", "--config", config], { env });
  onTestFinished(() => void run.child.kill("SIGKILL"));
  return Object.assign(run, { dir, out, config, configure });
}

async function targetsAt(url: string): Promise<Record<string, TargetSummary>> {
  const { targets } = (await (await fetch(`${url}/api/targets`)).json()) as { targets: TargetSummary[] };
  return Object.fromEntries(targets.map((target) => [target.id, target]));
}

async function holds(url: string, id: string, bytes: number): Promise<boolean> {
  const found = await targetsAt(url);
  return Object.hasOwn(found, id) && found[id].netBytes === bytes;
}
const snapshotsIn = (dir: string): Snapshot[] => {
  try {
    return readdirSync(dir)
      .sort()
      .map((name) => snapshotSchema.parse(JSON.parse(readFileSync(join(dir, name), "utf8"))));
  } catch {
    return [];
  }
};

function log(lines: number): string {
  const path = join(tempDir(), "serial.log");
  writeFileSync(path, Array.from({ length: lines }, (_, i) => `${lineOf(i)}\n`).join(""));
  return path;
}
const lineOf = (i: number) => ALLOC_LINE.replace("c64b90b6", `c64b90${String(10 + i)}`);

describe("kmemtap daemon", () => {
  it("watches all, whatever becomes of one, and writes the last snapshot of each on SIGTERM", async () => {
    const [a, b] = [log(1), log(2)];
    const run = await daemon({ a: `file://${a}`, b: `file://${b}`, bad: "replay:///nosuch.trace" });
    await until("both accounts", async () => (await holds(run.url, "a", 4096)) && holds(run.url, "b", 8192));
    await until("the failure", async () => (await targetsAt(run.url))["bad"].state === "failed");
    const { bad, a: good } = await targetsAt(run.url);
    expect(bad.detail).toMatch(/nosuch\.trace: .*no such file.*; tried again in \d+ s/);
    expect(good.state).toBe("running");
    expect(await (await fetch(`${run.url}/metrics`)).text()).toContain(
      'kmemtap_target_state{target="bad",state="failed"} 1',
    );

    run.child.kill("SIGUSR1");
    await until(
      "the files",
      () => snapshotsIn(join(run.out, "a")).length === 1 && snapshotsIn(join(run.out, "b")).length === 1,
    );
    appendFileSync(a, `${lineOf(9)}\n`);
    await until("the third", () => holds(run.url, "a", 8192));
    run.child.kill("SIGTERM");
    expect({ status: await run.ended, stderr: run.stderr }).toMatchObject({ status: 0 });
    expect(snapshotsIn(join(run.out, "a")).map(({ totals }) => totals.netBytes)).toEqual([4096, 8192]);
    expect(readdirSync(run.out).sort()).toEqual(["a", "b", "bad"]);
    for (const name of readdirSync(join(run.out, "a"))) expect(name).toMatch(/^a-\d{8}T\d{6}\.\d{3}Z-run1\.json$/);
  });

  it("writes what a target came to when it ends, and again on SIGUSR1; of one that never delivered nothing", async () => {
    const run = await daemon({ short: `replay://${log(2)}?speed=0`, never: `file://${join(tempDir(), "never.log")}` });
    const written = () => snapshotsIn(join(run.out, "short")).map(({ totals }) => totals.netBytes);
    await until("its file", () => written().length === 1);
    await until("the other to wait", async () => (await targetsAt(run.url))["never"].link === "waiting");
    expect((await targetsAt(run.url))["never"].state).toBe("starting");
    run.child.kill("SIGUSR1");
    await until("another", () => written().length === 2);
    run.child.kill("SIGTERM");
    expect(await run.ended).toBe(0);
    expect(written()).toEqual([8192, 8192]);
    expect(readdirSync(join(run.out, "never"))).toEqual([]);
  });

  it("says once that its directory cannot be made, and ends all the same", async () => {
    // There mkdir says ENOENT of a directory whose parent is there.
    const run = await daemon({ a: `file://${log(1)}` }, {}, "/proc/nosuch");
    await until("the account", () => holds(run.url, "a", 4096));
    await until("the trouble", () => run.stderr.includes("cannot make the directory /proc/nosuch"));
    run.child.kill("SIGUSR1");
    run.child.kill("SIGTERM");
    expect(await run.ended).toBe(0);
    expect(run.stderr.match(/ERROR.*cannot make the directory/g)).toHaveLength(1);
  });

  it("logs one line for an attempt that failed, with what becomes of it", async () => {
    const run = await daemon({ away: "tcp://127.0.0.1:1" });
    const told = () => run.stderr.split("\n").filter((line) => line.includes("nobody listens there"));
    await until("the second attempt", () => told().length >= 2, 20_000);
    for (const line of told())
      expect(line).toMatch(/ERROR: tcp:\/\/127\.0\.0\.1:1: nobody listens there; tried again in \d s/);
    run.child.kill("SIGTERM");
    expect(await run.ended).toBe(0);
  });

  it.skipIf(symbolizer === undefined)(
    `looks callers up in the kernel that a target's block names${symbolizer === undefined ? " (missing: llvm-symbolizer)" : ""}`,
    async () => {
      const path = join(tempDir(), "serial.log");
      writeFileSync(
        path,
        `${head()}${alloc({ site: "setup+0xd/0x20", ptr: "0000000000000010", req: 100, alloc: 128 })}\n`,
      );
      const url = `file://${path}`;
      const run = await daemon({ with: { url, kernel: TREE }, without: url, gone: { url, kernel: "/nosuch/vmlinux" } });
      const sourceOf = async (id: string) => {
        const answer = await fetch(`${run.url}/api/targets/${id}/snapshot.json`);
        return answer.ok
          ? snapshotSchema
              .parse(await answer.json())
              .callers.at(0)
              ?.source?.chain.at(-1)
          : undefined;
      };
      await until("the source", async () => (await sourceOf("with")) !== undefined, 20_000);
      expect(await sourceOf("with")).toMatchObject({ function: "setup", file: "fs/one.c", line: 3 });
      await until("the other", () => holds(run.url, "without", 128));
      expect(await sourceOf("without")).toBeUndefined();
      expect(await (await fetch(`${run.url}/api/targets/with/footprint`)).json()).toMatchObject({
        schema: "kmemtap.size/1",
      });
      expect((await targetsAt(run.url))["gone"]).toMatchObject({
        state: "failed",
        detail: expect.stringMatching(/^\/nosuch\/vmlinux: no such file or directory; tried again in/) as string,
      });
      run.child.kill("SIGTERM");
      expect(await run.ended).toBe(0);
    },
  );

  it("tries a target that failed again, and goes on with another run", async () => {
    const later = join(tempDir(), "later.trace");
    const run = await daemon({ later: `replay://${later}?speed=0` });
    await until("the failure", async () => (await targetsAt(run.url))["later"].state === "failed");
    writeFileSync(later, `${ALLOC_LINE}\n`);
    await until("the account", () => holds(run.url, "later", 4096), 20_000);
    expect((await targetsAt(run.url))["later"].state).toBe("ended");
    run.child.kill("SIGTERM");
    expect(await run.ended).toBe(0);
  }, 120_000);

  it("reads its configuration again on SIGHUP: what is not changed goes on, what is mistyped changes nothing", async () => {
    const [a, b, c] = [log(1), log(2), log(3)];
    const run = await daemon({ a: `file://${a}`, b: `file://${b}` });
    await until("both accounts", async () => (await holds(run.url, "a", 4096)) && holds(run.url, "b", 8192));
    run.configure({ a: `file://${a}`, b: `file://${c}`, c: `file://${c}` });
    run.child.kill("SIGHUP");
    await until("the change", async () => (await holds(run.url, "c", 12_288)) && holds(run.url, "b", 12_288));
    expect(run.stderr.match(/INFO: watching it .*"target":"a"/g)?.length).toBe(1);
    // What left was written.
    expect(snapshotsIn(join(run.out, "b")).map(({ totals }) => totals.netBytes)).toEqual([8192]);
    // The ring buffers of targets that kmemtap arms are no business of a file's.
    const shared = {
      targets: { a: `file://${a}`, b: `file://${c}`, c: `file://${c}` },
      daemon: { directory: run.out },
    };
    const readings = () => run.stderr.split("the configuration was read again").length - 1;
    writeFileSync(run.config, JSON.stringify({ ...shared, overrun: { bufferKb: 64 }, bulk: true }));
    const before = readings();
    run.child.kill("SIGHUP");
    await until("the reading", () => readings() > before);
    expect(run.stderr.match(/INFO: watching it .*"target":"a"/g)?.length).toBe(1);
    // What is of all targets and read from the configuration begins them anew; what is of the daemon's start is said to be.
    writeFileSync(run.config, JSON.stringify({ ...shared, lifetimes: true, serve: "127.0.0.1:1", logFormat: "json" }));
    run.child.kill("SIGHUP");
    await until(
      "targets with lifetimes",
      () => (run.stderr.match(/INFO: watching it .*"target":"a"/g)?.length ?? 0) === 2,
    );
    for (const name of ["serve", "logFormat"])
      await until(name, () => run.stderr.includes(`${name} is as it was: restart kmemtap to change it`));
    await until("the account again", () => holds(run.url, "a", 4096));
    // Another account of the same name is another run.
    run.child.kill("SIGUSR1");
    const runs = () => snapshotsIn(join(run.out, "a")).map(({ source }) => source.run);
    await until("its second run", () => runs().includes(2));
    expect(runs()).toEqual([1, 2]);
    const refusals = () => run.stderr.split("the configuration stays as it was").length - 1;
    writeFileSync(run.config, "targets: 5\n");
    run.child.kill("SIGHUP");
    await until("the refusal", () => refusals() === 1);
    run.configure({ a: `fille://${a}`, b: `file://${c}`, c: `file://${c}` });
    run.child.kill("SIGHUP");
    await until("another refusal", () => refusals() === 2);
    expect((await targetsAt(run.url))["a"]).toMatchObject({ netBytes: 4096, state: "running" });
    expect(Object.keys(await targetsAt(run.url)).sort()).toEqual(["a", "b", "c"]);
    run.configure({ c: `file://${c}` });
    run.child.kill("SIGHUP");
    await until("the others to go", async () => Object.keys(await targetsAt(run.url)).length === 1);
    run.child.kill("SIGTERM");
    expect(await run.ended).toBe(0);
  }, 120_000);

  it("does not start without targets, or with one that there is not", async () => {
    const config = join(tempDir(), "kmemtap.yaml");
    writeFileSync(config, "targets: { a: 'file:///x' }\ndaemon: { targets: [a, b] }\n");
    const { status, stderr } = await kmemtap(["daemon", "--config", config, "--serve", "127.0.0.1:0"]);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^kmemtap: daemon\.targets: there is no target b\n {2}\S.*\n$/);
    expect((await kmemtap(["daemon", "--serve", "127.0.0.1:0"])).stderr).toContain("no targets to watch");
  });

  it.skipIf(notifyMissing)("tells the service manager that it is ready, alive, reloads and stops", async () => {
    const socket = join(tempDir(), "notify");
    // Not socat, which keeps the descriptor that systemd-notify waits for (sd_notify_barrier(3)).
    const receive =
      "import os,socket,sys\ns=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)\ns.bind(sys.argv[1])\n" +
      "while True: os.write(1,s.recv(4096)+b'\\n')";
    const listener = spawn("python3", ["-c", receive, socket], { stdio: ["ignore", "pipe", "ignore"] });
    onTestFinished(() => void listener.kill("SIGKILL"));
    let told = "";
    listener.stdout.setEncoding("utf8").on("data", (text: string) => (told += text));
    await until("the socket", () => !lacks("test", "-S", socket));
    const run = await daemon({ a: `file://${log(1)}` }, { NOTIFY_SOCKET: socket, WATCHDOG_USEC: "1500000" });
    await until("READY", () => told.includes("READY=1"));
    await until("two signs of life", () => (told.match(/WATCHDOG=1/g)?.length ?? 0) >= 2);
    run.child.kill("SIGHUP");
    await until("the reload", () => /RELOADING=1[^]*READY=1/.test(told));
    run.child.kill("SIGTERM");
    expect(await run.ended).toBe(0);
    expect(told).toContain("STOPPING=1");
  });

  it.skipIf(lacks("systemd-analyze", "--version"))("has a unit that systemd finds no fault with", () => {
    const unit = join(tempDir(), "kmemtap.service");
    const text = readFileSync(join(ROOT, "contrib/systemd/kmemtap.service"), "utf8");
    writeFileSync(unit, text.replace("/usr/bin/kmemtap", process.execPath));
    const verified = spawnSync("systemd-analyze", ["verify", unit], { encoding: "utf8" });
    expect({ status: verified.status, said: verified.stderr }).toEqual({ status: 0, said: "" });
    const rated = spawnSync("systemd-analyze", ["security", "--offline=yes", unit], { encoding: "utf8" });
    expect(Number(/Overall exposure level for \S+: ([\d.]+)/.exec(rated.stdout)?.[1])).toBeLessThan(2);
  });
});
