/** What one viewer takes of the server, and what is left to the others and to the capture. */
import { connect as connectTcp, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Inside } from "../../../src/model/inside.ts";
import type { Token } from "../../../src/server/access/tokens.ts";
import { WorkShare } from "../../../src/server/access/work-share.ts";
import { TargetHub } from "../../../src/server/hub/target-hub.ts";
import { allocation, updateOf } from "../../support/live-update.ts";
import { connect, OPEN_ACCESS, serving } from "../../support/serving.ts";
import { until } from "../../support/until.ts";
import { ViewerSocket } from "../../support/viewer-socket.ts";

const tokenOf = (name: string): Token => ({
  name,
  secret: name.repeat(16),
  rights: { read: true, control: false },
});
const [GREEDY, MODEST] = [tokenOf("greedy"), tokenOf("modest")];
const A = allocation("a", 1);

function rawSocket(port: number): Socket {
  const socket = connectTcp(port, "127.0.0.1");
  socket.on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** Has a target whose `inside.json` is more than sockets hold by themselves; tells how many of them were made. */
function answersHuge(updates: Awaited<ReturnType<typeof serving>>["updates"]): () => number {
  let made = 0;
  const stack = { name: "x".repeat(20_000_000) };
  const inside = () => {
    made += 1;
    return { stacks: [stack] } as unknown as Inside;
  };
  updates.next({ ...updateOf([A]), inside });
  return () => made;
}

describe("who asks much and takes nothing", () => {
  it("has a few answers made, others wait and more are refused, and who asks little is answered", async () => {
    const { updates, port, url } = await serving({ access: { tokens: [GREEDY, MODEST] } });
    const made = answersHuge(updates);
    const answers: string[] = [];
    for (let i = 0; i < 60; i++) {
      const socket = rawSocket(port);
      socket.once("data", (data) => {
        socket.pause();
        answers.push(data.toString("latin1", 9, 12));
      });
      socket.write(
        `GET /api/targets/target/inside.json HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${GREEDY.secret}\r\n\r\n`,
      );
    }
    await until("refusals", () => answers.filter((status) => status === "429").length === 24, 20_000);
    const asked = await fetch(`${url}/api/targets/target/snapshot.json`, {
      headers: { authorization: `Bearer ${MODEST.secret}` },
    });
    expect(asked.status).toBe(200);
    expect(made()).toBe(4);
  });

  it("is answered in the end, where its answers are taken", async () => {
    const { updates, url } = await serving();
    updates.next(updateOf([A]));
    const ask = async () => (await fetch(`${url}/api/targets/target/snapshot.json`)).status;
    const statuses = await Promise.all(Array.from({ length: 30 }, ask));
    expect(new Set(statuses)).toEqual(new Set([200]));
  });

  it("and went away leaves its place to others", async () => {
    const { updates, port, url } = await serving();
    const made = answersHuge(updates);
    const sockets = Array.from({ length: 10 }, () => rawSocket(port));
    for (const socket of sockets)
      socket.pause().write("GET /api/targets/target/inside.json HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await until("four", () => made() === 4, 20_000);
    for (const socket of sockets) socket.destroy();
    expect((await fetch(`${url}/api/targets/target/snapshot.json`)).status).toBe(200);
  });
});

describe("limits", () => {
  const { limits } = OPEN_ACCESS;

  it("on sockets of an address, two for each WebSocket that it may have, said anything or not", async () => {
    const { port, url } = await serving({ access: { limits: { ...limits, connectionsPerAddress: 2 } } });
    let closed = 0;
    const sockets = Array.from({ length: 10 }, () => rawSocket(port).resume());
    for (const socket of sockets) socket.once("close", () => (closed += 1));
    await until("the refusals", () => closed === 6);
    sockets.forEach((socket) => socket.destroy());
    await until("room again", () =>
      fetch(`${url}/healthz`).then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
  });

  it("on pings, which are answered as well", async () => {
    const { url } = await serving({ access: { limits: { ...limits, messagesPerSecond: 5 } } });
    const viewer = connect(url);
    await until("hello", () => viewer.messages.length === 1);
    for (let i = 0; i < 100; i++) viewer.socket.ping("x");
    await until("the close", () => viewer.closed !== 0);
    expect(viewer.closed).toBe(1008);
  });
});

describe("a share of the time", () => {
  it("goes to who had the least of it, and saves nobody up what he did not ask for", () => {
    const share = new WorkShare();
    expect(share.next([])).toBeUndefined();
    share.spend("a", 100);
    share.spend("b", 30);
    expect(share.next(["a", "b"])).toBe("b");
    share.spend("b", 100);
    expect(share.next(["a", "b"])).toBe("a");
    share.spend("a", 1000);
    share.spend("b", 10_000);
    // c comes now: it is first, but has not all that the others had to make up for.
    share.spend("c", 1);
    share.spend("c", 10_000);
    expect(share.next(["a", "c"])).toBe("a");
  });

  it("is a third, and half a second at once", () => {
    const share = new WorkShare();
    const now = performance.now();
    expect(share.isIdle(now)).toBe(true);
    share.spend("a", 400, now);
    expect([share.isIdle(now), share.isFree(now)]).toEqual([false, true]);
    share.spend("a", 400, now);
    expect(share.isFree(now)).toBe(false);
    expect(share.isFree(now + 850)).toBe(false);
    expect(share.isFree(now + 950)).toBe(true);
    share.spend("a", 501, now + 1_000_000);
    expect(share.isFree(now + 1_000_000)).toBe(false);
  });

  it("that is used up leaves viewers late, and then each asker has a viewer sent to in turn", () => {
    const share = new WorkShare();
    const hub = new TargetHub("target", "test", share);
    hub.publish(updateOf([A]));
    share.spend("x", 100_000);
    const many = Array.from({ length: 5 }, () => new ViewerSocket());
    const one = new ViewerSocket();
    for (const viewer of many) hub.subscribe(viewer, { view: { order: "netBytes" }, paceMs: 0, who: "many" });
    hub.subscribe(one, { view: { order: "netBytes" }, paceMs: 0, who: "one" });
    hub.sendToLate();
    const sent = () => [...many, one].filter(({ texts }) => texts.length > 0).length;
    expect(sent()).toBe(0);
    // As long as one message takes.
    let left = 2;
    share.isFree = () => left-- > 0;
    hub.sendToLate();
    expect(sent()).toBe(2);
    expect(one.texts).toHaveLength(1);
    left = 100;
    hub.sendToLate();
    expect(sent()).toBe(6);
  });
});
