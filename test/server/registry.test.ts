/** Targets that come, go and fail while the server runs. */
import { Subject } from "rxjs";
import { describe, expect, it } from "vitest";
import type { LiveUpdate } from "../../src/capture/live-update.ts";
import { targetsAnswerSchema } from "../../src/model/api.ts";
import { KmemtapError } from "../../src/model/errors.ts";
import { allocation, updateOf } from "../support/live-update.ts";
import { connect, serving } from "../support/serving.ts";
import { until } from "../support/until.ts";

const A = allocation("a", 1);

describe("targets", () => {
  it("come and go while viewers look; each is followed by itself", async () => {
    const { url, registry, updates } = await serving();
    const viewer = connect(url);
    await until("hello", () => viewer.messages.length === 1);
    const other = new Subject<LiveUpdate>();
    registry.add({ id: "other", label: "another", updates: other });
    await until("the list", () => viewer.lists.at(-1)?.length === 2);
    viewer.say({ type: "subscribe", target: "other" });
    await fetch(`${url}/healthz`);
    other.next(updateOf([A, allocation("b", 2)]));
    updates.next(updateOf([A]));
    await until("both", () => viewer.messages.length === 3);
    const allocs = viewer.messages.map((message) => message.type === "snapshot" && [message.target, message.seq]);
    expect(allocs.slice(1).sort()).toEqual([
      ["other", 1],
      ["target", 1],
    ]);
    viewer.say({ type: "unsubscribe", target: "target" });
    registry.remove("other");
    await until("the list", () => viewer.lists.at(-1)?.length === 1);
    expect(other.observed).toBe(false);
    other.next(updateOf([A]));
    updates.next(updateOf([A, allocation("b", 2)]));
    viewer.say({ type: "resync", target: "other" });
    await until("the reply", () => viewer.messages.length === 4);
    expect(viewer.messages[3]).toMatchObject({ type: "reply", id: null, ok: false, error: "there is no target other" });
    expect((await fetch(`${url}/api/targets/other/snapshot.json`)).status).toBe(404);
  });

  it("of which one fails are all there, and the others go on", async () => {
    const { url, registry, updates } = await serving();
    const bad = new Subject<LiveUpdate>();
    registry.add({ id: "bad", label: "bad", updates: bad });
    const viewer = connect(url);
    await until("hello", () => viewer.messages.length === 1);
    bad.next({} as LiveUpdate);
    const ended = new Subject<LiveUpdate>();
    registry.add({ id: "ended", label: "ended", updates: ended });
    ended.error(new Error("out of order"));
    updates.next(updateOf([A]));
    await until("the good one", () => viewer.messages.length === 2);
    const { targets } = (await (await fetch(`${url}/api/targets`)).json()) as { targets: object[] };
    expect(targets).toMatchObject([
      { id: "target", state: "running" },
      { id: "bad", state: "failed" },
      { id: "ended", state: "failed", detail: "out of order" },
    ]);
  });

  it("say what may be done to them", async () => {
    const control = { perform: () => Promise.resolve(undefined), actions: ["mark", "run"] as const };
    const { url, registry } = await serving({ target: { control } });
    registry.add({ id: "other", label: "other", updates: new Subject<LiveUpdate>() });
    expect(registry.summaries()).toMatchObject([{ actions: ["mark", "run"] }, { actions: [] }]);
    expect(targetsAnswerSchema.parse(await (await fetch(`${url}/api/targets`)).json()).targets).toHaveLength(2);
  });

  it("say how they are, and how net bytes grow", async () => {
    const { url, updates } = await serving();
    const history = [0, 30, 60, 90].map((time): [number, number, number, number] => [time, 1000 + time * time, 0, 0]);
    updates.next(updateOf([A], { history }));
    const { targets } = (await (await fetch(`${url}/api/targets`)).json()) as { targets: object[] };
    // The last minute: from 30 s to 90 s.
    expect(targets).toMatchObject([
      { netBytes: 64, bytesPerSecond: (8100 - 900) / 60, exact: true, link: "streaming" },
    ]);
  });
});

describe("a control", () => {
  const control = (action: object, target = "target") => ({ type: "control", id: "1", target, action });
  const replyTo = async (message: object, target = {}) => {
    const viewer = connect((await serving({ target })).url, { subscribe: false });
    await until("hello", () => viewer.messages.length === 1);
    viewer.say(message);
    await until("the reply", () => viewer.messages.length === 2 || viewer.closed !== 0);
    return viewer.messages.at(1) ?? viewer.closed;
  };

  it("is done, and what it did or why not is said", async () => {
    const done: object[] = [];
    const perform = (action: object) => {
      done.push(action);
      return Promise.resolve("done");
    };
    const able = { control: { perform, actions: ["mark"] as const } };
    expect(await replyTo(control({ kind: "mark", text: "here" }), able)).toEqual({
      type: "reply",
      id: "1",
      ok: true,
      result: "done",
    });
    expect(done).toEqual([{ kind: "mark", text: "here" }]);
    const thrown = new KmemtapError("target/unsupported", "it cannot", { nextStep: "leave it" });
    const unable = { control: { perform: () => Promise.reject(thrown), actions: [] } };
    expect(await replyTo(control({ kind: "stop" }), unable)).toMatchObject({
      ok: false,
      error: "it cannot",
      help: "leave it",
    });
    expect(await replyTo(control({ kind: "stop" }))).toMatchObject({ ok: false, id: "1" });
    expect(await replyTo(control({ kind: "stop" }, "nobody"))).toMatchObject({ ok: false, id: "1" });
  });

  it.each([
    [{ kind: "rm" }],
    [{ kind: "grow", bufferKb: -1 }],
    [{ kind: "grow", bufferKb: 1e12 }],
    [{ kind: "mark", text: "" }],
    [{ kind: "stop", now: true }],
    [{ kind: "run", phases: [{ name: "a b", command: "x" }] }],
  ])("that does not read is answered: %j", async (action) => {
    expect(await replyTo(control(action))).toMatchObject({ type: "reply", id: "1", ok: false });
  });

  it.each([
    [{ type: "control", target: "target", action: { kind: "stop" } }],
    [{ type: "control", id: 7, target: "target", action: { kind: "stop" } }],
    [{ type: "subscribe", target: "target", view: { order: "size" } }],
    [{ type: "subscribe", target: "target", extra: 1 }],
    [{ type: "resync" }],
  ])("or another message that nobody can answer ends the connection: %j", async (message) => {
    expect(await replyTo(message)).toBe(1008);
  });
});
