/** Whom an alert reaches: real commands and a real HTTP server, also slow, failing and absent ones. */
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { alertSinks } from "../../src/cli/alert-sinks.ts";
import type { Config } from "../../src/cli/config.ts";
import { lostAlert } from "../support/live-update.ts";
import { tempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";

function sinks(config: Config["alerts"], limitMs?: number) {
  const warned: string[] = [];
  return { warned, ...alertSinks(config, (text) => warned.push(text), limitMs) };
}

async function server(answer: (request: IncomingMessage, body: string) => number | undefined) {
  const bodies: string[] = [];
  const listening = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      bodies.push(body);
      const status = answer(request, body);
      if (status !== undefined) response.writeHead(status).end("some body");
    });
  }).listen(0, "127.0.0.1");
  onTestFinished(() => {
    listening.closeAllConnections();
    listening.close();
  });
  await once(listening, "listening");
  const { port } = listening.address() as { port: number };
  return { url: `http://127.0.0.1:${port}/hook`, port, bodies };
}

describe("a command", () => {
  it("gets every alert in order: all of it on its input, the most of it in its environment", async () => {
    const file = join(tempDir(), "alerts");
    const { send, drain, warned } = sinks({
      command: `{ echo "$KMEMTAP_TARGET|$KMEMTAP_LEVEL|$KMEMTAP_TEXT"; cat; echo; } >>${file}`,
    });
    send("local:", lostAlert(7));
    send("local:", { ...lostAlert(8), text: `it's "8" $(touch ${file}.bad) \n done` });
    await drain();
    const lines = readFileSync(file, "utf8").trim().split("\n");
    expect(lines[0]).toBe("local:|lost|CPU 0 lost 7 events");
    expect(JSON.parse(lines[1])).toEqual({ target: "local:", ...lostAlert(7) });
    expect(JSON.parse(lines[4])).toMatchObject({ events: 8 });
    expect(existsSync(`${file}.bad`)).toBe(false);
    expect(warned).toEqual([]);
  });

  it("that fails, is not there, or is killed loses its alert, which is said", async () => {
    const { send, drain, warned } = sinks({
      command: "case $KMEMTAP_TEXT in *7*) exit 3 ;; *8*) no-such-command-here ;; *) kill -KILL $$ ;; esac",
    });
    for (const events of [7, 8, 9]) send("local:", lostAlert(events));
    await drain();
    expect(warned).toEqual([
      "an alert was not passed on: its command exited with 3",
      "an alert was not passed on: its command exited with 127",
      "an alert was not passed on: its command was ended by SIGKILL",
    ]);
  });

  it("that reads nothing of a long input is done when it ends, whatever it leaves running", async () => {
    const file = join(tempDir(), "pid");
    const { send, drain, warned } = sinks({ command: `sleep 1000 & echo $! >${file}; exit 0` }, 5000);
    send("local:", { ...lostAlert(1), text: "x".repeat(100_000) });
    await drain();
    const pid = Number(readFileSync(file, "utf8"));
    onTestFinished(() => void process.kill(pid, "SIGKILL"));
    expect(warned).toEqual([]);
  });

  it("that takes too long is ended, with all that it started", async () => {
    const file = join(tempDir(), "pid");
    const { send, drain, warned } = sinks({ command: `sleep 1000 & echo $! >${file}; wait` }, 400);
    send("local:", lostAlert(1));
    await drain();
    expect(warned).toEqual(["an alert was not passed on: its command took too long"]);
    const pid = Number(readFileSync(file, "utf8"));
    await until("the end of what it started", () => !isRunning(pid));
  });
});

describe("a webhook", () => {
  it("gets every alert as JSON, in order, and its answer may have a body", async () => {
    const { url, bodies } = await server((request) =>
      request.headers["content-type"] === "application/json" ? 200 : 500,
    );
    const { send, drain, warned } = sinks({ webhook: url });
    for (const events of [1, 2, 3]) send("ssh://board", lostAlert(events));
    await drain();
    expect(bodies.map((body) => JSON.parse(body) as { events: number; target: string })).toMatchObject(
      [1, 2, 3].map((events) => ({ events, target: "ssh://board" })),
    );
    expect(warned).toEqual([]);
  });

  it("that answers with an error, or not at all, loses its alert, which is said", async () => {
    const { url } = await server((_, body) => (body.includes("7") ? 503 : undefined));
    const { send, drain, warned } = sinks({ webhook: url }, 300);
    send("local:", lostAlert(7));
    send("local:", lostAlert(8));
    await drain();
    expect(warned).toEqual([
      "an alert was not passed on: its webhook answered 503",
      expect.stringMatching(/^an alert was not passed on: .*timeout/),
    ]);
  });

  it("that is not there is said by what the system says", async () => {
    const { send, drain, warned } = sinks({ webhook: "http://127.0.0.1:1/x" });
    send("local:", lostAlert(1));
    await drain();
    expect(warned).toHaveLength(1);
    expect(warned[0]).toMatch(/not passed on: .*(ECONNREFUSED|bad port)/);
  });

  it("may have a login in its URL, which is sent, and shown to nobody", async () => {
    let authorization: string | undefined;
    const { port } = await server((request) => {
      authorization = request.headers.authorization;
      return 401;
    });
    const { send, drain, warned } = sinks({ webhook: `http://me:p%40ss@127.0.0.1:${port}/` });
    send("local:", lostAlert(1));
    await drain();
    expect(authorization).toBe(`Basic ${Buffer.from("me:p@ss").toString("base64")}`);
    expect(warned.join()).not.toContain("ss@");
  });
});

describe("too many alerts", () => {
  it("are refused beyond those that wait, and in the end there is time for some of them only", async () => {
    const { send, drain, warned } = sinks({ command: "sleep 0.2" }, 500);
    for (let events = 0; events < 130; events++) send("local:", lostAlert(events));
    expect(warned).toHaveLength(30);
    let drained = false;
    void drain().then(() => (drained = true));
    await until("the end, though a hundred wait", () => drained, 5000);
    expect(warned.at(-1)).toMatch(/^9\d alerts were not passed on: their command or webhook is too slow$/);
  });

  it("of which the command takes none do not hold up the webhook", async () => {
    const { url, bodies } = await server(() => 200);
    const { send, drain, warned } = sinks({ command: "sleep 1000", webhook: url }, 500);
    send("local:", lostAlert(1));
    await drain();
    expect(bodies).toHaveLength(1);
    expect(warned).toEqual(["an alert was not passed on: its command took too long"]);
  });

  it("without any sink are nobody's", async () => {
    const { send, drain, warned } = sinks({});
    send("local:", lostAlert(1));
    await drain();
    expect(warned).toEqual([]);
  });
});

function isRunning(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}
