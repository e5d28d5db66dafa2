/** Alerts and snapshots to a real nats-server with JetStream: one that is away, that answers too late, and a kmemtap that ended meanwhile. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { describe, expect, it, onTestFinished } from "vitest";
import type { LiveUpdate } from "../../../src/capture/live-update.ts";
import { natsSchema } from "../../../src/cli/config-outputs.ts";
import { NatsSink } from "../../../src/cli/sinks/nats-sink.ts";
import { Spool } from "../../../src/cli/sinks/spool.ts";
import { snapshotSchema } from "../../../src/model/snapshot.ts";
import { allocation, lostAlert, updateOf } from "../../support/live-update.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { until } from "../../support/until.ts";

const events = [1, 2, 3].map((ptr) => allocation("f+0x1/0x2", ptr));

const isMissing = spawnSync("nats-server", ["--version"]).status !== 0;
const note = isMissing ? " (missing: nats-server)" : "";

/** A server of the test's own, with its store in a directory that goes with it. */
async function natsServer() {
  const [store, port] = [tempDir(), await freePort()];
  let child: ChildProcess | undefined;
  const server = {
    url: `nats://127.0.0.1:${String(port)}`,
    start: async () => {
      child = spawn("nats-server", ["-a", "127.0.0.1", "-p", String(port), "-js", "-sd", store], {
        stdio: ["ignore", "ignore", "pipe"],
      });
      let said = "";
      child.stderr?.setEncoding("utf8").on("data", (text: string) => (said += text));
      await until("nats-server", () => said.includes("Server is ready"));
    },
    signal: (name: NodeJS.Signals) => child?.kill(name),
    stop: async () => {
      if (child?.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
    /** All that the stream has, in order. */
    messages: async () => {
      const connection = await connect({ servers: server.url });
      try {
        const manager = await jetstreamManager(connection);
        const { state } = await manager.streams.info("KMEMTAP");
        const all = [];
        for (let seq = state.first_seq; seq <= state.last_seq && state.messages > 0; seq++) {
          const message = await manager.streams.getMessage("KMEMTAP", { seq });
          if (message !== null) all.push({ subject: message.subject, data: message.data, header: message.header });
        }
        return all;
      } finally {
        await connection.close();
      }
    },
  };
  await server.start();
  onTestFinished(() => server.stop());
  return server;
}

const TIMES = { retryMs: 100, answerMs: 500, closeMs: 5000 };

async function sinkTo(url: string, spool: string, part: object = {}) {
  const said: string[] = [];
  const settings = natsSchema.parse({ url, spool, everyMs: 86_400_000, ...part });
  const sink = await NatsSink.open(settings, (text) => said.push(text), TIMES);
  onTestFinished(() => sink.close());
  const alert = (...numbers: number[]) =>
    sink.take("board.1", updateOf([], { newAlerts: numbers.map((number) => lostAlert(number)) }));
  return { sink, said, alert };
}

const numbersIn = (messages: { subject: string; data: Uint8Array }[]) =>
  messages
    .filter(({ subject }) => subject.startsWith("kmemtap.alert."))
    .map(({ data }) => (JSON.parse(Buffer.from(data).toString()) as { events: number }).events);

describe.skipIf(isMissing)(`NATS JetStream${note}`, () => {
  it("has every alert once, in order, after the server was away", async () => {
    const server = await natsServer();
    const spool = tempDir();
    const { said, alert } = await sinkTo(server.url, spool);
    alert(1, 2);
    await arrived(server, 2);
    await server.stop();
    alert(3, 4, 5);
    await until("the trouble", () => said.some((text) => text.includes("messages wait in")));
    await sleep(1500);
    alert(6);
    await until("the spool", () => messagesIn(spool).length === 4);
    await server.start();
    await arrived(server, 6);
    alert(7);
    await arrived(server, 7);
    await until("an empty spool", () => messagesIn(spool).length === 0);
    const messages = await server.messages();
    expect(numbersIn(messages)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(messages[0].subject).toBe("kmemtap.alert.board_1");
    expect(said.filter((text) => text.includes("messages wait in")).length).toBe(1);
    expect(said).toContain("NATS takes messages again");
  }, 60_000);

  it("has no alert twice that it took, but whose answer came too late", async () => {
    const server = await natsServer();
    const spool = tempDir();
    const { said, alert } = await sinkTo(server.url, spool);
    alert(1);
    await arrived(server, 1);
    server.signal("SIGSTOP");
    alert(2);
    // It is written to a socket that nobody reads, several times over.
    await until("the trouble", () => said.some((text) => text.includes("messages wait in")));
    await sleep(1500);
    server.signal("SIGCONT");
    await until("all to arrive", () => messagesIn(spool).length === 0, 20_000);
    expect(numbersIn(await server.messages())).toEqual([1, 2]);
  }, 60_000);

  it("is sent by the next kmemtap what the last one could not send, and alerts first", async () => {
    const server = await natsServer();
    const spool = tempDir();
    await server.stop();
    const first = await sinkTo(server.url, spool, { everyMs: 1000 });
    const update = updateOf([allocation("f+0x1/0x2", 1)]);
    first.sink.take("board", update);
    await sleep(1100);
    const takenMs = Date.now();
    first.sink.take("board", update);
    first.alert(1);
    await until("the spool", () => messagesIn(spool).length === 2);
    await first.sink.close();
    const closedMs = Date.now();
    await sleep(1000);
    expect(first.said.at(-1)).toBe(`2 messages for NATS stay in ${spool}`);
    await server.start();
    const second = await sinkTo(server.url, spool);
    await until("all to arrive", () => messagesIn(spool).length === 0, 20_000);
    expect(second.said[0]).toBe("2 messages for NATS are left from before: sending them");
    const messages = await server.messages();
    expect(messages.map(({ subject }) => subject)).toEqual(["kmemtap.alert.board_1", "kmemtap.snapshot.board"]);
    const snapshot = snapshotSchema.parse(JSON.parse(gunzipSync(messages[1].data).toString()));
    expect(snapshot).toEqual(update.snapshot);
    expect(messages[1].header.get("Content-Encoding")).toBe("gzip");
    // When they were taken, of which the stream's own time says nothing: it was away.
    const headers = ["Kmemtap-Target", "Kmemtap-Time", "Nats-Msg-Id", "Content-Encoding"];
    expect(messages[1].header.keys().sort()).toEqual([...headers].sort());
    expect(messages[0].header.get("Kmemtap-Target")).toBe("board.1");
    for (const [{ header }, beganMs, endMs] of [
      [messages[0], closedMs - 5000, closedMs],
      [messages[1], takenMs, takenMs + 500],
    ] as const) {
      const time = header.get("Kmemtap-Time");
      expect(new Date(time).toISOString()).toBe(time);
      expect(Date.parse(time)).toBeGreaterThanOrEqual(beganMs);
      expect(Date.parse(time)).toBeLessThanOrEqual(endMs);
    }
  }, 60_000);

  it("has the last account of each run, whatever the pace, and nothing of a target that never delivered", async () => {
    const server = await natsServer();
    const { sink } = await sinkTo(server.url, tempDir());
    const over = (update: LiveUpdate): LiveUpdate => ({ ...update, link: { ...update.link, status: "ended" } });
    const [one, two, three] = [1, 2, 3].map((count) => events.slice(0, count));
    sink.take("mute", updateOf([]));
    sink.take("boot", over(updateOf(one)));
    sink.take("board", updateOf(one));
    const { snapshot } = updateOf(two);
    const summary = { run: 1, endedMs: 5, exact: true, totals: snapshot.totals };
    sink.take("board", updateOf(one, { run: 2, previousRuns: [{ summary, snapshot }] }));
    sink.take("board", updateOf(three, { run: 2 }));
    await sink.close();
    const sent = (await server.messages()).map(({ subject, data, header }) => {
      const { source, totals } = snapshotSchema.parse(JSON.parse(gunzipSync(data).toString()));
      return [subject.split(".").at(-1), source.run, totals.liveObjects, header.get("Kmemtap-Time").slice(0, 4)];
    });
    const year = new Date().toISOString().slice(0, 4);
    expect(sent).toEqual([
      ["boot", 1, 1, year],
      ["board", 1, 2, "1970"],
      ["board", 2, 3, year],
    ]);
  }, 60_000);
});

it("nothing waits for a server that was never there, and a spool that cannot be made is said", async () => {
  const { sink, alert } = await sinkTo(`nats://127.0.0.1:${String(await freePort())}`, tempDir());
  const began = Date.now();
  alert(1);
  await sink.close();
  expect(Date.now() - began).toBeLessThan(6000);
  await expect(sinkTo("nats://127.0.0.1:1", "/dev/null/spool")).rejects.toThrow(/nats\.spool: /);
});

/** Beside them stands the lock. */
function messagesIn(directory: string): string[] {
  return readdirSync(directory).filter((name) => name !== "lock");
}

describe("the spool", () => {
  const of = (text: string, bytes: number) => Buffer.alloc(bytes, text);

  it("is bounded, drops the oldest snapshots first, alerts last, and counts them", async () => {
    const directory = tempDir();
    const spool = new Spool(directory, 1000);
    await spool.add("snapshot", "a", of("1", 400));
    await spool.add("snapshot", "a", of("2", 400));
    await spool.add("alert", "a", of("3", 100));
    await spool.add("snapshot", "a", of("4", 400));
    expect(spool.dropped).toEqual({ alert: 0, snapshot: 1 });
    for (let i = 0; i < 9; i++) await spool.add("alert", "a", of("5", 100));
    expect(spool.dropped).toEqual({ alert: 0, snapshot: 3 });
    await spool.add("snapshot", "a", of("6", 400));
    expect(spool.dropped).toEqual({ alert: 0, snapshot: 4 });
    await spool.add("alert", "a", of("7", 100));
    expect(spool.dropped).toEqual({ alert: 1, snapshot: 4 });
    const bytes = messagesIn(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
    expect(bytes).toBe(1000);
  });

  it("is one process's at a time, and of one that has ended anybody's", () => {
    const directory = tempDir();
    const other = spawn("sleep", ["60"]);
    onTestFinished(() => void other.kill());
    const pid = String(other.pid);
    const start = readFileSync(`/proc/${pid}/stat`, "utf8").split(" ")[21];
    writeFileSync(join(directory, "lock"), `${pid} ${start}\n`);
    expect(() => new Spool(directory, 1000)).toThrow(new RegExp(`in use by another kmemtap, process ${pid}`));
    writeFileSync(join(directory, "lock"), `${pid} 1\n`);
    new Spool(directory, 1000).close();
    expect(readdirSync(directory)).toEqual([]);
  });

  it("goes on where somebody has removed a message's file", async () => {
    const directory = tempDir();
    const spool = new Spool(directory, 1000);
    await spool.add("alert", "a", of("1", 10));
    const { next } = spool;
    if (next === undefined) throw new Error("nothing is there");
    rmSync(join(directory, next.id));
    expect(await spool.payload(next)).toBeUndefined();
    await spool.remove(next);
    expect(spool.length).toBe(0);
  });

  it("is found again as it was, with names of targets that have dashes", async () => {
    const directory = tempDir();
    const spool = new Spool(directory, 1000);
    await spool.add("snapshot", "a-b.c_d", of("1", 10));
    await spool.add("alert", "a-b.c_d", of("2", 20));
    spool.close();
    const again = new Spool(directory, 1000);
    expect([again.length, again.next]).toEqual([2, spool.next]);
    expect(again.next).toMatchObject({ kind: "alert", target: "a-b.c_d", bytes: 20 });
    if (again.next !== undefined) await again.remove(again.next);
    expect(again.next).toMatchObject({ kind: "snapshot", target: "a-b.c_d" });
    expect(messagesIn(directory).length).toBe(1);
  });
});

/** What the stream has is that many messages, or more. */
async function arrived(server: Awaited<ReturnType<typeof natsServer>>, count: number): Promise<void> {
  const have = () =>
    server.messages().then(
      ({ length }) => length,
      () => 0,
    );
  await until(`${String(count)} messages`, async () => (await have()) >= count, 20_000);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
