/** The server for real: HTTP and WebSocket on a port of this machine. */
import { once } from "node:events";
import { pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import { snapshotSchema } from "../../src/model/snapshot.ts";
import { TargetRegistry } from "../../src/server/registry.ts";
import { serve } from "../../src/server/serve.ts";
import type { TestEvent } from "../support/events.ts";
import { allocation, updateOf } from "../support/live-update.ts";
import { connect, OPEN_ACCESS, serving, statusWith } from "../support/serving.ts";
import { until } from "../support/until.ts";

const logger = pino({ level: "silent" });
const A = allocation("a", 1);
const B = allocation("b", 2);
describe("/ws", () => {
  it("says hello, sends a whole snapshot, and then changes", async () => {
    const { updates, url } = await serving();
    const viewer = connect(url);
    await until("hello", () => viewer.messages.length === 1);
    updates.next(updateOf([A], { history: [[1, 64, 60, 1]] }));
    await until("the snapshot", () => viewer.messages.length === 2);
    updates.next(updateOf([A, B], { history: [[2, 128, 120, 2]] }));
    await until("three messages", () => viewer.messages.length === 3);
    expect(viewer.messages).toMatchObject([
      { type: "hello", protocol: "kmemtap.wire/2" },
      { type: "snapshot", seq: 1, snapshot: { totals: { allocs: 1 } }, history: [[1, 64, 60, 1]] },
      {
        type: "changes",
        seq: 2,
        since: 1,
        totals: { allocs: 2 },
        callers: [{ callSite: "b" }],
        points: [[2, 128, 120, 2]],
      },
    ]);
  });

  it("sends the whole again on resync", async () => {
    const { updates, url } = await serving();
    updates.next(updateOf([A]));
    const viewer = connect(url);
    await until("the snapshot", () => viewer.messages.length === 2);
    viewer.socket.send(JSON.stringify({ type: "resync", target: "target" }));
    await until("another", () => viewer.messages.length === 3);
    expect(viewer.messages[2]).toMatchObject({ type: "snapshot", snapshot: { totals: { allocs: 1 } } });
  });

  it.each([
    ["by kind of live objects where nobody knows their sizes", { kind: "64" }, "subscribe without kind"],
    ["of a task where none is kept", { task: 7 }, /--tasks/],
    ["of a name of tasks where none is kept", { comm: "sh" }, /--tasks/],
  ])("refuses a view %s", async (_, filter, help) => {
    const { updates, url } = await serving();
    updates.next(updateOf([A]));
    const viewer = connect(url, { subscribe: false });
    await until("hello", () => viewer.messages.length === 1);
    viewer.say({ type: "subscribe", target: "target", view: { filter } });
    await until("the reply", () => viewer.messages.length === 2);
    const reply = { type: "reply", id: null, ok: false };
    expect(viewer.messages[1]).toMatchObject({ ...reply, help: expect.stringMatching(help) as string });
  });

  it.each(["hello", "{}", "[]", "null", '{"type":"restart"}', '{"type":1}', ""])(
    "closes with 1008 on a message it does not know: %s",
    async (text) => {
      const { url } = await serving();
      const viewer = connect(url);
      await once(viewer.socket, "open");
      viewer.socket.send(text);
      await until("the close", () => viewer.closed !== 0);
      expect(viewer.closed).toBe(1008);
    },
  );

  it("closes on a message that is too long, says so without a stack, and goes on serving others", async () => {
    const { url, log } = await serving();
    const [long, other] = [connect(url), connect(url)];
    await once(long.socket, "open");
    long.socket.send("x".repeat(100_000));
    await until("the close", () => long.closed !== 0);
    expect(long.closed).toBe(1009);
    await until("the log", () => log.some((line) => line.includes("Max payload size exceeded")));
    expect(log.filter((line) => line.includes('"stack"'))).toEqual([]);
    await until("hello", () => other.messages.length === 1);
    expect(other.closed).toBe(0);
  });

  it.each([
    ["a page from elsewhere", { Origin: "http://example.com" }],
    ["a page of another port", { Origin: "http://127.0.0.1:1" }],
    ["a sandboxed page", { Origin: "null" }],
    ["a name that was made to resolve to this machine", { Host: "example.com:8642" }],
  ])("refuses %s", async (_, headers) => {
    const { url } = await serving();
    const viewer = connect(url, { headers });
    await until("the refusal", () => viewer.failure !== "");
    expect(viewer.failure).toContain("403");
    expect(viewer.messages).toEqual([]);
  });

  it("ends all the same when a page from elsewhere was refused before", async () => {
    const server = await serve(new TargetRegistry(), {
      host: "127.0.0.1",
      port: 0,
      anyPort: false,
      logger,
      access: OPEN_ACCESS,
    });
    const viewer = connect(server.url, { headers: { Origin: "http://example.com" } });
    await until("the refusal", () => viewer.failure !== "");
    let closed = false;
    void server.close().then(() => (closed = true));
    await until("the server's end", () => closed, 3000);
  });

  it("takes its own page", async () => {
    const { url } = await serving();
    const viewer = connect(url, { headers: { Origin: url } });
    await until("hello", () => viewer.messages.length === 1);
  });

  it("lets a viewer that was slow when the session ended see its end all the same", async () => {
    const { updates, url } = await serving();
    const viewer = connect(url);
    await until("hello", () => viewer.messages.length === 1);
    viewer.socket.pause();
    // More than the network's own buffers take: each message holds all 3,000 rows.
    let events: TestEvent[] = [];
    for (let round = 0; round < 12; round++) {
      events = [...events, ...Array.from({ length: 3000 }, (_, i) => allocation(`site_${i}`, round * 3000 + i + 1))];
      updates.next(updateOf(events));
      await new Promise((resolve) => setImmediate(resolve));
    }
    updates.complete();
    viewer.socket.resume();
    const lastAllocs = () => {
      const last = viewer.messages[viewer.messages.length - 1];
      if (last.type === "snapshot") return last.snapshot.totals.allocs;
      return last.type === "changes" ? last.totals.allocs : 0;
    };
    await until("the last state", () => lastAllocs() === events.length, 5000);
    expect(viewer.messages.length).toBeLessThan(13);
  });

  it("forgets a viewer that has gone", async () => {
    const { url } = await serving();
    const viewer = connect(url);
    await until("hello", () => viewer.messages.length === 1);
    expect(await (await fetch(`${url}/healthz`)).json()).toMatchObject({ viewers: 1 });
    viewer.socket.terminate();
    for (let left = 1; left !== 0;)
      left = ((await (await fetch(`${url}/healthz`)).json()) as { viewers: number }).viewers;
  });
});

describe("HTTP", () => {
  it("/api/targets/target/snapshot.json has the latest snapshot, in its schema", async () => {
    const { updates, url } = await serving();
    const early = await fetch(`${url}/api/targets/target/snapshot.json`);
    expect(early.status).toBe(503);
    expect(await early.json()).toHaveProperty("error");
    updates.next(updateOf([A, B]));
    const response = await fetch(`${url}/api/targets/target/snapshot.json`);
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    expect(snapshotSchema.parse(await response.json())).toEqual(updateOf([A, B]).snapshot);
  });

  it("/api/targets/target/snapshot.json?run=N has an earlier boot, as long as it is kept", async () => {
    const { updates, url } = await serving();
    const { snapshot } = updateOf([A]);
    const previousRuns = [{ summary: { run: 1, endedMs: 1, exact: true, totals: snapshot.totals }, snapshot }];
    updates.next(updateOf([B], { run: 2, previousRuns }));
    const get = async (query: string) => {
      const response = await fetch(`${url}/api/targets/target/snapshot.json${query}`);
      return { status: response.status, body: (await response.json()) as { source?: { run: number } } };
    };
    expect(await get("?run=1")).toMatchObject({ status: 200, body: { source: { run: 1 } } });
    expect(await get("?run=2")).toMatchObject({ status: 200, body: { source: { run: 2 } } });
    expect(await get("")).toMatchObject({ status: 200, body: { source: { run: 2 } } });
    expect((await get("?run=3")).status).toBe(404);
    for (const query of ["?run=x", "?run=", "?run=1&run=2"]) expect((await get(query)).status).toBe(400);
  });

  it("/healthz says how the targets are", async () => {
    const { updates, url } = await serving();
    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({
      status: "ok",
      viewers: 0,
      targets: { target: "starting" },
    });
    updates.next(updateOf([A]));
    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({
      status: "ok",
      viewers: 0,
      targets: { target: "running" },
    });
  });

  it.each(["/", "/api/targets/target/snapshot.json", "/healthz", "/nothing"])(
    "%s lets the page load nothing from elsewhere and be framed by nobody",
    async (path) => {
      const { url } = await serving();
      const { headers } = await fetch(url + path);
      const policy = headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).toContain("script-src 'self';");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
    },
  );

  it("answers no other name than this machine's", async () => {
    const { url, updates } = await serving();
    updates.next(updateOf([A]));
    expect(await statusWith(`${url}/api/targets/target/snapshot.json`, { Host: "example.com" })).toBe(403);
    expect(await statusWith(`${url}/`, { Host: "example.com" })).toBe(403);
    expect(await statusWith(`${url}/api/targets/target/snapshot.json`, { Origin: "http://example.com" })).toBe(403);
    expect(
      await statusWith(`${url}/api/targets/target/snapshot.json`, { Host: `localhost:${new URL(url).port}` }),
    ).toBe(200);
  });

  it("serves nothing outside of the page's folder", async () => {
    const { url } = await serving();
    for (const path of ["/../server/serve.ts", "/..%2fserver%2fserve.ts", "/%2e%2e/package.json"]) {
      expect([400, 403, 404]).toContain(await statusWith(url + path, {}));
    }
  });
});

describe("the port", () => {
  it("that is taken is an error with a next step", async () => {
    const { url } = await serving();
    const port = Number(new URL(url).port);
    const options = { host: "127.0.0.1", port, logger, access: OPEN_ACCESS };
    await expect(serve(new TargetRegistry(), { ...options, anyPort: false })).rejects.toMatchObject({
      code: "server/listen",
      nextStep: expect.stringContaining("--serve") as string,
    });
  });

  it("that is taken is another one where any will do", async () => {
    const { url } = await serving();
    const options = { host: "127.0.0.1", port: Number(new URL(url).port), logger, anyPort: true, access: OPEN_ACCESS };
    const other = await serve(new TargetRegistry(), options);
    onTestFinished(() => other.close());
    expect(other.url).not.toBe(url);
    expect((await fetch(`${other.url}/healthz`)).status).toBe(200);
  });
});

it.each([
  ["an address that leaves the page's directory", "/%2e%2e%2f%2e%2e%2fetc%2fpasswd", {}, 403, "forbidden"],
  ["an address that does not read", "/api/targets/%zz/snapshot.json", {}, 400, "the address does not read"],
  [
    "a body that is too large",
    "/api/tickets",
    { method: "POST", headers: { "content-type": "application/json" }, body: "x".repeat(2000) },
    413,
    "request body is too large",
  ],
])("refuses %s in the form of every refusal", async (_, path, request, status, error) => {
  const { url } = await serving();
  const answer = await fetch(url + path, request);
  expect(answer.status).toBe(status);
  expect(await answer.json()).toEqual({ error, help: "GET /api/openapi.json lists what there is" });
});

it("says of an address that it does not have what every refusal says: what failed, and what to do", async () => {
  const { url } = await serving();
  for (const path of ["/api/nothing", "/api/targets/target/snapshot.xml", "/nothing.js"]) {
    const answer = await fetch(url + path);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({
      error: "there is nothing at that address",
      help: "GET /api/openapi.json lists what there is",
    });
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
  }
});
