/** The server for real, on a port of this machine, and viewers of it. */
import { once } from "node:events";
import { request } from "node:http";
import { pino } from "pino";
import { Subject } from "rxjs";
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";
import type { LiveUpdate } from "../../src/capture/live-update.ts";
import { type ServerMessage, serverMessageSchema, type TargetSummary } from "../../src/model/wire.ts";
import type { AccessSettings } from "../../src/server/access/access.ts";
import { type ServedTarget, TargetRegistry } from "../../src/server/registry.ts";
import { serve } from "../../src/server/serve.ts";

/** As the configuration has it where nothing is configured; nothing is asked too often. */
export const OPEN_ACCESS: AccessSettings = {
  tokens: [],
  hosts: [],
  readOnly: false,
  limits: { connections: 100, connectionsPerAddress: 100, requestsPerSecond: 10_000, messagesPerSecond: 1000 },
};

export interface ServingOptions {
  readonly host?: string;
  readonly access?: Partial<AccessSettings>;
  readonly target?: Partial<ServedTarget>;
}

/** One target, called "target"; the log that the server writes is all in `log`. */
export async function serving({ host = "127.0.0.1", access = {}, target = {} }: ServingOptions = {}) {
  const updates = new Subject<LiveUpdate>();
  const registry = new TargetRegistry();
  registry.add({ id: "target", label: "test", updates, ...target });
  const log: string[] = [];
  const logger = pino({ level: "trace" }, { write: (line: string) => log.push(line) });
  const settings = { ...OPEN_ACCESS, ...access };
  const server = await serve(registry, { host, port: 0, anyPort: false, logger, access: settings });
  onTestFinished(() => server.close());
  return { updates, registry, log, port: Number(new URL(server.url).port), url: server.url };
}

export interface ConnectOptions {
  readonly headers?: Record<string, string>;
  readonly protocols?: readonly string[];
  /** Subscribes to "target" at once, unless it says otherwise. */
  readonly subscribe?: boolean;
}

/** A viewer; its messages are checked against the schema, and lists of targets kept apart: they come at any time. */
export function connect(url: string, { headers, protocols, subscribe = true }: ConnectOptions = {}) {
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws`, [...(protocols ?? [])], { headers });
  const messages: ServerMessage[] = [];
  const viewer = {
    socket,
    messages,
    lists: [] as TargetSummary[][],
    failure: "",
    closed: 0,
    say: (message: object) => socket.send(JSON.stringify(message)),
  };
  socket.on("message", (data) => {
    const message = serverMessageSchema.parse(JSON.parse((data as Buffer).toString()));
    if (message.type === "targets") viewer.lists.push(message.targets);
    else messages.push(message);
  });
  if (subscribe) socket.on("open", () => viewer.say({ type: "subscribe", target: "target" }));
  socket.on("error", (error) => (viewer.failure = error.message));
  socket.on("close", (code) => (viewer.closed = code));
  onTestFinished(() => socket.terminate());
  return viewer;
}

/** `fetch` does not let a Host be chosen. */
export async function statusWith(url: string, headers: Record<string, string>): Promise<number> {
  const { hostname, port, pathname } = new URL(url.replace(/\.\./g, "%2e%2e"));
  const sent = request({ hostname: hostname.replace(/^\[|\]$/g, ""), port, path: pathname, headers });
  sent.end();
  const [response] = (await once(sent, "response")) as [{ statusCode: number; resume(): void }];
  response.resume();
  return response.statusCode;
}
