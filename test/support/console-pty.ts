/** A real program in a real pseudo-terminal, reached as bytes: socat stands where a UART would. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { KmemtapError } from "../../src/model/errors.ts";
import type { DuplexStream, LinkFacts } from "../../src/model/ports.ts";
import { tempDir } from "./temp-dir.ts";
import { until } from "./until.ts";

export const PTY_LINK: LinkFacts = { kind: "pty", label: "pty:///dev/pts/test" };

export interface PtyOptions {
  /** Of the program; HOME and PATH are those of the test where not given. */
  readonly env?: Readonly<Record<string, string>>;
  /** socat's options for the terminal; a controlling one where not given. */
  readonly terminal?: string;
  readonly cwd?: string;
}

export interface PtyConsole {
  readonly stream: DuplexStream;
  /** Ends the program, as a target does that is switched off. */
  kill(): void;
}

/** Starts `command` (one word per entry) in a pseudo-terminal. */
export async function openPty(command: readonly string[], options: PtyOptions = {}): Promise<PtyConsole> {
  const folder = tempDir();
  const path = join(folder, "console");
  // socat takes quotes, commas and colons for itself: it is given a file without arguments.
  const program = join(folder, "program");
  const env = { HOME: "/nonexistent", TERM: "vt100", ...options.env };
  const exports = Object.entries(env).map(([name, value]) => `export ${name}=${quoted(value)}\n`);
  writeFileSync(program, `#!/bin/sh\n${exports.join("")}exec ${command.map(quoted).join(" ")}\n`, { mode: 0o755 });
  const terminal = `pty,${options.terminal ?? "setsid,ctty"},stderr`;
  const socat = spawn("socat", ["-b", "65536", `UNIX-LISTEN:${path}`, `EXEC:${program},${terminal}`], {
    cwd: options.cwd,
    stdio: ["ignore", "ignore", "inherit"],
  });
  onTestFinished(() => end(socat));
  await until("socat to listen", () => existsSync(path));
  const socket = await connected(path);
  onTestFinished(() => void socket.destroy());
  return { stream: socketStream(socket), kill: () => void socat.kill("SIGKILL") };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** Connects; socat binds its socket a moment before it listens on it. */
async function connected(path: string): Promise<Socket> {
  for (let tries = 0; ; tries++) {
    const socket = connect(path);
    try {
      await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
      return socket;
    } catch (thrown) {
      if (tries > 100) throw thrown;
      await sleep(10);
    }
  }
}

function socketStream(socket: Socket): DuplexStream {
  socket.on("error", () => undefined);
  return {
    bytes: socket,
    write: (data) =>
      new Promise((resolve, reject) => {
        socket.write(data, (error) => {
          if (error) reject(new KmemtapError("link/lost", "the test's socket is closed", { cause: error }));
          else resolve();
        });
      }),
    close: () => {
      socket.destroy();
      return Promise.resolve();
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}

/** All that the program wrote to its terminal, when it has ended by itself. */
export async function outputOf({ stream }: PtyConsole): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream.bytes) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
