/** A script at the other end of an SSH channel. */
import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClientChannel } from "ssh2";
import { KmemtapError } from "../../model/errors.ts";
import type { RunningScript } from "../../model/ports.ts";
import { drain } from "../drain.ts";
import { pull } from "../pull.ts";
import { type SentScript, quote } from "../send-script.ts";
import type { ExecChannel, SshConnection } from "./connection.ts";

/** A channel and the connection that it is of. */
export interface OpenChannel extends ExecChannel {
  readonly connection: SshConnection;
}

const GRACE_MS = 3000;
const START_MS = 20_000;
/** More than any login shell says before it does what it is told. */
const GREETING_BYTES = 256 * 1024;
const MARK = "kmemtap-shell=";

/** What the login shell is told, whichever it is: sh, csh and fish read this alike. */
export function remoteCommand({ loader }: SentScript): string {
  return `exec sh -c ${quote(`echo ${MARK}$$; ${loader}`)} kmemtap-agent`;
}

/**
 * The script, once its shell runs; what the login shell says before is not part of its output.
 *
 * @param signal runs a command beside it: servers take no signals for root's programs (OpenSSH, session_signal_req)
 * @throws {KmemtapError} `console/no-shell`, `link/lost`, `link/timeout`
 */
export async function remoteScript(
  { channel, connection, wasRead }: OpenChannel,
  sent: SentScript,
  label: string,
  signal: (command: string) => Promise<void>,
): Promise<RunningScript> {
  let closed = false;
  // Output that the server still held is lost with the connection, also after the script's end.
  let cut = false;
  const forget = connection.whenLost(() => {
    cut = incomingState(channel) === "open";
  });
  channel.once("close", forget);
  const { exited, isRunning } = exitOf(channel, connection);
  const { bytes, stop } = pull(channel, () => (closed || !cut ? undefined : connection.lost), wasRead);
  const errorBytes = drain(channel.stderr);
  channel.write(sent.script);
  const { pid, rest } = await afterGreeting(bytes, errorBytes, label, () => {
    stop();
    channel.close();
  });

  async function* output(): AsyncGenerator<Uint8Array> {
    const first = rest.splice(0);
    yield* first;
    yield* bytes;
  }

  const end = async () => {
    closed = true;
    stop();
    channel.end();
    if (isRunning() && connection.lost === undefined) {
      // As busybox has it, which takes no "--".
      const tell = (name: string) => signal(`kill -${name} -${pid} 2>/dev/null || kill -${name} ${pid}`);
      const grace = sleep(GRACE_MS, undefined, { ref: false });
      await Promise.race([tell("TERM").then(() => exited), grace]).catch(() => undefined);
      if (isRunning()) await Promise.race([tell("KILL"), sleep(GRACE_MS)]).catch(() => undefined);
    }
    if (connection.lost === undefined) channel.close();
  };
  let closing: Promise<void> | undefined;
  // ssh2 forgets a write whose channel goes away.
  const writing = new Set<() => void>();
  void exited.then(() => {
    for (const fail of writing) fail();
  });

  return {
    bytes: { [Symbol.asyncIterator]: output },
    errorBytes,
    exited,
    write: (data) =>
      new Promise((resolve, reject) => {
        const fail = () => {
          writing.delete(fail);
          reject(connection.lost ?? hasEnded(label));
        };
        if (!isRunning() || closed || !channel.writable) {
          fail();
          return;
        }
        writing.add(fail);
        channel.write(data, (thrown) => {
          writing.delete(fail);
          if (thrown == null) resolve();
          else fail();
        });
      }),
    close: () => (closing ??= end()),
  };
}

function hasEnded(label: string): KmemtapError {
  return new KmemtapError("link/lost", `${label}: the script has ended`, {
    nextStep: "see its exit status and what it said",
  });
}

/** `open` until the server has said that no more data comes. ssh2 keeps that to itself. */
function incomingState(channel: ClientChannel): string | undefined {
  return (channel as unknown as { incoming?: { state?: string } }).incoming?.state;
}

interface Exit {
  readonly exited: Promise<number | undefined>;
  readonly isRunning: () => boolean;
}

function exitOf(channel: ClientChannel, connection: SshConnection): Exit {
  let running = true;
  const exited = new Promise<number | undefined>((resolve) => {
    const settle = (code: number | undefined) => {
      running = false;
      forget();
      resolve(code);
    };
    const forget = connection.whenLost(() => settle(undefined));
    channel.once("exit", (code: number | null, signal?: string) => {
      const number = constants.signals[signal as NodeJS.Signals] as number | undefined;
      settle(code ?? 128 + (number ?? 0));
    });
    channel.once("close", () => settle(undefined));
  });
  return { exited, isRunning: () => running };
}

interface Started {
  /** Of the shell, which leads the session's process group. */
  readonly pid: number;
  /** Output that came with the greeting. */
  readonly rest: Uint8Array[];
}

async function afterGreeting(
  bytes: AsyncIterable<Uint8Array>,
  errorBytes: AsyncIterable<Uint8Array>,
  label: string,
  giveUp: () => void,
): Promise<Started> {
  const clock = { late: false };
  const timer = setTimeout(() => {
    clock.late = true;
    giveUp();
  }, START_MS);
  const mark = new RegExp(`(?:^|\\n)${MARK}(\\d+)\\n`);
  let said = Buffer.alloc(0);
  try {
    for await (const chunk of bytes) {
      said = Buffer.concat([said, chunk]);
      // One byte is one character, so that what follows can be cut where it begins.
      const found = mark.exec(said.toString("latin1"));
      if (found !== null) {
        const rest = said.subarray(found.index + found[0].length);
        return { pid: Number(found[1]), rest: rest.length > 0 ? [rest] : [] };
      }
      if (said.length > GREETING_BYTES) break;
    }
  } finally {
    clearTimeout(timer);
  }
  giveUp();
  if (clock.late)
    throw new KmemtapError("link/timeout", `${label}: no shell answers within ${START_MS / 1000} s`, {
      nextStep: "check the load of the target and what the user's login shell does",
    });
  const complaint = Buffer.concat([said, ...(await all(errorBytes))])
    .toString()
    .trim()
    .split("\n", 1)[0];
  throw new KmemtapError("console/no-shell", `${label} runs no sh${complaint ? `: ${complaint.slice(0, 200)}` : ""}`, {
    nextStep: "check the user's login shell, and that sh and dd are on the target",
  });
}

async function all(bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  const read = async () => {
    for await (const chunk of bytes) chunks.push(chunk);
  };
  await Promise.race([read(), sleep(500)]);
  return chunks;
}
