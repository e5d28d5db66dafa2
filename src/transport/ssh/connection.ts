/** One SSH connection: made, verified, logged in, and watched until it ends. */
import type { Duplex } from "node:stream";
import ssh2, { type AnyAuthMethod, type Client, type ClientChannel } from "ssh2";
import { KmemtapError, messageOf } from "../../model/errors.ts";
import type { HostKeys } from "./host-key.ts";
import type { Login } from "./login.ts";
import type { SshSettings } from "./settings.ts";
import { channelWindows } from "./window.ts";

export interface SshConnection {
  /** Why it is gone, once it is. */
  readonly lost: KmemtapError | undefined;
  /** Calls back once when it is gone, before its channels end; gives what takes that back. */
  whenLost(callback: () => void): () => void;
  /** @throws {KmemtapError} `link/refused` when the server opens no more channels, `link/lost` */
  exec(command: string): Promise<ExecChannel>;
  /** A connection that the server makes to another host. */
  forward(host: string, port: number): Promise<Duplex>;
  close(): Promise<void>;
}

export interface ExecChannel {
  readonly channel: ClientChannel;
  /** To be called when some of its output was read. */
  readonly wasRead: () => void;
}

export interface ConnectionParts {
  readonly settings: SshSettings;
  /** What the operator calls the host. */
  readonly label: string;
  /** Connected to the server already. */
  readonly socket: Duplex;
  readonly keys: HostKeys;
  readonly login: Login;
}

/** How long the server may take for one step of the login; a person's typing does not count. */
const STEP_MS = 30_000;
/** Keep-alives without a single byte in between after which nobody is there. */
const SILENT_TICKS = 3;

/** @throws {KmemtapError} `link/host-key`, `link/auth`, `link/refused`, `link/timeout` */
export function sshConnection(parts: ConnectionParts): Promise<SshConnection> {
  const { settings, label, socket, keys, login } = parts;
  const client = new ssh2.Client();
  return new Promise((resolve, reject) => {
    let phase: "key exchange" | "login" = "key exchange";
    let refusal: KmemtapError | undefined;
    let timer: NodeJS.Timeout | undefined;
    const expect = (ms: number) => {
      clearTimeout(timer);
      timer = setTimeout(() => fail(noStep(label, phase, ms)), ms);
    };
    const settle = (): void => {
      clearTimeout(timer);
      client.removeAllListeners();
    };
    const fail = (error: KmemtapError) => {
      settle();
      // ssh2 may say more on its way out.
      client.on("error", () => undefined);
      client.destroy();
      socket.destroy();
      reject(error);
    };
    client.on("ready", () => {
      settle();
      // At once: the next packet may end it again.
      resolve(watched(client, parts));
    });
    client.on("handshake", () => {
      phase = "login";
    });
    client.on("error", (thrown) => {
      // A key that the agent could not sign with is one key less.
      if ("level" in thrown && thrown.level === "agent") return;
      fail(refusal ?? (phase === "login" ? refusedLogin(label, login, thrown) : noSsh(label, thrown)));
    });
    client.on("close", () => fail(refusal ?? (phase === "login" ? refusedLogin(label, login) : noSsh(label))));

    const nextMethod = async (left: Parameters<Login["next"]>[0], use: (method: AnyAuthMethod) => void) => {
      clearTimeout(timer);
      const method = await login.next(left).catch((thrown: unknown) => {
        fail(refusedLogin(label, login, thrown));
        return undefined;
      });
      if (method === undefined) {
        fail(refusedLogin(label, login));
        return;
      }
      // Its questions wait for a person.
      if (method.type !== "keyboard-interactive") expect(STEP_MS);
      use(method);
    };
    expect(settings.connectTimeoutMs);
    client.connect({
      sock: socket,
      username: settings.user,
      readyTimeout: 0,
      // Only sent by ssh2: whether anything comes back is watched over here, for a busy link answers late.
      keepaliveInterval: settings.keepaliveMs,
      keepaliveCountMax: Number.POSITIVE_INFINITY,
      algorithms: {
        serverHostKey: keys.algorithms as never,
        kex: { append: settings.algorithms.kex as never, prepend: [], remove: [] },
        cipher: { append: settings.algorithms.cipher as never, prepend: [], remove: [] },
        hmac: { append: settings.algorithms.hmac as never, prepend: [], remove: [] },
      },
      hostVerifier: (key: Buffer) => {
        refusal = keys.verify(key);
        return refusal === undefined;
      },
      // Null where nothing was tried yet.
      authHandler: (left: Parameters<Login["next"]>[0] | null, _partial, use) => void nextMethod(left ?? [], use),
    });
  });
}

function watched(client: Client, { settings, label, socket }: ConnectionParts): SshConnection {
  const windows = channelWindows(client);
  let lost: KmemtapError | undefined;
  const waiting = new Set<() => void>();
  const lose = (cause?: unknown): KmemtapError => {
    if (lost !== undefined) return lost;
    lost = lostAt(label, cause);
    for (const callback of waiting) callback();
    waiting.clear();
    return lost;
  };
  const whenLost = (callback: () => void) => {
    waiting.add(callback);
    return () => {
      waiting.delete(callback);
    };
  };

  let silentTicks = 0;
  socket.on("data", () => {
    silentTicks = 0;
  });
  const watch = setInterval(() => {
    if (++silentTicks < SILENT_TICKS) return;
    lose(new Error("nothing came for too long"));
    socket.destroy();
  }, settings.keepaliveMs).unref();
  client.on("error", lose);
  const ended = new Promise<void>((resolve) => {
    client.on("close", () => {
      clearInterval(watch);
      lose();
      resolve();
    });
  });

  /** What `open` gives, or the reason why there is none. */
  const channel = <T>(open: (give: (error: Error | undefined, channel: T) => void) => void): Promise<T> =>
    new Promise((resolve, reject) => {
      if (lost !== undefined) {
        reject(lost);
        return;
      }
      const forget = whenLost(() => reject(lose()));
      try {
        open((error, opened) => {
          forget();
          if (error === undefined) resolve(opened);
          else reject(lost ?? noChannel(label, error));
        });
      } catch (thrown) {
        reject(lose(thrown));
      }
    });

  return {
    get lost() {
      return lost;
    },
    whenLost,
    exec: async (command) => {
      const opened = await channel<ClientChannel>((give) => client.exec(command, give));
      return { channel: opened, wasRead: windows.hold(opened) };
    },
    forward: (host, port) => channel<Duplex>((give) => client.forwardOut("127.0.0.1", 0, host, port, give)),
    close: async () => {
      client.end();
      const late = setTimeout(() => socket.destroy(), 1000);
      await ended;
      clearTimeout(late);
    },
  };
}

function noStep(label: string, phase: string, ms: number): KmemtapError {
  return new KmemtapError("link/timeout", `${label} does not answer within ${ms / 1000} s (${phase})`, {
    nextStep: "check the load of the target; raise ConnectTimeout in the OpenSSH configuration",
  });
}

function noSsh(label: string, cause?: Error): KmemtapError {
  return new KmemtapError(
    "link/refused",
    `${label}: no SSH connection${cause === undefined ? "" : `: ${cause.message}`}`,
    {
      nextStep:
        cause?.message.includes("matching") === true
          ? "an old server: allow its algorithm in the OpenSSH configuration, such as KexAlgorithms +diffie-hellman-group14-sha1"
          : "check that an SSH server listens on that port",
      cause,
    },
  );
}

function refusedLogin(label: string, login: Login, cause?: unknown): KmemtapError {
  const tried = login.tried.length > 0 ? `tried: ${login.tried.join(", ")}` : "there was nothing to try";
  const said = cause === undefined ? "" : ` (${messageOf(cause)})`;
  return new KmemtapError("link/auth", `${label} refuses the login${said}; ${tried}`, {
    nextStep:
      "name the user and a key: ssh://USER@HOST?identity=FILE; a password: in the configuration, in $KMEMTAP_PASSWORD, or at the prompt",
    cause,
  });
}

function noChannel(label: string, cause: Error): KmemtapError {
  return new KmemtapError("link/refused", `${label} opens no channel: ${cause.message}`, {
    nextStep: "raise MaxSessions in the target's sshd_config",
    cause,
  });
}

function lostAt(label: string, cause: unknown): KmemtapError {
  return new KmemtapError(
    "link/lost",
    `${label}: the connection is gone${cause === undefined ? "" : `: ${messageOf(cause)}`}`,
    {
      nextStep: "check that the target still runs and the network between",
      cause,
    },
  );
}
