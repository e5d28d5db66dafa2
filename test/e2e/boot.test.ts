/**
 * A real kernel boots; its events come through an emulated UART and QEMU's backing file, are accounted live and shown to a
 * WebSocket client. The guest keeps a copy of all that it traced and sends it by another port in the end.
 */
import { readFile } from "node:fs/promises";
import { firstValueFrom, filter } from "rxjs";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { liveSession } from "../../src/capture/live-session.ts";
import type { LiveUpdate } from "../../src/capture/live-update.ts";
import { accountRecording } from "../../src/capture/account-recording.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { TargetRegistry } from "../../src/server/registry.ts";
import { type RunningServer, serve } from "../../src/server/serve.ts";
import { bootGuest, consoleTail, type Guest } from "../../src/target/qemu/boot-guest.ts";
import { readFileChunks } from "../../src/transport/read-file.ts";
import { naiveAccount } from "../../bench/peers/naive.mjs";
import { needs } from "./support/needs.ts";
import { OPEN_ACCESS } from "../support/serving.ts";
import { isOfTarget, milestoneOf, rowsOf, type Viewer, watchSocket } from "./support/viewer.ts";

const { missing, note } = needs("qemu", "busybox", "kernel");

describe.skipIf(missing)(`a boot of Linux in QEMU${note}`, () => {
  let guest: Guest;
  let server: RunningServer;
  let viewer: Viewer;
  let last: LiveUpdate;

  beforeAll(async () => {
    guest = await bootGuest({ copy: true });
    const updates = liveSession(guest.source, { snapshotMs: 100, silentAfterMs: 5000, reports: guest.reports });
    const registry = new TargetRegistry();
    registry.add({ id: "guest", label: "the guest", updates });
    server = await serve(registry, {
      host: "127.0.0.1",
      port: 0,
      anyPort: false,
      access: OPEN_ACCESS,
      logger: pino({ level: "silent" }),
    });
    viewer = watchSocket(server.url);
    const ended = firstValueFrom(
      updates.pipe(filter(({ link }) => link.status === "ended" || link.status === "failed")),
    );
    await guest.exited;
    last = await ended;
    if (last.link.status === "failed") throw new Error(`${last.link.detail}\n${await consoleTail(guest, 30)}`);
  });

  afterAll(async () => {
    viewer.close();
    await server.close();
    await guest.close();
  });

  it("ends with the account of everything that the guest traced", async () => {
    expect(last.snapshot.totals.allocs).toBeGreaterThan(20_000);
    expect(last.snapshot.exact).toBe(true);

    const copied = await accountRecording([{ label: "copy", chunks: readFileChunks(guest.files.copy) }], "all");
    expect(withoutSource(last.snapshot)).toEqual(withoutSource(copied.snapshot));
  });

  it("has a clock that another one was held against, however busy the machine is", async () => {
    expect(await readFile(guest.files.console, "latin1")).toContain("Refined TSC clocksource calibration");
  });

  it("agrees with an independent count of the guest's copy, call site by call site", async () => {
    const lines = (await readFile(guest.files.copy, "utf8")).split("\n");
    const { totals, sites } = await naiveAccount(lines);
    expect(last.snapshot.totals).toMatchObject(
      pick(totals, ["allocs", "frees", "impliedFrees", "totalBytes", "netBytes"]),
    );
    expect(last.snapshot.callers).toHaveLength(sites.size);
    for (const row of last.snapshot.callers) {
      expect(row, row.callSite).toMatchObject({ ...sites.get(row.callSite) });
    }
  });

  it("received the bytes that the guest sent, all of them and no others", async () => {
    const [sent, received] = await Promise.all([readFile(guest.files.copy), readFile(guest.files.trace)]);
    expect(received.equals(sent)).toBe(true);
  });

  it("showed rows to a viewer before the guest had finished booting", () => {
    const finishedAt = viewer.messages.findIndex((message) => milestoneOf(message) === "boot finished");
    expect(finishedAt).toBeGreaterThan(0);
    const before = viewer.messages.slice(0, finishedAt);
    expect(before.reduce((sum, message) => sum + rowsOf(message), 0)).toBeGreaterThan(0);
  });

  it("grew while the boot went on, and said how far behind the link was", () => {
    const netBytes = viewer.messages.flatMap((message) =>
      message.type === "changes"
        ? [message.totals.netBytes]
        : message.type === "snapshot"
          ? [message.snapshot.totals.netBytes]
          : [],
    );
    expect(new Set(netBytes).size).toBeGreaterThan(10);
    const lags = viewer.messages.flatMap((message) =>
      !isOfTarget(message) || message.link.lag === null ? [] : [message.link.lag],
    );
    expect(lags.some(({ waitingEvents, behindSeconds }) => waitingEvents > 1000 && behindSeconds > 0)).toBe(true);
    expect(lags.every(({ overrun }) => overrun === 0)).toBe(true);
  });
});

/** The account alone: a live run and a recording differ in what they are called. */
function withoutSource(account: Snapshot): Partial<Snapshot> {
  const { source, ...rest } = account;
  expect(source.label).not.toBe("");
  return rest;
}

function pick<T extends object, K extends keyof T>(from: T, keys: readonly K[]): Pick<T, K> {
  return Object.fromEntries(keys.map((key) => [key, from[key]])) as Pick<T, K>;
}
