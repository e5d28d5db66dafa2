/**
 * A UART at 115200 baud, each way, under a workload of tens of thousands of events a second: the account that the guest's
 * kernel keeps, against the guest's own full trace of the very same window; and of a board on which nothing happens.
 */
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCapture } from "./support/capture.ts";
import { countHist, edgesOf, type HistSites, histTrace } from "./support/hist-count.ts";
import { bootLab, type Lab } from "./support/lab.ts";
import { needs } from "./support/needs.ts";
import { throttle } from "./support/throttle.ts";
import { END_TRUTH_WITH, REMOVE_TRUTH, startTruthWith } from "./support/truth.ts";
import { looksFor } from "./support/workloads.ts";

const { missing, note } = needs("qemu", "busybox", "kernel", "ssh", "dropbear");
const BAUD = 115_200;
const BYTES_PER_SECOND = BAUD / 10;
const BUSY_S = 8;
/** Of more than 100,000. */
const EDGE_EVENTS = 100;
const LEAST_EVENTS_PER_SECOND = 20_000;
/** More than two looks of the agent's. */
const IDLE_S = 12;
/** One sleep that is started makes more. */
const MEASURED_EVENTS_PER_SECOND = 150;

describe.skipIf(missing)(`sums made in the kernel, at ${BAUD} baud${note}`, () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await bootLab();
  });
  afterAll(() => lab.close());

  it("are those of the guest's own trace of the same window, call site by call site", async () => {
    const before = await lab.state();
    const path = `${lab.unix.path}.slow`;
    const cable = await throttle({ path }, { path: lab.unix.path }, BYTES_PER_SECOND);
    const started = performance.now();
    const capture = startCapture({ kind: "unix", path, baud: BAUD, login: {} }, { mode: "auto", wait: true });
    const armed = await capture.heard("armed");
    const pids = ["main", "pump", "poller"].map((key) => Number(new RegExp(`\\b${key}=(\\d+)`).exec(armed)?.[1]));
    const instance = /instance=(\S+)/.exec(armed)?.[1] ?? "";
    const armedS = (performance.now() - started) / 1000;
    // The second trace begins and ends with the sums: at the same program's start, at the same process's end.
    await lab.run(await startTruthWith(lab.run, instance));
    const bytesArmed = cable.counts.received + cable.counts.sent;
    capture.agent.send("on");
    await capture.heard("begin");
    await lab.quiet(looksFor(BUSY_S));
    const bytesBusy = cable.counts.received + cable.counts.sent - bytesArmed;
    const stopped = performance.now();
    const { snapshot, link } = await capture.stop();
    const restS = (performance.now() - stopped) / 1000;
    const truth = await lab.truth();
    await lab.run(`${END_TRUTH_WITH}; ${REMOVE_TRUTH}`);
    await cable.close();

    expect(link.status).toBe("ended");
    expect(snapshot).toMatchObject({ mode: "hist", exact: true });
    const counted = histTrace(truth, new Set(pids));
    const rate = Math.max(...counted.perSecond);
    process.stderr.write(
      `at ${BAUD} baud: armed in ${armedS.toFixed(1)} s (${bytesArmed} bytes); ${counted.perSecond.join(" ")} events in each second, ` +
        `${counted.events.length} in all; ${bytesBusy} bytes sent meanwhile; ` +
        `the whole account ${restS.toFixed(1)} s after the end; readings: ${readings(capture.received())}\n`,
    );
    // A tenth of a percent of what the events as text would have taken.
    expect(bytesBusy).toBeLessThan(BYTES_PER_SECOND * (BUSY_S + 2) * 2);

    const account: HistSites = Object.fromEntries(
      snapshot.callers.map(({ callSite, allocs, frees, totalBytes, requestedBytes, netBytes, netRequestedBytes }) => [
        callSite,
        { allocs, frees, totalBytes, requestedBytes, netBytes, netRequestedBytes },
      ]),
    );
    const edges = edgesOf(counted, account, EDGE_EVENTS);
    process.stderr.write(`events at the window's edges that one of the two has not: ${edges?.join(" and ") ?? "?"}\n`);
    const [first, last] = edges ?? [0, 0];
    expect(account).toEqual(countHist(counted, first, counted.events.length - last));
    expect(rate).toBeGreaterThan(LEAST_EVENTS_PER_SECOND);
    expect(await lab.changesSince(before)).toEqual([]);
  });

  it("have nothing of kmemtap's own on an idle board, whose rate is not that of who measures it", async () => {
    const path = `${lab.unix.path}.idle`;
    const cable = await throttle({ path }, { path: lab.unix.path }, BYTES_PER_SECOND);
    const capture = startCapture({ kind: "unix", path, baud: BAUD, login: {} }, { mode: "auto" });
    await capture.heard("begin");
    await sleep(IDLE_S * 1000);
    const rate = capture.agent.plan?.facts.eventsPerSecond;
    const { snapshot } = await capture.stop();
    await cable.close();
    const forks = snapshot.callers.filter(({ callSite }) => callSite.startsWith("alloc_pid+"));
    process.stderr.write(`idle: ${String(rate)} events/s; ${snapshot.totals.allocs} allocations in ${IDLE_S} s\n`);
    expect(snapshot.mode).toBe("hist");
    expect(forks).toEqual([]);
    expect(rate).toBeLessThan(MEASURED_EVENTS_PER_SECOND);
  });
});

function readings(received: string): number {
  return received.split(" tick-done").length - 1;
}
