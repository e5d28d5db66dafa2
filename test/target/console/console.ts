/** Opens real shells for the tests of this room. */
import { setTimeout as sleep } from "node:timers/promises";
import { onTestFinished } from "vitest";
import type { DuplexStream, RunningScript, Shell } from "../../../src/model/ports.ts";
import { type ConsoleOptions, openConsole } from "../../../src/target/console/open-console.ts";
import { openPty, PTY_LINK, type PtyOptions } from "../../support/console-pty.ts";
import { type Noise, noisyStream } from "../../support/noisy-stream.ts";
import { until } from "../../support/until.ts";
import { pathWithShell, SHELLS, type TestShell } from "../../support/shells.ts";

export const NOBODY: ConsoleOptions = { login: {}, ask: () => Promise.resolve(undefined) };

/** An interactive `shell` in a terminal, whose `sh` is that shell as well. */
export async function openShell(shell: TestShell, noise?: Noise, options: PtyOptions = {}): Promise<Shell> {
  const env = { PATH: pathWithShell(shell), ...options.env };
  const { stream } = await openPty([...shell.words, "-i"], { ...options, env });
  return openOver(noise === undefined ? stream : noisyStream(stream, noise));
}

export async function openOver(stream: DuplexStream, options: ConsoleOptions = NOBODY): Promise<Shell> {
  const shell = await openConsole(stream, PTY_LINK, options);
  onTestFinished(() => shell.close());
  return shell;
}

/** The first shell there is, where any will do. */
export function anyShell(): TestShell {
  const shell = SHELLS.at(0);
  if (shell === undefined) throw new Error("this machine has no shell");
  return shell;
}

/** All that the script writes until it ends. */
export async function outputOf(script: RunningScript): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of script.bytes) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}

export interface StayingConsole {
  readonly stream: DuplexStream;
  /** All that came so far. */
  log(): string;
  /** What the console says to a command, typed into whatever is there now. */
  rest(command: string): Promise<string>;
}

/** A console that stays when the shell on it is closed. */
export function staying(pty: DuplexStream): StayingConsole {
  const queue: Uint8Array[] = [];
  let log = "";
  void (async () => {
    for await (const chunk of pty.bytes) {
      log += Buffer.from(chunk).toString();
      queue.push(chunk);
    }
  })().catch(() => undefined);
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = queue.shift();
      if (chunk === undefined) await sleep(2);
      else yield chunk;
    }
  }
  return {
    stream: { bytes: bytes(), write: (data) => pty.write(data), close: () => Promise.resolve() },
    log: () => log,
    rest: async (command) => {
      const from = log.length;
      await pty.write(Buffer.from(`${command}; echo END''OFIT\n`));
      await until("the console's answer", () => log.slice(from).includes("ENDOFIT"));
      return log.slice(from);
    },
  };
}
