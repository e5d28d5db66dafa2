/** The other sides of links in tests: sockets of this process, and pty pairs of socat. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer, type ListenOptions, type Socket } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { tempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";
import type { Peer } from "./link-contract.ts";

export interface Listening {
  readonly port: number;
  /** The connection that somebody makes. */
  readonly peer: Promise<Peer & { readonly socket: Socket }>;
}

/** A server on this machine that takes one connection. */
export async function listen(where: ListenOptions = { host: "127.0.0.1", port: 0 }): Promise<Listening> {
  const server = createServer({ allowHalfOpen: true });
  onTestFinished(() => void server.close());
  const peer = new Promise<Socket>((resolve) => server.once("connection", resolve)).then(peerOf);
  await new Promise<void>((resolve) => server.listen(where, resolve));
  const address = server.address();
  return { port: typeof address === "object" && address !== null ? address.port : 0, peer };
}

function peerOf(socket: Socket): Peer & { readonly socket: Socket } {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  return {
    socket,
    received: () => Buffer.concat(chunks),
    write: (data) =>
      new Promise((resolve, reject) => socket.write(data, (thrown) => (thrown == null ? resolve() : reject(thrown)))),
    stall: () => void socket.pause(),
    kill: () => socket.destroy(),
  };
}

/** A pty at `path` whose other side is a peer in this process; killing the peer makes the device vanish. */
export async function ptyWithPeer(dir = tempDir()): Promise<{ path: string; peer: Peer }> {
  const path = join(dir, "pty");
  const socket = join(dir, `peer-${Math.random().toString(36).slice(2)}`);
  const listening = await listen({ path: socket });
  const socat = start("socat", [`PTY,raw,echo=0,link=${path}`, `UNIX-CONNECT:${socket}`]);
  const peer = await listening.peer;
  await until("the pty", () => existsSync(path));
  return { path, peer: { ...peer, kill: () => void socat.kill("SIGKILL") } };
}

/** A child that ends with the test; what it said on standard error. */
export function start(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"], env });
  const said = { text: "" };
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said.text += text));
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return Object.assign(child, { said });
}
