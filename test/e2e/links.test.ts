/**
 * One workload through every kind of link: per call site the account that the guest's own full trace of the same window
 * gives. The guest's trace is taken by a second instance, and counted by code that shares nothing with the product's.
 */
import { readFile, stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { Snapshot } from "../../src/model/snapshot.ts";
import type { ShellTarget } from "../../src/model/target.ts";
import { ensureBuilt, startKmemtap } from "../support/kmemtap.ts";
import { until } from "../support/until.ts";
import { startCapture } from "./support/capture.ts";
import { bootLab, type Lab } from "./support/lab.ts";
import { needs } from "./support/needs.ts";
import { type Figure, countOf, figuresOf } from "./support/same-account.ts";
import { sameWindow } from "./support/same-window.ts";
import { throttle } from "./support/throttle.ts";
import { REMOVE_TRUTH, sharePids, startTruth } from "./support/truth.ts";
import { VFAT_PHASES, VFAT_PREPARE } from "./support/workloads.ts";

const { missing, note } = needs("qemu", "busybox", "kernel", "ssh", "dropbear");
const WORKLOAD = [VFAT_PHASES.load, VFAT_PHASES.mount, "echo 1 >/mnt/a", VFAT_PHASES.umount, VFAT_PHASES.unload];
/** Some 8000 events, which an emulated UART takes ten seconds for. */
const BUFFER_KB = 12288;
/** What two traces agree on whatever the order of two events that an interrupt put the other way round. */
const ORDERLESS: readonly Figure[] = ["allocs", "totalBytes", "requestedBytes"];
const LOGIN = { login: {} } as const;
const LINE = { parity: "none", dataBits: 8, stopBits: 1, flow: "none", ...LOGIN } as const;

describe.skipIf(missing)(`the same workload through every link${note}`, () => {
  let lab: Lab;
  let before: string;

  beforeAll(async () => {
    lab = await bootLab();
    await lab.run(VFAT_PREPARE);
  });
  afterAll(() => lab.close());
  beforeEach(async () => {
    before = await lab.state();
  });
  afterEach(async () => {
    expect(await lab.changesSince(before)).toEqual([]);
  });

  it("ssh", () => throughLink(lab.sshTarget()));
  it("a UART on a Unix socket", () => throughLink({ kind: "unix", path: lab.unix.path, ...LOGIN }));
  it("a UART on a pseudo-terminal", () => throughLink({ kind: "pty", path: lab.pty.path, ...LINE }));
  it("a UART as a serial device", () => throughLink({ kind: "serial", path: lab.pty.path, baud: 115_200, ...LINE }));
  it("a UART behind a terminal server", async () => {
    const server = await throttle({ port: 0 }, { path: lab.unix.path }, 10_000_000);
    try {
      await throughLink({ kind: "tcp", host: "127.0.0.1", port: server.port, ...LOGIN });
    } finally {
      await server.close();
    }
  });

  async function throughLink(target: ShellTarget): Promise<void> {
    const capture = startCapture(target, { wait: true });
    const { instance } = instanceOf(await capture.heard("armed"));
    await lab.quiet(`${startTruth(BUFFER_KB)} && ${sharePids(instance)}`);
    capture.agent.send("on");
    await capture.heard("begin");
    await lab.quiet(WORKLOAD.join(" && "));
    const { snapshot, link } = await capture.stop();
    const truth = await lab.truth();
    await lab.run(REMOVE_TRUTH);

    expect(link.status).toBe("ended");
    expect(snapshot.exact).toBe(true);
    expect(snapshot.totals.allocs).toBeGreaterThan(500);
    await expectTruth(snapshot, capture.received(), truth);
  }

  async function expectTruth(snapshot: Snapshot, received: string, truth: string): Promise<void> {
    const window = sameWindow(received, truth);
    expect(window.faults).toEqual([]);
    const account = figuresOf(snapshot.callers);
    // First that what arrived is counted right, then that all has arrived.
    expect(account).toEqual(await countOf(window.received));
    expect(figuresOf(snapshot.callers, ORDERLESS)).toEqual(await countOf(window.truth, ORDERLESS));
    const net = (figures: typeof account) =>
      Object.values(figures).reduce((sum, { liveObjects = 0 }) => sum + liveObjects, 0);
    expect(net(account)).toBe(net(await countOf(window.truth)));
  }

  it("a UART in a file, one way: what the guest forwards itself", async () => {
    const from = (await stat(lab.file.path)).size;
    expect(from).toBe(0);
    const mine = "/sys/kernel/tracing/instances/mine";
    // All events at one instant; a reader of trace_pipe waits for more only while tracing is on.
    const END_WINDOW = `echo 0 >${mine}/tracing_on; echo 0 >${mine}/events/enable; echo 1 >${mine}/tracing_on`;
    // By the guest's own means: kmemtap only reads the file.
    await lab.quiet(
      [
        startTruth(BUFFER_KB).replaceAll("instances/truth", "instances/mine"),
        `echo 0 >${mine}/tracing_on; echo >${mine}/trace; echo 0 >${mine}/buffer_percent; echo 1 >${mine}/options/event-fork`,
        `stty -F ${lab.file.guestDevice} raw -echo`,
        `(sh -c 'echo $$ >${mine}/set_event_notrace_pid; trap "kill \\$d; exit" TERM; while :; do dd if=${mine}/trace_pipe bs=4096 2>/dev/null & d=$!; wait $d; sleep 0.1; done' >${lab.file.guestDevice} & echo $! >/tmp/forwarder)`,
        `${startTruth(BUFFER_KB)} && ${sharePids("mine")}`,
      ].join("\n"),
    );
    ensureBuilt();
    const child = startKmemtap(["snapshot", lab.file.target, "--json", "-v"]);
    onTestFinished(() => void child.kill("SIGKILL"));
    const said = { out: "", log: "" };
    child.stdout.on("data", (data: Buffer) => (said.out += data.toString()));
    child.stderr.on("data", (data: Buffer) => (said.log += data.toString()));
    await until("kmemtap to watch", () => said.log.includes("watching"));
    await lab.quiet(`echo 1 >${mine}/tracing_on; ${WORKLOAD.join(" && ")}; ${END_WINDOW}`);
    const waiting = `grep -h ^entries ${mine}/per_cpu/cpu*/stats`;
    while (/[1-9]/.test(await lab.quiet(waiting))) await sleep(200);
    let size = -1;
    for (let now = await sizeOf(); now !== size; now = await sizeOf()) {
      size = now;
      await sleep(1000);
    }
    await lab.quiet(
      `kill $(cat /tmp/forwarder); echo 0 >${mine}/tracing_on; until rmdir ${mine} 2>/dev/null; do sleep 0.1; done; rm /tmp/forwarder`,
    );
    const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
    child.kill("SIGINT");
    expect(await closed).toBe(0);
    const truth = await lab.truth();
    await lab.run(REMOVE_TRUTH);

    const snapshot = JSON.parse(said.out) as Snapshot;
    expect(snapshot.exact).toBe(true);
    await expectTruth(snapshot, await readFile(lab.file.path, "latin1"), truth);

    async function sizeOf(): Promise<number> {
      return (await stat(lab.file.path)).size;
    }
  });
});

function instanceOf(armed: string): { instance: string } {
  return { instance: /instance=(\S+)/.exec(armed)?.[1] ?? "" };
}
