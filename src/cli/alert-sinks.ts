/**
 * Whom an alert reaches beside the log, the page and the exit status: a command and a webhook of the configuration. Each is
 * bounded: a sink that is slow or away loses alerts, which is said, and never holds up the capture.
 */
import { spawn } from "node:child_process";
import { messageOf } from "../model/errors.ts";
import type { Alert } from "../model/wire.ts";
import type { Config } from "./config.ts";

export interface AlertSinks {
  send(target: string, alert: Alert): void;
  /** Waits, for as long as a sink may take, until what was sent has arrived. */
  drain(): Promise<void>;
}

const LIMIT_MS = 10_000;
const MAX_WAITING = 100;
const OK = 300;

/** @param warn is told of alerts that did not arrive */
export function alertSinks(config: Config["alerts"], warn: (text: string) => void): AlertSinks {
  const sinks: ((text: string) => Promise<void>)[] = [];
  const { command, webhook } = config;
  if (command !== undefined) sinks.push((text) => runCommand(command, text));
  if (webhook !== undefined) sinks.push((text) => post(webhook, text));
  const queues = sinks.map((deliver) => queue(deliver, warn));
  return {
    send: (target, alert) => {
      const text = JSON.stringify({ target, ...alert });
      for (const { push } of queues) push(text);
    },
    drain: async () => {
      await Promise.all(queues.map(({ idle }) => idle()));
    },
  };
}

/** One after the other, in order. */
function queue(deliver: (text: string) => Promise<void>, warn: (text: string) => void) {
  let waiting = 0;
  let last: Promise<void> = Promise.resolve();
  return {
    push: (text: string) => {
      if (waiting >= MAX_WAITING) {
        warn("an alert was not passed on: too many are waiting for its command or webhook");
        return;
      }
      waiting += 1;
      last = last
        .then(() => deliver(text))
        .catch((thrown: unknown) => warn(`an alert was not passed on: ${messageOf(thrown)}`))
        .finally(() => (waiting -= 1));
    },
    idle: () => last,
  };
}

/** The alert is the command's standard input, as JSON; the fields one asks for most are in its environment. */
function runCommand(command: string, text: string): Promise<void> {
  const { target, level, text: what } = JSON.parse(text) as { target: string } & Alert;
  const child = spawn("/bin/sh", ["-c", command], {
    stdio: ["pipe", "ignore", "ignore"],
    env: { ...process.env, KMEMTAP_TARGET: target, KMEMTAP_LEVEL: level, KMEMTAP_TEXT: what },
    timeout: LIMIT_MS,
    killSignal: "SIGKILL",
  });
  child.stdin.on("error", () => undefined);
  child.stdin.end(text);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => {
      if (status === 0) resolve();
      else reject(new Error(status === null ? "its command took too long" : `its command exited with ${status}`));
    });
  });
}

async function post(url: string, text: string): Promise<void> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: text,
    signal: AbortSignal.timeout(LIMIT_MS),
  });
  // Its body would keep the connection.
  await response.body?.cancel();
  if (response.status >= OK) throw new Error(`its webhook answered ${response.status}`);
}
