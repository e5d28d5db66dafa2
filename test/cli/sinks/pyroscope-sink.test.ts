/**
 * Profiles to a Pyroscope server. Debian has no Pyroscope: an HTTP server of the test's own takes what comes apart as Pyroscope does
 * (grafana/pyroscope, pkg/ingester/pyroscope/ingest_handler.go), and `go tool pprof` reads the profiles.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import type { LiveUpdate } from "../../../src/capture/live-update.ts";
import { pyroscopeSchema } from "../../../src/cli/config-outputs.ts";
import { PyroscopeSink } from "../../../src/cli/sinks/pyroscope-sink.ts";
import { goMissing, goNote, readProfile } from "../../support/go-pprof.ts";
import { allocation, updateOf } from "../../support/live-update.ts";
import { until } from "../../support/until.ts";

interface Received {
  readonly path: string;
  readonly query: Record<string, string>;
  readonly authorization: string | undefined;
  readonly tenant: string | undefined;
  readonly profile: Uint8Array;
  readonly types: unknown;
}

/** The parts of a multipart/form-data body (RFC 7578) by their names. */
function partsOf(body: Buffer, type: string): Map<string, Buffer> {
  const text = body.toString("latin1");
  const parts = text.split(`--${/boundary=(.*)$/.exec(type)?.[1] ?? ""}`).slice(1, -1);
  return new Map(
    parts.map((part) => {
      const name = / name="(\w+)"/.exec(part)?.[1] ?? "";
      return [name, Buffer.from(part.slice(part.indexOf("\r\n\r\n") + 4, -2), "latin1")];
    }),
  );
}

async function server(answer: () => number) {
  const received: Received[] = [];
  let asked = 0;
  const http = createServer((request, response) => {
    asked += 1;
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const url = new URL(request.url ?? "", "http://x");
      const type = request.headers["content-type"] ?? "";
      // With a format the body is taken for the profile itself, which a form is not.
      const isForm = type.startsWith("multipart/form-data") && !url.searchParams.has("format");
      const status = isForm ? answer() : 422;
      if (status === 200) {
        const parts = partsOf(Buffer.concat(chunks), type);
        received.push({
          path: url.pathname,
          query: Object.fromEntries(url.searchParams),
          authorization: request.headers.authorization,
          tenant: request.headers["x-scope-orgid"]?.toString(),
          profile: parts.get("profile") ?? Buffer.alloc(0),
          types: JSON.parse(parts.get("sample_type_config")?.toString() ?? "null"),
        });
      }
      response.writeHead(status).end();
    });
  }).listen(0, "127.0.0.1");
  await once(http, "listening");
  onTestFinished(() => void http.close());
  return { url: `http://127.0.0.1:${String((http.address() as AddressInfo).port)}/`, received, asked: () => asked };
}

const UPDATES = [
  updateOf([allocation("f+0x1/0x2", 1)]),
  updateOf([allocation("f+0x1/0x2", 1), allocation("f+0x1/0x2", 2)]),
  updateOf([1, 2, 3].map((ptr) => allocation("f+0x1/0x2", ptr))),
];

describe.skipIf(goMissing)(`Pyroscope${goNote}`, () => {
  it("is pushed what is held, and what was allocated since the last profile that arrived", async () => {
    let status = 200;
    const { url, received, asked } = await server(() => status);
    const said: string[] = [];
    const settings = pyroscopeSchema.parse({ url, everyMs: 1000, labels: { site: 'la"b,}' }, tenant: "lab" });
    const sink = new PyroscopeSink(settings, (text) => said.push(text));
    sink.take("board", UPDATES[0]);
    await sleep(1050);
    sink.take("board", UPDATES[1]);
    await until("the first profile", () => received.length === 1);
    status = 500;
    await sleep(1050);
    sink.take("board", UPDATES[1]);
    await until("the refusal", () => said.length === 1);
    status = 200;
    await sleep(1050);
    sink.take("board", UPDATES[2]);
    await sink.close();
    expect(asked()).toBe(3);
    expect(said).toEqual([
      "Pyroscope took no profile: it answered 500; the capture goes on",
      "Pyroscope takes profiles again; 1 were left out",
    ]);
    expect(received[0]).toMatchObject({
      path: "/ingest",
      query: { name: "kmemtap{site=la_b__,target=board}" },
      tenant: "lab",
      types: { inuse_space: { units: "bytes", aggregation: "average" } },
    });
    // alloc_objects, alloc_space: of the time since; inuse_objects, inuse_space: of now.
    expect(received.map(({ profile }) => readProfile(profile).samples.map(({ values }) => values))).toEqual([
      [[2, 128, 2, 128]],
      [[1, 64, 3, 192]],
    ]);
    expect(Number(received[1].query["until"])).toBeGreaterThanOrEqual(Number(received[0].query["until"]) + 1);
    expect(received[1].query["from"]).not.toBe(received[1].query["until"]);
  });

  it("is pushed the last account of each run and of the stop: what all profiles have allocated is all that was", async () => {
    const { url, received } = await server(() => 200);
    const sink = new PyroscopeSink(pyroscopeSchema.parse({ url, everyMs: 1000 }), () => undefined);
    const over = (update: LiveUpdate): LiveUpdate => ({ ...update, link: { ...update.link, status: "failed" } });
    sink.take("mute", updateOf([]));
    sink.take("board", UPDATES[0]);
    sink.take("board", over(UPDATES[1]));
    sink.take("board", updateOf([allocation("g+0x1/0x2", 1)], { run: 2 }));
    sink.take("boot", over(UPDATES[2]));
    await sink.close();
    const allocs = received.map(({ query, profile }) => [
      query["name"],
      readProfile(profile).samples.map(({ values }) => values[0]),
    ]);
    expect(allocs.sort()).toEqual([
      ["kmemtap{target=board}", [1]],
      ["kmemtap{target=board}", [2]],
      ["kmemtap{target=boot}", [3]],
    ]);
  });

  it("that does not answer holds the end up for no longer than it may", async () => {
    const http = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(http, "listening");
    onTestFinished(() => {
      http.close().closeAllConnections();
    });
    const url = `http://127.0.0.1:${String((http.address() as AddressInfo).port)}`;
    const said: string[] = [];
    const sink = new PyroscopeSink(pyroscopeSchema.parse({ url, everyMs: 1000 }), (text) => said.push(text), 200);
    sink.take("board", UPDATES[0]);
    const beganMs = Date.now();
    await sink.close();
    expect(Date.now() - beganMs).toBeLessThan(2000);
    expect(said).toEqual(["Pyroscope took no profile: it did not answer in time; the capture goes on"]);
  });

  it("that is away is asked once at a time, and ends nothing", async () => {
    const said: string[] = [];
    const settings = pyroscopeSchema.parse({ url: "http://127.0.0.1:1", everyMs: 1000 });
    const sink = new PyroscopeSink(settings, (text) => said.push(text));
    for (let i = 0; i < 3; i++) {
      sink.take("board", UPDATES[0]);
      await sleep(1050);
    }
    await sink.close();
    expect(said.length).toBe(1);
    expect(said[0]).toMatch(/^Pyroscope took no profile: .+; the capture goes on$/);
  });
});
