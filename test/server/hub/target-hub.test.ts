import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { ChangesMessage, ServerMessage } from "../../../src/model/wire.ts";
import type { View } from "../../../src/model/wire-request.ts";
import { TargetHub } from "../../../src/server/hub/target-hub.ts";
import { allocation, lostAlert, TARGET, updateOf } from "../../support/live-update.ts";
import { SLOW, ViewerSocket } from "../../support/viewer-socket.ts";

const hubOf = () => new TargetHub("target", "test");
const WHOLE: View = { order: "netBytes" };
const watch = (hub: TargetHub, viewer: ViewerSocket, view: View = WHOLE, paceMs = 0) =>
  hub.subscribe(viewer, { view, paceMs });
const callersOf = (message: ServerMessage | undefined) =>
  (message as ChangesMessage).callers.map((row) => row.callSite);
const A = allocation("a", 1);
const B = allocation("b", 2);
const MORE_A = allocation("a", 3);

describe("a viewer", () => {
  it("gets a whole snapshot, and then what changed since", () => {
    const hub = hubOf();
    const viewer = new ViewerSocket();
    watch(hub, viewer);
    expect(viewer.messages).toEqual([]);
    hub.publish(updateOf([A, B]));
    hub.publish(updateOf([A, B, MORE_A]));
    hub.publish(updateOf([A, B, MORE_A]));
    expect(viewer.messages.map(({ type }) => type)).toEqual(["snapshot", "changes", "changes"]);
    expect(callersOf(viewer.messages[1])).toEqual(["a"]);
    expect(callersOf(viewer.messages[2])).toEqual([]);
    expect(viewer.messages[1]).toMatchObject({ seq: 2, since: 1, totals: { allocs: 3 } });
  });

  it("that comes late gets the whole at once, history and alerts too", () => {
    const hub = hubOf();
    const alert = lostAlert(3);
    hub.publish(updateOf([A], { history: [[1, 2, 3, 4]], alerts: [alert], newAlerts: [alert] }));
    const viewer = new ViewerSocket();
    watch(hub, viewer);
    expect(viewer.messages[0]).toMatchObject({ type: "snapshot", history: [[1, 2, 3, 4]], alerts: [alert] });
    hub.publish(updateOf([A, B], { history: [[1, 2, 3, 4]] }));
    expect(viewer.messages[1]).toMatchObject({ type: "changes", alerts: [] });
    expect(callersOf(viewer.messages[1])).toEqual(["b"]);
  });

  it("is told how far a workload is when that changes, and only then", () => {
    const hub = hubOf();
    const viewer = new ViewerSocket();
    watch(hub, viewer);
    const progress = { phases: 1, rounds: 1, running: { name: "load", round: 1 }, over: false };
    hub.publish(updateOf([A]));
    hub.publish({ ...updateOf([A]), progress });
    hub.publish({ ...updateOf([A, B]), progress: { ...progress } });
    hub.publish({ ...updateOf([A, B]), progress: { ...progress, running: null, over: true } });
    expect(viewer.messages.map((message) => (message as ChangesMessage).workload)).toEqual([
      undefined,
      progress,
      undefined,
      { ...progress, running: null, over: true },
    ]);
    const late = new ViewerSocket();
    watch(hub, late);
    expect(late.messages[0]).toMatchObject({ type: "snapshot", workload: { over: true } });
  });

  it("that is gone gets nothing more", () => {
    const hub = hubOf();
    const viewer = new ViewerSocket();
    watch(hub, viewer);
    hub.unsubscribe(viewer);
    hub.publish(updateOf([A]));
    expect(viewer.texts.length).toBe(0);
    expect(hub.viewers).toBe(0);
  });

  it("that asks for it gets the whole again", () => {
    const hub = hubOf();
    const viewer = new ViewerSocket();
    watch(hub, viewer);
    hub.publish(updateOf([A]));
    hub.resync(viewer);
    hub.resync(viewer);
    hub.sendToLate();
    expect(viewer.messages.map(({ type }) => type)).toEqual(["snapshot", "snapshot"]);
    hub.publish(updateOf([A, B]));
    expect(callersOf(viewer.messages[2])).toEqual(["b"]);
  });
});

describe("a slow viewer", () => {
  it("skips messages, and then gets all that changed since its last one", () => {
    const hub = hubOf();
    const viewer = new ViewerSocket();
    watch(hub, viewer);
    hub.publish(updateOf([A], { history: [[1, 1, 1, 1]] }));
    viewer.bufferedAmount = SLOW;
    hub.publish(updateOf([A, B], { history: [[2, 2, 2, 2]] }));
    hub.publish(updateOf([A, B, allocation("c", 9)], { history: [[3, 3, 3, 3]] }));
    expect(viewer.texts.length).toBe(1);
    viewer.bufferedAmount = 0;
    hub.publish(updateOf([A, B, allocation("c", 9)]));
    expect(viewer.messages[1]).toMatchObject({
      type: "changes",
      since: 1,
      seq: 4,
      points: [
        [2, 2, 2, 2],
        [3, 3, 3, 3],
      ],
    });
    expect(callersOf(viewer.messages[1]).sort()).toEqual(["b", "c"]);
  });

  it("that fell too far behind gets the whole instead", () => {
    const hub = hubOf();
    const viewer = new ViewerSocket();
    watch(hub, viewer);
    hub.publish(updateOf([A]));
    viewer.bufferedAmount = SLOW;
    for (let i = 0; i < 5000; i++) hub.publish(updateOf([A], { history: [[i, i, i, i]] }));
    viewer.bufferedAmount = 0;
    hub.publish(updateOf([A]));
    expect(viewer.messages[1].type).toBe("snapshot");
  });

  it("does not get more when it asks than when it does not: nothing is queued for it", () => {
    const hub = hubOf();
    const viewer = new ViewerSocket();
    watch(hub, viewer);
    hub.publish(updateOf([A]));
    viewer.bufferedAmount = SLOW;
    for (let i = 0; i < 100; i++) hub.resync(viewer);
    expect(viewer.texts.length).toBe(1);
    viewer.bufferedAmount = 0;
    hub.publish(updateOf([A]));
    expect(viewer.messages[1].type).toBe("snapshot");
  });
});

describe("an armed target", () => {
  const factsOf = (message: ServerMessage) => (message as ChangesMessage).facts;

  it("is in the snapshot, and of its facts only those that changed in what follows", () => {
    const hub = hubOf();
    const viewer = new ViewerSocket();
    watch(hub, viewer);
    hub.publish(updateOf([A], { target: TARGET }));
    hub.publish(updateOf([A, B], { target: structuredClone(TARGET) }));
    const link = { ...TARGET.link, bytesReceived: 2000 };
    hub.publish(updateOf([A, B], { target: { ...TARGET, link } }));
    const cpus = TARGET.cpus.map((cpu) => ({ ...cpu, fill: 1, overrun: 5 }));
    const mode = { mode: "hist", modeReason: "the link falls behind" } as const;
    hub.publish(updateOf([A, B], { target: { ...TARGET, ...mode, link, cpus } }));
    const [whole, same, more, other] = viewer.messages;
    expect(whole).toMatchObject({ type: "snapshot", snapshot: TARGET });
    expect(same).not.toHaveProperty("facts");
    expect(factsOf(more)).toEqual({ link });
    expect(factsOf(other)).toEqual({ ...mode, cpus });
  });

  it("tells a viewer that was slow all the facts that changed meanwhile, at once", () => {
    const hub = hubOf();
    const viewer = new ViewerSocket();
    watch(hub, viewer);
    hub.publish(updateOf([A], { target: TARGET }));
    viewer.bufferedAmount = SLOW;
    const findings = [...TARGET.findings, "the buffer was enlarged"];
    hub.publish(updateOf([A], { target: { ...TARGET, findings } }));
    const link = { ...TARGET.link, reconnects: 1 };
    hub.publish(updateOf([A], { target: { ...TARGET, findings, link } }));
    viewer.bufferedAmount = 0;
    hub.publish(updateOf([A], { target: { ...TARGET, findings, link } }));
    expect(factsOf(viewer.messages[1])).toEqual({ link, findings });
  });

  it("of which a fact is no longer known makes a whole snapshot, as changes cannot say so", () => {
    const hub = hubOf();
    const viewer = new ViewerSocket();
    watch(hub, viewer);
    hub.publish(updateOf([A], { target: TARGET }));
    const { mode, release, link } = TARGET;
    hub.publish(updateOf([A], { target: { mode, release, link } }));
    hub.publish(updateOf([A], { target: { mode, release, link } }));
    expect(viewer.messages.map(({ type }) => type)).toEqual(["snapshot", "snapshot", "changes"]);
    expect(viewer.messages[1]).not.toHaveProperty("snapshot.cpus");
  });

  it("is not made up where there is none", () => {
    const hub = hubOf();
    const viewer = new ViewerSocket();
    watch(hub, viewer);
    hub.publish(updateOf([A]));
    hub.publish(updateOf([A, B]));
    expect(viewer.messages[1]).not.toHaveProperty("facts");
  });
});

describe("a new run", () => {
  it("is a whole snapshot for all, slow ones too, with nothing left of the old run", () => {
    const hub = hubOf();
    const [prompt, slow] = [new ViewerSocket(), new ViewerSocket()];
    watch(hub, prompt);
    watch(hub, slow);
    hub.publish(updateOf([A], { history: [[1, 1, 1, 1]] }));
    slow.bufferedAmount = SLOW;
    const previous = updateOf([A]).snapshot;
    const previousRuns = [
      { summary: { run: 1, endedMs: 5, exact: true, totals: previous.totals }, snapshot: previous },
    ];
    hub.publish(updateOf([B], { run: 2, previousRuns }));
    slow.bufferedAmount = 0;
    hub.publish(updateOf([B, MORE_A], { run: 2, previousRuns }));
    expect(prompt.messages.map(({ type }) => type)).toEqual(["snapshot", "snapshot", "changes"]);
    expect(slow.messages.map(({ type }) => type)).toEqual(["snapshot", "snapshot"]);
    expect(prompt.messages[1]).toMatchObject({
      history: [],
      previousRuns: [{ run: 1 }],
      snapshot: { source: { run: 2 } },
    });
    expect(callersOf(prompt.messages[2])).toEqual(["a"]);
  });
});

describe("many viewers", () => {
  it("that are equally far share one text", () => {
    const hub = hubOf();
    const viewers = Array.from({ length: 5 }, () => new ViewerSocket());
    for (const viewer of viewers) watch(hub, viewer);
    let serialised = 0;
    const counting = (update: ReturnType<typeof updateOf>) => ({
      ...update,
      link: {
        ...update.link,
        toJSON() {
          serialised++;
          return update.link;
        },
      },
    });
    hub.publish(counting(updateOf([A])));
    hub.publish(counting(updateOf([A, B])));
    expect(serialised).toBe(2);
    for (const viewer of viewers) expect(viewer.texts).toEqual(viewers[0].texts);
  });

  it("each end with the same rows, however slow they were", () => {
    const hub = hubOf();
    const viewers = Array.from({ length: 4 }, () => new ViewerSocket());
    for (const viewer of viewers) watch(hub, viewer);
    const events = Array.from({ length: 60 }, (_, i) => allocation(`site_${i % 7}`, i + 1));
    events.forEach((_, step) => {
      viewers.forEach((viewer, i) => (viewer.bufferedAmount = step % (i + 1) === 0 ? 0 : SLOW));
      hub.publish(updateOf(events.slice(0, step + 1)));
    });
    for (const viewer of viewers) viewer.bufferedAmount = 0;
    const last = updateOf(events);
    hub.publish(last);
    for (const viewer of viewers)
      expect(viewer.rows).toEqual(new Map(last.snapshot.callers.map((row) => [row.callSite, row])));
  });
});

it("the rate at which net bytes grow falls to 0 while nothing comes", () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const hub = hubOf();
  const rate = () => hub.summary().bytesPerSecond;
  const history: [number, number, number, number][] = [
    [100, 0, 0, 0],
    [102, 60_000, 0, 0],
  ];
  hub.publish(updateOf([A], { history }));
  expect(rate()).toBe(30_000);
  // Of what is read in one go two points came at once; an update without one is no news.
  vi.advanceTimersByTime(8000);
  hub.publish({ ...updateOf([A], { history }), newPoints: [] });
  expect(rate()).toBe(6000);
  vi.advanceTimersByTime(52_000);
  expect(rate()).toBe(0);
  hub.publish(updateOf([A, B], { history: [...history, [162, 90_000, 0, 0]] }));
  expect(rate()).toBe(500);
});

it("that was never reached has no account, and says why, until something has come of it", () => {
  const hub = hubOf();
  const nothing = updateOf([]);
  const failed = {
    ...nothing,
    began: false,
    link: { ...nothing.link, status: "failed" as const, detail: "nobody listens there" },
    snapshot: { ...nothing.snapshot, exact: false },
  };
  expect(hub.summary()).not.toHaveProperty("neverReached");
  hub.publish(failed);
  expect(hub.summary()).toMatchObject({ state: "failed", neverReached: "nobody listens there", exact: true });
  hub.say({ state: "failed", detail: "nobody listens there; tried again in 1 s" });
  hub.say({ state: "starting", detail: "" });
  hub.publish({ ...nothing, began: false });
  expect(hub.summary()).toMatchObject({ neverReached: "nobody listens there; tried again in 1 s" });
  expect(hub.isReached).toBe(false);
  hub.publish(updateOf([A]));
  hub.publish(failed);
  expect(hub.summary()).toMatchObject({ state: "failed", exact: false });
  expect(hub.summary()).not.toHaveProperty("neverReached");
});

it("that waits for its first byte has not begun to run", () => {
  const hub = hubOf();
  const { link, ...nothing } = updateOf([]);
  hub.publish({ ...nothing, link: { ...link, status: "waiting", detail: "nothing has arrived yet" } });
  expect(hub.summary()).toMatchObject({ state: "starting", detail: "nothing has arrived yet", link: "waiting" });
  hub.publish(updateOf([A]));
  expect(hub.summary()).toMatchObject({ state: "running" });
});

it("that is armed is reached before its first event", () => {
  const hub = hubOf();
  hub.publish(updateOf([], { target: { mode: "raw" } }));
  expect(hub.isReached).toBe(true);
});
