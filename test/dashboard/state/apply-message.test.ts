import { describe, expect, it } from "vitest";
import type { HistoryPoint, ServerMessage } from "../../../src/model/wire.ts";
import { WIRE_PROTOCOL, serverMessageSchema } from "../../../src/model/wire.ts";
import { HISTORY_LIMIT, applyMessage, showTarget } from "../../../src/dashboard/state/apply-message.ts";
import { type PageState, emptyPage } from "../../../src/dashboard/state/page-state.ts";
import { alert, changesMessage, noLoss, row, snapshotMessage, summary, totals } from "../make.ts";
import { cpuStats, TARGET } from "../../support/live-update.ts";

const hello: ServerMessage = {
  type: "hello",
  protocol: WIRE_PROTOCOL,
  version: "0.1.0",
  rights: { control: true },
  targets: [summary],
};
/** What the page says to a greeting. */
const SUBSCRIBE = { type: "subscribe", target: "target" };

/** The state after all of the messages, and all that was said back. */
function play(messages: readonly ServerMessage[], from: PageState = emptyPage) {
  const replies: unknown[] = [];
  const state = messages.reduce((before, message) => {
    const { state: after, reply } = applyMessage(before, message, 1000);
    if (reply !== null) replies.push(reply);
    return after;
  }, from);
  return { state, replies };
}

const callersOf = (state: PageState) => [...(state.account?.callers.values() ?? [])];
const callSites = (state: PageState) => callersOf(state).map(({ callSite }) => callSite);

describe("applyMessage", () => {
  it("is tested with messages that the protocol allows", () => {
    const whole = snapshotMessage(1, [row("a+0x1/0x2")]);
    const armed = { ...whole, snapshot: { ...whole.snapshot, ...TARGET }, alerts: [alert()] };
    const changes = changesMessage(1, 2, [row("b+0x1/0x2")], { facts: { cpus: TARGET.cpus } });
    for (const message of [hello, whole, armed, changes]) {
      expect(serverMessageSchema.safeParse(message).success).toBe(true);
    }
  });

  it("takes the account from the snapshot, with all of its history for a late viewer", () => {
    const history: HistoryPoint[] = [
      [1, 10, 9, 1],
      [2, 20, 18, 2],
    ];
    const { state, replies } = play([hello, snapshotMessage(7, [row("a"), row("b")], { history })]);
    expect(state).toMatchObject({ serverVersion: "0.1.0", sync: "current", seq: 7, problem: null });
    expect(callSites(state)).toEqual(["a", "b"]);
    expect(state.account?.history).toEqual(history);
    expect(state.account?.receivedMs).toBe(1000);
    expect(replies).toEqual([SUBSCRIBE]);
  });

  it("merges changes by call site, and appends points and alerts", () => {
    const lost = alert();
    const { state } = play([
      hello,
      snapshotMessage(1, [row("a"), row("b")], { history: [[1, 10, 9, 1]] }),
      changesMessage(1, 4, [row("b", { netBytes: 128 }), row("c")], {
        exact: false,
        loss: { ...noLoss, lostEvents: 10 },
        points: [[2, 20, 18, 2]],
        alerts: [lost],
      }),
    ]);
    expect(state.seq).toBe(4);
    expect(callersOf(state).map((row) => [row.callSite, row.netBytes])).toEqual([
      ["a", 64],
      ["b", 128],
      ["c", 64],
    ]);
    expect(state.account?.exact).toBe(false);
    expect(state.account?.loss.lostEvents).toBe(10);
    expect(state.account?.history).toHaveLength(2);
    expect(state.account?.alerts).toEqual([lost]);
    expect(state.account?.source.label).toBe("test");
  });

  it("keeps what an armed target is apart from how its link stands, and replaces the facts that changed", () => {
    const whole = snapshotMessage(1, []);
    const armed = { ...whole, snapshot: { ...whole.snapshot, ...TARGET } };
    const start = play([hello, armed]).state;
    expect(start.account?.target).toEqual(TARGET);
    expect(start.account?.link).toBe(armed.link);

    const quiet = play([changesMessage(1, 2, [])], start).state;
    expect(quiet.account?.target).toBe(start.account?.target);

    const link = { ...TARGET.link, bytesReceived: 2000, reconnects: 1 };
    const cpus = [cpuStats(0), cpuStats(1, { fill: 1 })];
    const { state } = play([changesMessage(2, 3, [], { facts: { link, cpus } })], quiet);
    expect(state.account?.target).toEqual({ ...TARGET, link, cpus });
    expect(state.account?.link.status).toBe("streaming");
  });

  it("knows no target where kmemtap armed none, nor that of the boot before", () => {
    const whole = snapshotMessage(1, []);
    const armed = { ...whole, snapshot: { ...whole.snapshot, ...TARGET } };
    const { state } = play([hello, armed, snapshotMessage(2, [])]);
    expect(Object.values(state.account?.target ?? {}).filter((fact) => fact !== undefined)).toEqual([]);
  });

  it("leaves the value before untouched, and rows that did not change the same objects", () => {
    const before = play([hello, snapshotMessage(1, [row("a"), row("b")])]).state;
    const { state } = applyMessage(before, changesMessage(1, 2, [row("b", { netBytes: 1 })]), 0);
    expect(before.account?.callers.get("b")?.netBytes).toBe(64);
    expect(state.account?.callers.get("a")).toBe(before.account?.callers.get("a"));
    const idle = applyMessage(state, changesMessage(2, 3, []), 0).state;
    expect(idle.account?.callers).toBe(state.account?.callers);
  });

  it("asks once for a full snapshot when changes do not follow what it has, and drops changes until it comes", () => {
    const start = play([hello, snapshotMessage(1, [row("a")])]).state;
    const lost = play([changesMessage(2, 3, [row("b")]), changesMessage(3, 4, [row("c")])], start);
    expect(lost.replies).toEqual([{ type: "resync", target: "target" }]);
    expect(callSites(lost.state)).toEqual(["a"]);

    const found = play([snapshotMessage(5, [row("a"), row("b")]), changesMessage(5, 6, [row("c")])], lost.state);
    expect(found.replies).toEqual([]);
    expect(callSites(found.state)).toEqual(["a", "b", "c"]);
  });

  it("asks for a snapshot when changes come first", () => {
    expect(play([hello, changesMessage(0, 1, [row("a")])]).replies).toEqual([
      SUBSCRIBE,
      { type: "resync", target: "target" },
    ]);
  });

  it("does not apply changes of a new connection to the account of the old one", () => {
    const { state, replies } = play([hello, snapshotMessage(1, [row("a")]), hello, changesMessage(1, 2, [row("b")])]);
    expect(replies).toEqual([SUBSCRIBE, SUBSCRIBE, { type: "resync", target: "target" }]);
    expect(callSites(state)).toEqual(["a"]);
  });

  it("forgets the last run's callers when a new boot's snapshot comes", () => {
    const { state } = play([hello, snapshotMessage(1, [row("a")]), snapshotMessage(2, [row("z")])]);
    expect(callSites(state)).toEqual(["z"]);
  });

  it("says plainly that it does not know another protocol, and takes nothing more", () => {
    const other = { type: "hello", protocol: "kmemtap.wire/3", version: "9.0" } as unknown as ServerMessage;
    const { state } = play([other, snapshotMessage(1, [row("a")])]);
    expect(state.problem).toMatch(/kmemtap\.wire\/2.*kmemtap 9\.0.*kmemtap\.wire\/3/);
    expect(state.account).toBeNull();
  });

  it("subscribes to the target it shows, or the first there is, also where that comes later", () => {
    const other = { ...summary, id: "other" };
    const none = play([{ ...hello, targets: [] }]);
    expect(none).toMatchObject({ replies: [], state: { target: null, rights: { control: true } } });
    const came = play([{ type: "targets", targets: [other, summary] }], none.state);
    expect(came.replies).toEqual([{ type: "subscribe", target: "other" }]);
    const more = play(
      [
        { type: "targets", targets: [summary] },
        { ...hello, targets: [summary, other] },
      ],
      came.state,
    );
    expect(more.replies).toEqual([{ type: "subscribe", target: "other" }]);
    expect(play([{ ...hello, targets: [summary] }], came.state).replies).toEqual([SUBSCRIBE]);
  });

  it("takes nothing of a target that it does not show", () => {
    const start = play([hello, snapshotMessage(1, [row("a")])]).state;
    const { state, replies } = play(
      [snapshotMessage(9, [row("z")], { target: "other" }), changesMessage(9, 10, [row("y")], { target: "other" })],
      start,
    );
    expect(callSites(state)).toEqual(["a"]);
    expect(replies).toEqual([]);
  });

  it("drops rows that left the view, and keeps what they add up to", () => {
    const others = { callers: 1, totals };
    const start = play([hello, snapshotMessage(1, [row("a"), row("b")])]).state;
    const { state } = play([changesMessage(1, 2, [row("c")], { gone: ["a"], others })], start);
    expect(callSites(state)).toEqual(["b", "c"]);
    expect(state.account?.others).toBe(others);
  });

  it("carries the series on by points, and replaces it where its members changed", () => {
    const line = (name: string, ...net: number[]) => ({ name, net });
    const series = { times: [1], callers: [line("a", 10)], directories: [line("fs", 7), line("mm", 3)] };
    const start = play([hello, snapshotMessage(1, [], { series })]).state;
    const points = [
      [2, 20, 15, 5],
      [3, 1, 1, 0],
    ];
    const grown = play([changesMessage(1, 2, [], { seriesPoints: points })], start).state;
    expect(grown.account?.series).toEqual({
      times: [1, 2, 3],
      callers: [line("a", 10, 20, 1)],
      directories: [line("fs", 7, 15, 1), line("mm", 3, 5, 0)],
    });
    const other = { times: [1, 3], callers: [line("b", 1, 2)], directories: [] };
    const replaced = play([changesMessage(2, 3, [], { series: other })], grown).state;
    expect(replaced.account?.series).toEqual(other);
    expect(start.account?.series).toEqual(series);
  });

  it("ignores messages of a kind it does not know", () => {
    const { state } = play([hello, snapshotMessage(1, [row("a")])]);
    const odd = { type: "weather" } as unknown as ServerMessage;
    expect(applyMessage(state, odd, 0)).toEqual({ state, reply: null });
  });

  it("keeps the history bounded on a page that stays open for days", () => {
    let state = play([hello, snapshotMessage(0, [])]).state;
    for (let seq = 1; seq <= 60; seq++) {
      const points = Array.from({ length: 1000 }, (_, i): HistoryPoint => [seq * 1000 + i, i === 500 ? 1e6 : 1, 1, 1]);
      state = applyMessage(state, changesMessage(seq - 1, seq, [], { points }), 0).state;
    }
    const history = state.account?.history ?? [];
    expect(history.length).toBeLessThanOrEqual(HISTORY_LIMIT);
    expect(history.filter(([, net]) => net === 1e6)).toHaveLength(60);
  });
});

describe("showTarget", () => {
  const two = { ...hello, targets: [summary, { ...summary, id: "other" }] };

  it("leaves the one and asks for the other, of which nothing is shown yet", () => {
    const { state: before } = play([two, snapshotMessage(1, [row("a+0x1/0x2")])]);
    const { state, said } = showTarget(before, "other");
    expect(said).toEqual([
      { type: "unsubscribe", target: "target" },
      { type: "subscribe", target: "other" },
    ]);
    expect(state).toMatchObject({ target: "other", account: null, sync: "none" });
    // What was under way is of the one that was left.
    expect(play([snapshotMessage(2, [row("a+0x1/0x2")])], state).state.account).toBeNull();
  });

  it("does nothing for one that is shown, or that is not there", () => {
    const { state } = play([two]);
    for (const id of ["target", "nowhere"]) expect(showTarget(state, id)).toEqual({ state, said: [] });
  });

  it("is what a page begins with that was asked for it", () => {
    expect(play([two], { ...emptyPage, target: "other" }).replies).toEqual([{ type: "subscribe", target: "other" }]);
  });
});
