/** kmemtap killed, the link cut, the guest rebooted, each in the middle of a capture: what becomes of the target and the account. */
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { Snapshot } from "../../src/model/snapshot.ts";
import type { ShellTarget } from "../../src/model/target.ts";
import { ensureBuilt, kmemtap, startKmemtap } from "../support/kmemtap.ts";
import { until } from "../support/until.ts";
import { type Capture, startCapture } from "./support/capture.ts";
import { bootLab, type Lab } from "./support/lab.ts";
import { needs } from "./support/needs.ts";
import { countOf, figuresOf } from "./support/same-account.ts";
import { throttle } from "./support/throttle.ts";

const { missing, note } = needs("qemu", "busybox", "kernel", "ssh", "dropbear");
const FAST = 50_000_000;
/** Something to account, some hundred events. */
const WORK = "for i in 1 2 3; do /bin/true; ls / >/dev/null; done";

describe.skipIf(missing)(`a capture that breaks${note}`, () => {
  let lab: Lab;
  let before: string;

  beforeAll(async () => {
    ensureBuilt();
    lab = await bootLab();
  });
  afterAll(() => lab.close());
  beforeEach(async () => {
    before = await lab.state();
  });

  describe("kmemtap killed with SIGKILL", () => {
    it("over ssh: the agent notices, and puts everything back", async () => {
      await killed(lab.sshUrl());
      await untilRestored();
    });

    it("over a UART: the next connect finds the old agent, removes what it left, and captures", async () => {
      await killed(lab.unix.target);
      const { status, stdout, stderr } = await kmemtap(["snapshot", lab.unix.target, "--for", "2s", "--json"]);
      expect(status, stderr).toBe(0);
      const snapshot = JSON.parse(stdout) as Snapshot;
      expect(snapshot.exact).toBe(true);
      expect(snapshot.totals.allocs).toBeGreaterThan(0);
      expect(await lab.changesSince(before)).toEqual([]);
    });

    it("over a UART, and nobody comes: the agent hears nothing, and puts everything back", async () => {
      await killed(lab.unix.target);
      await untilRestored();
    });

    it("in mode hist", async () => {
      await killed(lab.sshUrl(), "--mode", "hist");
      await untilRestored();
    });

    async function killed(target: string, ...more: string[]): Promise<void> {
      const child = startKmemtap(["snapshot", target, "--mode", "text", ...more, "--json"]);
      onTestFinished(() => void child.kill("SIGKILL"));
      let log = "";
      child.stderr.on("data", (data: Buffer) => (log += data.toString()));
      await until("the window", () => log.includes("armed: recording"), 120_000);
      await lab.quiet(WORK);
      expect(await lab.changesSince(before)).not.toEqual([]);
      const closed = new Promise((resolve) => child.once("close", resolve));
      child.kill("SIGKILL");
      await closed;
    }
  });

  async function untilRestored(): Promise<void> {
    const end = Date.now() + 90_000;
    let changes = await lab.changesSince(before);
    while (changes.length > 0 && Date.now() < end) {
      await sleep(1000);
      changes = await lab.changesSince(before);
    }
    expect(changes).toEqual([]);
  }

  describe("the link cut", () => {
    it("of ssh: the account goes on, with a gap", () => cut({ port: lab.ssh.port }, (port) => lab.sshTarget(port)));

    it("of a UART behind a terminal server: the account goes on, with a gap", () =>
      cut({ path: lab.unix.path }, (port) => ({ kind: "tcp", host: "127.0.0.1", port, login: {} })));

    it("of a UART in mode hist: what the sums were is kept", () =>
      cut({ path: lab.unix.path }, (port) => ({ kind: "tcp", host: "127.0.0.1", port, login: {} }), "hist"));

    async function cut(
      behind: { path: string } | { port: number },
      target: (port: number) => ShellTarget,
      mode: "text" | "hist" = "text",
    ): Promise<void> {
      const cable = await throttle({ port: 0 }, behind, FAST);
      const capture = startCapture(target(cable.port), { mode, pollMs: 500 });
      await capture.heard("begin");
      await lab.quiet(WORK);
      await grown(capture, 100);
      await cable.cut();
      const was = capture.last().snapshot;
      expect(was.exact).toBe(true);
      await until("kmemtap to notice", () => capture.said.some((text) => text.includes("reconnecting")), 60_000);
      await sleep(1500);
      await cable.resume();
      await until("the gap", () => (capture.last().snapshot.gaps ?? []).length > 0, 120_000);
      await until("the second beginning", () => capture.received().split(" begin ~").length > 2, 120_000);
      await lab.quiet(WORK);
      await grown(capture, was.totals.allocs + 100);
      const { snapshot, link, previousRuns } = await capture.stop();
      await cable.close();

      expect(link.status).toBe("ended");
      expect(snapshot.source.run).toBe(1);
      expect(previousRuns).toEqual([]);
      expect(snapshot.exact).toBe(false);
      expect(snapshot.gaps).toHaveLength(1);
      expect(snapshot.link?.reconnects).toBe(1);
      // All that had arrived is in the account, from before the gap and from after it.
      if (mode === "text") expect(figuresOf(snapshot.callers)).toEqual(await countOf(capture.received()));
      for (const row of was.callers) {
        const now = snapshot.callers.find(({ callSite }) => callSite === row.callSite);
        expect(now?.allocs, row.callSite).toBeGreaterThanOrEqual(row.allocs);
      }
      expect(capture.alerts.some(({ level, text }) => level === "lost" && text.includes("link was down"))).toBe(true);
      await untilRestored();
      await nextWorks();
    }
  });

  it("the guest rebooted: a new account, and the old one is kept", async () => {
    const capture = startCapture(lab.sshTarget(), { pollMs: 500 });
    await capture.heard("begin");
    await lab.quiet(WORK);
    await grown(capture, 100);
    const was = capture.last().snapshot;
    const ups = async () => (await readFile(lab.guest.consoleFile, "utf8")).split("@kmemtap milestone=up").length;
    const count = await ups();
    await lab.guest.monitor.reset();
    while ((await ups()) <= count) await sleep(200);
    await until("the second run", () => capture.last().snapshot.source.run === 2, 120_000);
    await grown(capture, 100);
    const { snapshot, link, previousRuns } = await capture.stop();

    expect(link.status).toBe("ended");
    expect(snapshot.source.run).toBe(2);
    expect(snapshot.exact).toBe(true);
    expect(snapshot.bootId).not.toBe(was.bootId);
    expect(previousRuns).toHaveLength(1);
    const old = previousRuns[0].snapshot;
    expect(old.bootId).toBe(was.bootId);
    expect(old.totals.allocs).toBeGreaterThanOrEqual(was.totals.allocs);
    // Its end was not recorded.
    expect(old.exact).toBe(false);
    expect(old.gaps).toHaveLength(1);
    expect(await lab.changesSince(before)).toEqual([]);
    await nextWorks();
  });

  async function nextWorks(): Promise<void> {
    const { status, stdout, stderr } = await kmemtap(["snapshot", lab.sshUrl(), "--for", "1s", "--json"]);
    expect(status, stderr).toBe(0);
    expect((JSON.parse(stdout) as Snapshot).exact).toBe(true);
    expect(await lab.changesSince(before)).toEqual([]);
  }

  async function grown(capture: Capture, allocs: number): Promise<void> {
    await until(`${allocs} allocations`, () => capture.last().snapshot.totals.allocs >= allocs, 60_000);
  }
});
