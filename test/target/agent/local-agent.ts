/** The agent on this machine, in a shell of choice and a process group of its own: what there is to send signals to. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { onTestFinished } from "vitest";
import { escapedPieces } from "../../../src/capture/workload-script.ts";
import { agentScript } from "../../../src/target/agent/agent-script.ts";
import { newNonce } from "../../../src/target/agent/nonce.ts";
import { MISSING_SHELLS, type TestShell } from "../../support/shells.ts";
import { note as unlessTraced } from "../../support/traced.ts";
import { until } from "../../support/until.ts";
import { type AgentEar, listen } from "./agent-ear.ts";

export const TRACING = "/sys/kernel/tracing";
/** What a test's name says of what is missing. */
export const note = unlessTraced + (MISSING_SHELLS.length > 0 ? ` (not installed: ${MISSING_SHELLS.join(", ")})` : "");
/** Holds what this machine does while the reader waits. */
export const BUFFER = "buffer_kb=16384";

export function printk(): string {
  return readFileSync("/proc/sys/kernel/printk", "utf8");
}

export interface LocalAgent extends AgentEar {
  readonly nonce: string;
  readonly child: ChildProcessWithoutNullStreams;
  readonly exited: Promise<number | null>;
  /** The group's. */
  readonly pid: number;
  send(...lines: string[]): void;
}

export interface LocalAgentOptions {
  /** Changes the script: what another kernel would not have. */
  readonly change?: (script: string) => string;
  /** What is run, with the shell and its arguments behind it. */
  readonly wrapper?: readonly string[];
  /** Its output is taken; true by default. */
  readonly reads?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

export function startAgent(shell: TestShell, args: readonly string[], options: LocalAgentOptions = {}): LocalAgent {
  const nonce = newNonce();
  const [verb, ...rest] = args;
  const script = (options.change ?? ((text) => text))(agentScript());
  const words = [shell.path, ...shell.words.slice(1), "-c", script, "kmemtap-agent", verb, nonce, ...rest];
  const [program, ...argv] = [...(options.wrapper ?? []), ...words];
  const child = spawn(program, argv, { detached: true, stdio: "pipe", env: options.env });
  child.stdin.on("error", () => undefined);
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const pid = child.pid ?? 0;
  onTestFinished(() => {
    signalGroup(pid, "SIGKILL");
  });
  const ear = options.reads === false ? listen(nonce, Readable.from([])) : listen(nonce, child.stdout, child.stderr);
  return {
    ...ear,
    nonce,
    child,
    exited,
    pid,
    send: (...lines) => void child.stdin.write(lines.map((line) => `${line}\n`).join("")),
  };
}

/** Has it run a phase. */
export function perform(agent: LocalAgent, name: string, command: string): void {
  agent.send(...escapedPieces(command).map((piece) => `arg ${piece}`), `phase ${name}`);
}

/** Ends it as kmemtap does. */
export async function stop(agent: LocalAgent): Promise<void> {
  agent.send("stop");
  await agent.heard("last");
  agent.send("bye");
  await agent.heard("bye");
}

export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It is gone.
  }
}

/** The instances that an agent with that nonce has. */
export function instancesOf({ nonce }: { readonly nonce: string }): string[] {
  return readdirSync(`${TRACING}/instances`).filter((name) => name.includes(`-${nonce}-`));
}

/** Processes of the group, or with `text` in their arguments, that have not ended. */
export function processesOf(group: number, text?: string): string[] {
  const found: string[] = [];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      const [state, , pgrp] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const command = readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ");
      const isOurs = Number(pgrp) === group || (text !== undefined && command.includes(text));
      if (isOurs && state !== "Z") found.push(`${pid} ${command.slice(0, 40)}`);
    } catch {
      // Ended meanwhile.
    }
  }
  return found;
}

/** Waits until nothing of the agent is left: no instance, no process. */
export async function goneWithoutTrace(agent: LocalAgent): Promise<void> {
  await until("the instance gone", () => instancesOf(agent).length === 0, 30_000);
  await until(`no process left`, () => processesOf(agent.pid, agent.nonce).length === 0, 30_000).catch(
    (error: unknown) => {
      throw new Error(`${String(error)}: ${processesOf(agent.pid, agent.nonce).join(", ")}`, { cause: error });
    },
  );
}
