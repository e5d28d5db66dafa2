/** Ring buffers of 64 KB, a UART that carries 500 events a second, and a workload that makes ten times as many. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { Snapshot } from "../../src/model/snapshot.ts";
import type { Alert, ServerMessage } from "../../src/model/wire.ts";
import { ensureBuilt, startKmemtap } from "../support/kmemtap.ts";
import { until } from "../support/until.ts";
import { bootLab, type Lab } from "./support/lab.ts";
import { needs } from "./support/needs.ts";
import { isOfTarget, watchSocket } from "./support/viewer.ts";

const { missing, note } = needs("qemu", "busybox", "kernel", "ssh", "dropbear");
/** Some 12,000 events in ten seconds, a fork at a time: a pace that leaves time to grow. */
const WORKLOAD = "i=0; while [ $i -lt 40 ]; do (:); sleep 0.2; i=$((i + 1)); done";
/** As many at once: no line of this kind keeps up with it. */
const BURST = "i=0; while [ $i -lt 200 ]; do (:); i=$((i + 1)); done";
const SMALL = ["--mode", "text", "--buffer-kb", "64"];

describe.skipIf(missing)(`a ring buffer of 64 KB${note}`, () => {
  let lab: Lab;
  let dir: string;
  let before: string;

  beforeAll(async () => {
    ensureBuilt();
    dir = mkdtempSync(join(tmpdir(), "kmemtap-overrun-"));
    lab = await bootLab();
  });
  afterAll(async () => {
    await lab.close();
    rmSync(dir, { recursive: true, force: true });
  });
  beforeEach(async () => {
    before = await lab.state();
  });
  afterEach(async () => {
    expect(await lab.changesSince(before)).toEqual([]);
  });

  it("that overruns alerts everybody, with the kernel's own counts", async () => {
    const posted: Alert[] = [];
    const hook = createServer((request, response) => {
      let body = "";
      request.on("data", (data: Buffer) => (body += data.toString()));
      request.on("end", () => {
        posted.push(JSON.parse(body) as Alert);
        response.end();
      });
    });
    await new Promise<void>((resolve) => hook.listen(0, "127.0.0.1", resolve));
    const [config, piped] = [join(dir, "kmemtap.yaml"), join(dir, "alerts.jsonl")];
    const { port } = hook.address() as AddressInfo;
    const alerts = { command: `cat >>${piped}; echo >>${piped}`, webhook: `http://127.0.0.1:${port}/alert` };
    writeFileSync(config, JSON.stringify({ alerts, logFormat: "json" }));
    const live = started(["live", lab.unix.target, ...SMALL, "--strict", "--serve", "127.0.0.1:0", "--config", config]);
    const address = / at (http:[^\s"]+)/;
    await until("the page", () => address.test(live.said.log), 30_000);
    const url = address.exec(live.said.log)?.[1] ?? "";
    const viewer = watchSocket(url);
    await until("the window", () => live.said.log.includes("armed: recording"), 120_000);
    const instance = (await lab.quiet("echo /sys/kernel/tracing/instances/kmemtap-*")).trim();

    await lab.quiet(BURST);
    const kernel = await settledLosses(instance);
    const all = sum(kernel);
    expect(all).toBeGreaterThan(0);
    // The last stats are a second old at most, and behind what the line still carries.
    await until("the whole count", () => lostOn(viewer.messages) >= all, 60_000);
    const last = (await (await fetch(new URL("api/targets/target/snapshot.json", url))).json()) as Snapshot;
    expect(await live.interrupted(), live.said.log).toBe(4);
    viewer.close();
    hook.close();

    const shown = alertsOf(viewer.messages);
    expect(lossesOf(shown)).toEqual(kernel);
    expect(lossesOf(posted)).toEqual(kernel);
    const handed = readFileSync(piped, "utf8").trim().split("\n");
    expect(lossesOf(handed.map((line) => JSON.parse(line) as Alert))).toEqual(kernel);
    const logged = live.said.log.split("\n").filter((line) => line.includes('"alert":"lost"'));
    expect(lossesOf(logged.map((line) => JSON.parse(line) as Alert))).toEqual(kernel);
    expect(last.exact).toBe(false);
    expect(last.loss.lostEvents).toBe(all);
    expect(Object.fromEntries(last.loss.perCpu.map(({ cpu, lostEvents }) => [cpu, lostEvents]))).toEqual(kernel);
    const states = exactness(viewer.messages);
    expect(states.exact[0]).toBe(true);
    // A marker in the stream may say it a moment before the kernel's own count does.
    expect(states.exact.lastIndexOf(true)).toBeLessThan(states.firstAlert);
    expect(states.exact.indexOf(false)).toBe(states.exact.lastIndexOf(true) + 1);
  });

  it("that grows loses nothing", async () => {
    const capture = started([
      "snapshot",
      lab.unix.target,
      ...SMALL,
      "--on-overrun",
      "grow",
      "--strict",
      "--json",
      "-v",
    ]);
    await until("the window", () => capture.said.log.includes("armed: recording"), 120_000);
    await lab.quiet(WORKLOAD);
    expect(await capture.interrupted(), capture.said.log).toBe(0);
    const snapshot = JSON.parse(capture.said.out) as Snapshot;
    expect(snapshot.exact).toBe(true);
    expect(snapshot.totals.allocs).toBeGreaterThan(1000);
    expect(capture.said.log).toContain("ring buffers enlarged to 256 KB a CPU");
  });

  it("that overruns stops the capture where that is asked for", async () => {
    const args = ["snapshot", lab.unix.target, ...SMALL, "--on-overrun", "stop", "--strict", "--json"];
    const capture = started(args);
    await until("the window", () => capture.said.log.includes("armed: recording"), 120_000);
    await lab.quiet(BURST);
    expect(await capture.closed, capture.said.log).toBe(4);
    const snapshot = JSON.parse(capture.said.out) as Snapshot;
    expect(snapshot.exact).toBe(false);
    expect(snapshot.loss.lostEvents).toBeGreaterThan(0);
    expect(capture.said.log).toContain("--on-overrun stop");
  });

  /** By CPU: what the kernel has lost, once the ring buffers have been read to their end and reading this loses nothing. */
  async function settledLosses(instance: string): Promise<Record<string, number>> {
    let known = "";
    for (;;) {
      const text = await lab.quiet(`for f in ${instance}/per_cpu/cpu*/stats; do dd if=$f bs=4096 2>/dev/null; done`);
      const cpus = text.split("entries: ").slice(1);
      const losses = Object.fromEntries(cpus.map((stats, cpu) => [String(cpu), lostIn(stats)]));
      const now = JSON.stringify(losses);
      if (now === known && cpus.every((stats) => Number.parseInt(stats) < 1000)) return losses;
      known = now;
      await sleep(2000);
    }
  }
});

function lostIn(stats: string): number {
  return ["overrun", "commit overrun", "dropped events"].reduce(
    (total, key) => total + Number(new RegExp(`^${key}: (\\d+)`, "m").exec(stats)?.[1] ?? NaN),
    0,
  );
}

function sum(losses: Record<string, number>): number {
  return Object.values(losses).reduce((total, lost) => total + lost, 0);
}

function lossesOf(alerts: readonly Alert[]): Record<string, number> {
  const losses: Record<string, number> = { 0: 0, 1: 0 };
  for (const { cpu, events } of alerts) {
    if (events !== null) losses[String(cpu)] = (losses[String(cpu)] ?? 0) + events;
  }
  return losses;
}

function alertsOf(messages: readonly ServerMessage[]): Alert[] {
  const alerts: Alert[] = [];
  for (const message of messages) {
    // A whole snapshot has them all from the beginning.
    if (message.type === "snapshot") alerts.splice(0, Infinity, ...message.alerts);
    if (message.type === "changes") alerts.push(...message.alerts);
  }
  return alerts.filter(({ level }) => level === "lost");
}

function lostOn(messages: readonly ServerMessage[]): number {
  return sum(lossesOf(alertsOf(messages)));
}

/** Whether the account was exact, message by message, and the first one with a loss. */
function exactness(messages: readonly ServerMessage[]): { exact: boolean[]; firstAlert: number } {
  const states = messages.filter(isOfTarget);
  return {
    exact: states.map((state) => (state.type === "snapshot" ? state.snapshot.exact : state.exact)),
    firstAlert: states.findIndex(({ alerts }) => alerts.some(({ level }) => level === "lost")),
  };
}

function started(args: readonly string[]) {
  const child = startKmemtap(args);
  const said = { out: "", log: "" };
  child.stdout.on("data", (data: Buffer) => (said.out += data.toString()));
  child.stderr.on("data", (data: Buffer) => (said.log += data.toString()));
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  // A test that fails must not leave the line to nobody.
  onTestFinished(() => void child.kill("SIGKILL"));
  return {
    said,
    closed,
    interrupted: () => {
      child.kill("SIGINT");
      return closed;
    },
  };
}
