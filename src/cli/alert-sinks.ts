/**
 * Whom an alert reaches beside the log, the page and the exit status: a command and a webhook of the configuration. Each is
 * bounded: a sink that is slow or away loses alerts, which is said, and never holds up the capture.
 */
import { spawn } from "node:child_process";
import { messageOf } from "../model/errors.ts";
import type { Alert } from "../model/wire.ts";
import type { Config } from "./config.ts";

export interface AlertSinks {
  readonly send: (target: string, alert: Alert) => void;
  /** Waits, for as long as a sink may take, until what was sent has arrived. */
  readonly drain: () => Promise<void>;
}

const LIMIT_MS = 10_000;
const MAX_WAITING = 100;
const OK = 300;

/** @param warn is told of alerts that did not arrive */
export function alertSinks(
  config: Config["alerts"],
  warn: (text: string) => void,
  /** What a command or webhook may take for an alert, and all of them together in the end, milliseconds. */
  limitMs = LIMIT_MS,
): AlertSinks {
  const sinks: ((text: string) => Promise<void>)[] = [];
  const { command, webhook } = config;
  if (command !== undefined) sinks.push((text) => runCommand(command, text, limitMs));
  if (webhook !== undefined) sinks.push((text) => post(webhook, text, limitMs));
  const queues = sinks.map((deliver) => queue(deliver, warn));
  return {
    send: (target, alert) => {
      const text = JSON.stringify({ target, ...alert });
      for (const { push } of queues) push(text);
    },
    drain: async () => {
      await Promise.all(queues.map(({ drained }) => drained(limitMs)));
    },
  };
}

/** One after the other, in order. */
function queue(deliver: (text: string) => Promise<void>, warn: (text: string) => void) {
  let waiting = 0;
  let untilMs = Infinity;
  let last: Promise<void> = Promise.resolve();
  const dropped = { count: 0 };
  const deliverInTime = async (text: string) => {
    if (Date.now() < untilMs) await deliver(text);
    else dropped.count += 1;
  };
  return {
    push: (text: string) => {
      if (waiting >= MAX_WAITING) {
        warn("an alert was not passed on: too many are waiting for its command or webhook");
        return;
      }
      waiting += 1;
      last = last
        .then(() => deliverInTime(text))
        .catch((thrown: unknown) => warn(`an alert was not passed on: ${messageOf(thrown)}`))
        .finally(() => (waiting -= 1));
    },
    /** What is under way is awaited; of the rest, what there is time for. */
    drained: async (limitMs: number) => {
      untilMs = Date.now() + limitMs;
      await last;
      untilMs = Infinity;
      if (dropped.count > 0) warn(`${dropped.count} alerts were not passed on: their command or webhook is too slow`);
      dropped.count = 0;
    },
  };
}

/** The alert is the command's standard input, as JSON; the fields one asks for most are in its environment. */
function runCommand(command: string, text: string, limitMs: number): Promise<void> {
  const { target, level, text: what } = JSON.parse(text) as { target: string } & Alert;
  // In a process group of its own, so that all it has started can be ended with it.
  const child = spawn("/bin/sh", ["-c", command], {
    stdio: ["pipe", "ignore", "ignore"],
    env: { ...process.env, KMEMTAP_TARGET: target, KMEMTAP_LEVEL: level, KMEMTAP_TEXT: what },
    detached: true,
  });
  child.stdin.on("error", () => undefined);
  child.stdin.end(text);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      killGroup(child.pid);
      reject(new Error("its command took too long"));
    }, limitMs);
    child.once("error", (thrown) => {
      clearTimeout(timer);
      reject(thrown);
    });
    // Not "close": what the command leaves running may hold its input.
    child.once("exit", (status, signal) => {
      clearTimeout(timer);
      child.stdin.destroy();
      if (status === 0) resolve();
      else reject(new Error(`its command ${status === null ? `was ended by ${signal}` : `exited with ${status}`}`));
    });
  });
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended in this moment.
  }
}

async function post(webhook: string, text: string, limitMs: number): Promise<void> {
  const { url, authorization } = withoutLogin(webhook);
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...(authorization === undefined ? {} : { authorization }) },
    body: text,
    signal: AbortSignal.timeout(limitMs),
  }).catch((thrown: unknown) => {
    // "fetch failed" says nothing; its cause does.
    throw thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
  });
  // Its body would keep the connection.
  await response.body?.cancel();
  if (response.status >= OK) throw new Error(`its webhook answered ${response.status}`);
}

/** fetch takes no URL with a password in it, and would say it in its complaint. */
function withoutLogin(webhook: string): { url: URL; authorization: string | undefined } {
  const url = new URL(webhook);
  const login = [url.username, url.password].map(decodeURIComponent).join(":");
  url.username = url.password = "";
  return { url, authorization: login === ":" ? undefined : `Basic ${Buffer.from(login).toString("base64")}` };
}
