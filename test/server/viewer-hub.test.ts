import { describe, expect, it } from "vitest";
import type { CallerRow } from "../../src/model/snapshot.ts";
import { type ChangesMessage, type ServerMessage, serverMessageSchema } from "../../src/model/wire.ts";
import { ViewerHub } from "../../src/server/viewer-hub.ts";
import { allocation, lostAlert, TARGET, updateOf } from "../support/live-update.ts";

/** A connection whose network takes nothing while it is slow. */
class Viewer {
  bufferedAmount = 0;
  readonly texts: string[] = [];

  get messages(): ServerMessage[] {
    return this.texts.map((text) => serverMessageSchema.parse(JSON.parse(text)));
  }

  send(text: string): void {
    this.texts.push(text);
  }
}

const SLOW = 1 << 30;
const callersOf = (message: ServerMessage | undefined) =>
  (message as ChangesMessage).callers.map((row) => row.callSite);
const A = allocation("a", 1);
const B = allocation("b", 2);
const MORE_A = allocation("a", 3);

describe("a viewer", () => {
  it("gets hello, a whole snapshot, and then what changed since", () => {
    const hub = new ViewerHub();
    const viewer = new Viewer();
    hub.add(viewer);
    expect(viewer.messages.map(({ type }) => type)).toEqual(["hello"]);
    hub.publish(updateOf([A, B]));
    hub.publish(updateOf([A, B, MORE_A]));
    hub.publish(updateOf([A, B, MORE_A]));
    expect(viewer.messages.map(({ type }) => type)).toEqual(["hello", "snapshot", "changes", "changes"]);
    expect(callersOf(viewer.messages[2])).toEqual(["a"]);
    expect(callersOf(viewer.messages[3])).toEqual([]);
    expect(viewer.messages[2]).toMatchObject({ seq: 2, since: 1, totals: { allocs: 3 } });
  });

  it("that comes late gets the whole at once, history and alerts too", () => {
    const hub = new ViewerHub();
    const alert = lostAlert(3);
    hub.publish(updateOf([A], { history: [[1, 2, 3, 4]], alerts: [alert], newAlerts: [alert] }));
    const viewer = new Viewer();
    hub.add(viewer);
    expect(viewer.messages[1]).toMatchObject({ type: "snapshot", history: [[1, 2, 3, 4]], alerts: [alert] });
    hub.publish(updateOf([A, B], { history: [[1, 2, 3, 4]] }));
    expect(viewer.messages[2]).toMatchObject({ type: "changes", alerts: [] });
    expect(callersOf(viewer.messages[2])).toEqual(["b"]);
  });

  it("that is gone gets nothing more", () => {
    const hub = new ViewerHub();
    const viewer = new Viewer();
    hub.add(viewer);
    hub.remove(viewer);
    hub.publish(updateOf([A]));
    expect(viewer.texts.length).toBe(1);
    expect(hub.viewers).toBe(0);
  });

  it("that asks for it gets the whole again", () => {
    const hub = new ViewerHub();
    const viewer = new Viewer();
    hub.add(viewer);
    hub.publish(updateOf([A]));
    hub.resync(viewer);
    hub.resync(viewer);
    hub.sendToLate();
    expect(viewer.messages.map(({ type }) => type)).toEqual(["hello", "snapshot", "snapshot"]);
    hub.publish(updateOf([A, B]));
    expect(callersOf(viewer.messages[3])).toEqual(["b"]);
  });
});

describe("a slow viewer", () => {
  it("skips messages, and then gets all that changed since its last one", () => {
    const hub = new ViewerHub();
    const viewer = new Viewer();
    hub.add(viewer);
    hub.publish(updateOf([A], { history: [[1, 1, 1, 1]] }));
    viewer.bufferedAmount = SLOW;
    hub.publish(updateOf([A, B], { history: [[2, 2, 2, 2]] }));
    hub.publish(updateOf([A, B, allocation("c", 9)], { history: [[3, 3, 3, 3]] }));
    expect(viewer.texts.length).toBe(2);
    viewer.bufferedAmount = 0;
    hub.publish(updateOf([A, B, allocation("c", 9)]));
    expect(viewer.messages[2]).toMatchObject({
      type: "changes",
      since: 1,
      seq: 4,
      points: [
        [2, 2, 2, 2],
        [3, 3, 3, 3],
      ],
    });
    expect(callersOf(viewer.messages[2]).sort()).toEqual(["b", "c"]);
  });

  it("that fell too far behind gets the whole instead", () => {
    const hub = new ViewerHub();
    const viewer = new Viewer();
    hub.add(viewer);
    hub.publish(updateOf([A]));
    viewer.bufferedAmount = SLOW;
    for (let i = 0; i < 5000; i++) hub.publish(updateOf([A], { history: [[i, i, i, i]] }));
    viewer.bufferedAmount = 0;
    hub.publish(updateOf([A]));
    expect(viewer.messages[2].type).toBe("snapshot");
  });

  it("does not get more when it asks than when it does not: nothing is queued for it", () => {
    const hub = new ViewerHub();
    const viewer = new Viewer();
    hub.add(viewer);
    hub.publish(updateOf([A]));
    viewer.bufferedAmount = SLOW;
    for (let i = 0; i < 100; i++) hub.resync(viewer);
    expect(viewer.texts.length).toBe(2);
    viewer.bufferedAmount = 0;
    hub.publish(updateOf([A]));
    expect(viewer.messages[2].type).toBe("snapshot");
  });
});

describe("an armed target", () => {
  const targetOf = (message: ServerMessage) => (message as ChangesMessage).target;

  it("is in the snapshot, and of its facts only those that changed in what follows", () => {
    const hub = new ViewerHub();
    const viewer = new Viewer();
    hub.add(viewer);
    hub.publish(updateOf([A], { target: TARGET }));
    hub.publish(updateOf([A, B], { target: structuredClone(TARGET) }));
    const link = { ...TARGET.link, bytesReceived: 2000 };
    hub.publish(updateOf([A, B], { target: { ...TARGET, link } }));
    const cpus = TARGET.cpus.map((cpu) => ({ ...cpu, fill: 1, overrun: 5 }));
    const mode = { mode: "hist", modeReason: "the link falls behind" } as const;
    hub.publish(updateOf([A, B], { target: { ...TARGET, ...mode, link, cpus } }));
    const [, whole, same, more, other] = viewer.messages;
    expect(whole).toMatchObject({ type: "snapshot", snapshot: TARGET });
    expect(same).not.toHaveProperty("target");
    expect(targetOf(more)).toEqual({ link });
    expect(targetOf(other)).toEqual({ ...mode, cpus });
  });

  it("tells a viewer that was slow all the facts that changed meanwhile, at once", () => {
    const hub = new ViewerHub();
    const viewer = new Viewer();
    hub.add(viewer);
    hub.publish(updateOf([A], { target: TARGET }));
    viewer.bufferedAmount = SLOW;
    const findings = [...TARGET.findings, "the buffer was enlarged"];
    hub.publish(updateOf([A], { target: { ...TARGET, findings } }));
    const link = { ...TARGET.link, reconnects: 1 };
    hub.publish(updateOf([A], { target: { ...TARGET, findings, link } }));
    viewer.bufferedAmount = 0;
    hub.publish(updateOf([A], { target: { ...TARGET, findings, link } }));
    expect(targetOf(viewer.messages[2])).toEqual({ link, findings });
  });

  it("of which a fact is no longer known makes a whole snapshot, as changes cannot say so", () => {
    const hub = new ViewerHub();
    const viewer = new Viewer();
    hub.add(viewer);
    hub.publish(updateOf([A], { target: TARGET }));
    const { mode, release, link } = TARGET;
    hub.publish(updateOf([A], { target: { mode, release, link } }));
    hub.publish(updateOf([A], { target: { mode, release, link } }));
    expect(viewer.messages.map(({ type }) => type)).toEqual(["hello", "snapshot", "snapshot", "changes"]);
    expect(viewer.messages[2]).not.toHaveProperty("snapshot.cpus");
  });

  it("is not made up where there is none", () => {
    const hub = new ViewerHub();
    const viewer = new Viewer();
    hub.add(viewer);
    hub.publish(updateOf([A]));
    hub.publish(updateOf([A, B]));
    expect(viewer.messages[2]).not.toHaveProperty("target");
  });
});

describe("a new run", () => {
  it("is a whole snapshot for all, slow ones too, with nothing left of the old run", () => {
    const hub = new ViewerHub();
    const [prompt, slow] = [new Viewer(), new Viewer()];
    hub.add(prompt);
    hub.add(slow);
    hub.publish(updateOf([A], { history: [[1, 1, 1, 1]] }));
    slow.bufferedAmount = SLOW;
    const previous = updateOf([A]).snapshot;
    const previousRuns = [
      { summary: { run: 1, endedMs: 5, exact: true, totals: previous.totals }, snapshot: previous },
    ];
    hub.publish(updateOf([B], { run: 2, previousRuns }));
    slow.bufferedAmount = 0;
    hub.publish(updateOf([B, MORE_A], { run: 2, previousRuns }));
    expect(prompt.messages.map(({ type }) => type)).toEqual(["hello", "snapshot", "snapshot", "changes"]);
    expect(slow.messages.map(({ type }) => type)).toEqual(["hello", "snapshot", "snapshot"]);
    expect(prompt.messages[2]).toMatchObject({
      history: [],
      previousRuns: [{ run: 1 }],
      snapshot: { source: { run: 2 } },
    });
    expect(callersOf(prompt.messages[3])).toEqual(["a"]);
  });
});

describe("many viewers", () => {
  it("that are equally far share one text", () => {
    const hub = new ViewerHub();
    const viewers = Array.from({ length: 5 }, () => new Viewer());
    for (const viewer of viewers) hub.add(viewer);
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
    const hub = new ViewerHub();
    const viewers = Array.from({ length: 4 }, () => new Viewer());
    for (const viewer of viewers) hub.add(viewer);
    const events = Array.from({ length: 60 }, (_, i) => allocation(`site_${i % 7}`, i + 1));
    events.forEach((_, step) => {
      viewers.forEach((viewer, i) => (viewer.bufferedAmount = step % (i + 1) === 0 ? 0 : SLOW));
      hub.publish(updateOf(events.slice(0, step + 1)));
    });
    for (const viewer of viewers) viewer.bufferedAmount = 0;
    const last = updateOf(events);
    hub.publish(last);
    for (const viewer of viewers)
      expect(rowsOf(viewer)).toEqual(new Map(last.snapshot.callers.map((row) => [row.callSite, row])));
  });
});

/** What a page would show after all messages. */
function rowsOf(viewer: Viewer): Map<string, CallerRow> {
  const rows = new Map<string, CallerRow>();
  let seq = 0;
  for (const message of viewer.messages) {
    if (message.type === "hello") continue;
    if (message.type === "snapshot") rows.clear();
    else expect(message.since).toBe(seq);
    seq = message.seq;
    const callers = message.type === "snapshot" ? message.snapshot.callers : message.callers;
    for (const row of callers) rows.set(row.callSite, row);
  }
  return rows;
}
