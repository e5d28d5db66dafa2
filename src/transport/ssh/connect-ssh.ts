/** `ssh:`: a shell on another machine, with as many channels as are asked for. */
import type { Duplex } from "node:stream";
import { KmemtapError } from "../../model/errors.ts";
import type { AskSecret, RunningScript, Shell } from "../../model/ports.ts";
import type { SshTarget } from "../../model/target.ts";
import { rememberAnswers } from "../remember-answers.ts";
import { runToEnd } from "../run-to-end.ts";
import { sendScript, type SentScript } from "../send-script.ts";
import { openSocket } from "../socket.ts";
import { type SshConnection, sshConnection } from "./connection.ts";
import { hostKeys } from "./host-key.ts";
import { login } from "./login.ts";
import { type OpenChannel, remoteCommand, remoteScript } from "./remote-script.ts";
import { type SshSettings, sshSettings } from "./settings.ts";

/** A chain of jump hosts longer than this is a configuration that names itself. */
const MAX_JUMPS = 8;
/** Connections of one shell: an OpenSSH server opens ten channels on each (MaxSessions), and a raw capture takes one a CPU. */
const MAX_CONNECTIONS = 32;

/**
 * Connects, verifies the host's key and logs in, by the operator's OpenSSH configuration where there is one.
 *
 * @param ask for passphrases and passwords, when the server takes them and nothing else did
 * @throws {KmemtapError} `link/unreachable`, `link/refused`, `link/host-key`, `link/auth`, `link/timeout`, `config/invalid`
 */
export async function connectSsh(target: SshTarget, ask: AskSecret): Promise<Shell> {
  const label = labelOf(target);
  const secrets = rememberAnswers(ask);
  const connect = () => connectChain(target, label, secrets.next());
  return sshShell(label, connect, await connect());
}

function sshShell(label: string, connect: () => Promise<Chain>, first: Chain): Shell {
  const chains = [first];
  const started = new Set<RunningScript>();
  let more: Promise<void> = Promise.resolve();
  let closed = false;

  const openChannel = async (command: string): Promise<OpenChannel> => {
    for (let at = 0; ; at++) {
      const connection = chains.at(at)?.connection;
      if (connection === undefined) throw noMore(label);
      try {
        return { connection, ...(await connection.exec(command)) };
      } catch (thrown) {
        // The first one is what the shell stands and falls with; further ones are there for their channels only.
        const isFull = thrown instanceof KmemtapError && thrown.code === "link/refused";
        if (!isFull && at === 0) throw thrown;
      }
      if (at + 1 < chains.length) continue;
      // One after the other: many callers find it full at the same time.
      const known = chains.length;
      more = more.then(async () => {
        if (closed || chains.length > known || known >= MAX_CONNECTIONS) return;
        chains.push(await connect());
      });
      const grown = more;
      more = more.catch(() => undefined);
      await grown;
    }
  };

  const signal = async (command: string): Promise<void> => {
    const { channel } = await openChannel(`exec sh -c '${command}'`);
    channel.resume();
    channel.stderr.resume();
    await new Promise((resolve) => channel.once("close", resolve));
  };
  const start = async (sent: SentScript): Promise<RunningScript> => {
    const running = await remoteScript(await openChannel(remoteCommand(sent)), sent, label, signal);
    started.add(running);
    void running.exited.then(() => started.delete(running));
    return running;
  };

  return {
    link: { kind: "ssh", label },
    concurrent: true,
    run: async (command, options) =>
      runToEnd(await start(sendScript(command, [], { plain: true })), command, label, options?.timeoutMs),
    start: (script, args) => start(sendScript(script, args)),
    close: async () => {
      closed = true;
      await Promise.all([...started].map((running) => running.close()));
      await more;
      await Promise.all(chains.map((chain) => chain.close()));
    },
  };
}

/** A connection, and those that it goes through. */
interface Chain {
  readonly connection: SshConnection;
  close(): Promise<void>;
}

/** @param through given, instead of what the configuration says, for a hop in the middle of a chain */
async function connectChain(
  target: SshTarget,
  label: string,
  ask: AskSecret,
  { through, depth = 0 }: { through?: readonly string[]; depth?: number } = {},
): Promise<Chain> {
  if (depth > MAX_JUMPS)
    throw new KmemtapError("config/invalid", `${label}: more than ${MAX_JUMPS} jump hosts`, {
      nextStep: "check ProxyJump in the OpenSSH configuration: a host may name itself",
    });
  const settings = await sshSettings(target);
  const { hostname } = settings;
  const keys = hostKeys(settings, target.acceptNew === true);
  const jumps = [...(through ?? settings.jumps)];
  const last = jumps.pop();
  const via = last === undefined ? undefined : await jumpHost(last, jumps, target, ask, depth);
  try {
    const socket = await reach(
      settings,
      via?.connection,
      hostname === target.host ? label : `${label} (${hostname}:${settings.port})`,
    );
    const connection = await sshConnection({ settings, label, socket, keys, login: login(settings, target, ask) });
    return {
      connection,
      close: async () => {
        await connection.close();
        await via?.close();
      },
    };
  } catch (thrown) {
    await via?.close();
    throw thrown;
  }
}

/** The target's password and key are the target's: a jump host gets what the OpenSSH configuration has for it. */
function jumpHost(spec: string, before: string[], target: SshTarget, ask: AskSecret, depth: number): Promise<Chain> {
  const match = /^(?:ssh:\/\/)?(?:([^@]+)@)?(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(spec);
  const [user, port] = [match?.at(1), match?.at(4)];
  const host = match?.at(2) ?? match?.at(3);
  if (host === undefined)
    throw new KmemtapError("config/invalid", `ProxyJump ${spec} is not [user@]host[:port]`, {
      nextStep: "mend it in the OpenSSH configuration",
    });
  const hop: SshTarget = {
    kind: "ssh",
    host,
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(target.configFile === undefined ? {} : { configFile: target.configFile }),
    ...(target.acceptNew === undefined ? {} : { acceptNew: target.acceptNew }),
  };
  const options = before.length > 0 ? { through: before, depth: depth + 1 } : { depth: depth + 1 };
  return connectChain(hop, `jump host ${spec}`, ask, options);
}

async function reach(
  { hostname, port, connectTimeoutMs }: SshSettings,
  via: SshConnection | undefined,
  label: string,
): Promise<Duplex> {
  if (via === undefined) return openSocket({ host: hostname, port }, { timeoutMs: connectTimeoutMs, label });
  return via.forward(hostname, port);
}

/** As the operator wrote it, which holds no secret. */
function labelOf({ host, port, user }: SshTarget): string {
  const name = host.includes(":") ? `[${host}]` : host;
  return `ssh://${user === undefined ? "" : `${user}@`}${name}${port === undefined ? "" : `:${port}`}`;
}

function noMore(label: string): KmemtapError {
  return new KmemtapError("link/refused", `${label}: the server opens no more channels`, {
    nextStep: "raise MaxSessions and MaxStartups in the target's sshd_config",
  });
}
