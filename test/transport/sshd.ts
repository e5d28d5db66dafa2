/** Real SSH servers on this machine, with keys and files of their own. */
import { execFileSync } from "node:child_process";
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { SshTarget } from "../../src/model/target.ts";
import { tempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";
import { start } from "./peers.ts";

const SSHD = "/usr/sbin/sshd";
export const USER = userInfo().username;
/** For `describe.skipIf`; a checking machine must have it all. */
export const hasSshd =
  process.env["CI"] === "true" || ["/usr/bin/ssh", "/usr/bin/ssh-keygen", SSHD].every((path) => existsSync(path));

/** What a client has: a directory with a configuration, keys and known_hosts. */
export class Client {
  readonly dir = tempDir();
  readonly configFile = join(this.dir, "config");
  readonly knownHosts = join(this.dir, "known_hosts");
  readonly key: string;

  constructor(config = "") {
    this.key = newKey(this.dir, "id_ed25519");
    // The first value of an option counts.
    const own = `UserKnownHostsFile ${this.knownHosts}\nGlobalKnownHostsFile /dev/null\nIdentityFile ${this.key}\n`;
    writeFileSync(this.configFile, `${config}\nHost *\n${own}IdentityAgent none\nStrictHostKeyChecking ask\n`);
  }

  get publicKey(): string {
    return readFileSync(`${this.key}.pub`, "utf8");
  }

  target(server: { readonly port: number }, more: Partial<SshTarget> = {}): SshTarget {
    return { kind: "ssh", host: "127.0.0.1", port: server.port, user: USER, configFile: this.configFile, ...more };
  }

  knows(text: string): void {
    appendFileSync(this.knownHosts, text.endsWith("\n") ? text : `${text}\n`);
  }
}

export interface Sshd {
  readonly port: number;
  readonly dir: string;
  /** `type base64` of a host key. */
  hostKey(type?: HostKeyType): string;
  fingerprint(type?: HostKeyType): string;
  /** A known_hosts line for it, under its own port or that of a proxy before it. */
  knownAs(port?: number, type?: HostKeyType): string;
  /** What it has logged. */
  log(): string;
}

export type HostKeyType = "ed25519" | "ecdsa" | "rsa";

export interface SshdOptions {
  readonly hostKeys?: readonly HostKeyType[];
  readonly config?: string;
}

/** A server that lets in whoever holds `clientKey`. */
export async function startSshd(clientKey: string, options: SshdOptions = {}): Promise<Sshd> {
  const { hostKeys = ["ed25519", "ecdsa", "rsa"], config = "" } = options;
  const dir = tempDir();
  chmodSync(dir, 0o755);
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
  writeFileSync(join(dir, "authorized_keys"), clientKey);
  for (const type of hostKeys) newKey(dir, type, type);
  const port = await freePort();
  const lines = [
    config,
    "ListenAddress 127.0.0.1",
    ...hostKeys.map((type) => `HostKey ${join(dir, type)}`),
    `AuthorizedKeysFile ${join(dir, "authorized_keys")}`,
    "PidFile none",
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "PermitRootLogin yes",
    // Tests log in faster than people.
    "MaxStartups 100",
    "PrintMotd no",
  ];
  writeFileSync(join(dir, "sshd_config"), lines.join("\n") + "\n");
  const child = start(SSHD, ["-D", "-e", "-f", join(dir, "sshd_config"), "-p", String(port)]);
  await until("sshd", () => child.said.text.includes("Server listening") || child.exitCode !== null);
  if (child.exitCode !== null) throw new Error(`sshd: ${child.said.text}`);
  const publicKey = (type: HostKeyType) =>
    readFileSync(join(dir, `${type}.pub`), "utf8")
      .split(" ")
      .slice(0, 2)
      .join(" ");
  const first = hostKeys[0] ?? "ed25519";
  return {
    port,
    dir,
    hostKey: (type = first) => publicKey(type),
    fingerprint: (type = first) =>
      execFileSync("ssh-keygen", ["-lf", join(dir, `${type}.pub`)], { encoding: "utf8" }).split(" ")[1] ?? "",
    knownAs: (at = port, type = first) => `[127.0.0.1]:${at} ${publicKey(type)}`,
    log: () => child.said.text,
  };
}

/** A server and a client that knows it. */
export async function acquainted(options: SshdOptions = {}): Promise<{ server: Sshd; client: Client }> {
  const client = new Client();
  const server = await startSshd(client.publicKey, options);
  client.knows(server.knownAs());
  return { server, client };
}

/** A new key pair; the path of the private key. */
export function newKey(dir: string, name: string, type = "ed25519", passphrase = ""): string {
  const path = join(dir, name);
  const bits = type === "rsa" ? ["-b", "2048"] : [];
  execFileSync("ssh-keygen", ["-q", "-t", type, ...bits, "-N", passphrase, "-C", "test", "-f", path]);
  return path;
}

export interface Proxy {
  readonly port: number;
  /** Breaks every connection through it. */
  cut(): void;
  /** Lets nothing through any more, and says nothing about it: a cable that was pulled. */
  freeze(): void;
}

/** A way to the server that can be broken. */
export async function proxyTo(port: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect({ host: "127.0.0.1", port });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("error", () => undefined);
      from.on("close", () => to.destroy());
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const destroyAll = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  onTestFinished(() => {
    destroyAll();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => {
      server.close();
      destroyAll();
    },
    freeze: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
