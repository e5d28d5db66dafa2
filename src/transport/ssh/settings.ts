/** What the operator's OpenSSH configuration says of a host: asked from `ssh -G`, so that it means what it means to ssh. */
import { execFile } from "node:child_process";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ExitCode, KmemtapError, messageOf, systemCodeOf } from "../../model/errors.ts";

export interface SshSettings {
  readonly hostname: string;
  readonly port: number;
  readonly user: string;
  /** Private keys that may be tried; some may not exist. */
  readonly identityFiles: readonly string[];
  /** The agent may offer only the keys of {@link identityFiles}. */
  readonly identitiesOnly: boolean;
  readonly agentSocket: string | undefined;
  /** `[user@]host[:port]`, the one nearest to us first. */
  readonly jumps: readonly string[];
  readonly userKnownHosts: readonly string[];
  readonly globalKnownHosts: readonly string[];
  /** The name under which known_hosts has the host, without a port. */
  readonly hostKeyAlias: string | undefined;
  readonly acceptNew: boolean;
  readonly hashKnownHosts: boolean;
  readonly connectTimeoutMs: number;
  readonly keepaliveMs: number;
  /** Old algorithms that the configuration allows on top of what is usual. */
  readonly algorithms: {
    readonly kex: readonly string[];
    readonly cipher: readonly string[];
    readonly hmac: readonly string[];
  };
}

export interface SshHost {
  readonly host: string;
  readonly port?: number;
  readonly user?: string;
  readonly configFile?: string;
}

const CONNECT_MS = 15_000;
/** Three of them without a byte and the link is lost. */
const KEEPALIVE_MS = 5000;
/** What ssh2 can do but does not offer, and old boards ask for. */
const LEGACY = {
  kex: ["diffie-hellman-group-exchange-sha1", "diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1"],
  cipher: ["aes256-cbc", "aes192-cbc", "aes128-cbc", "3des-cbc"],
  hmac: ["hmac-md5", "hmac-sha1-96", "hmac-md5-96"],
};

/** @throws {KmemtapError} `config/invalid` when ssh cannot read the configuration, `target/unsupported` */
export async function sshSettings(host: SshHost): Promise<SshSettings> {
  const said = await askSsh(host);
  const one = (key: string) => said.get(key)?.at(0);
  const words = (key: string) => one(key)?.split(" ").map(expandHome);
  const listed = (key: string) => new Set(one(key)?.split(","));

  const proxy = one("proxycommand");
  if (proxy !== undefined && proxy !== "none")
    throw new KmemtapError("target/unsupported", `${host.host}: its OpenSSH configuration uses a ProxyCommand`, {
      nextStep: "use ProxyJump, or forward a port with ssh -L and connect to that",
    });
  const hostname = one("hostname") ?? host.host.toLowerCase();
  const user = one("user") ?? host.user ?? userInfo().username;
  const jumps = one("proxyjump");
  const seconds = Number(one("connecttimeout"));
  const alive = Number(one("serveraliveinterval"));
  const strict = one("stricthostkeychecking") ?? "ask";
  const names = said.get("identityfile") ?? ["id_rsa", "id_ecdsa", "id_ed25519"].map((name) => `~/.ssh/${name}`);
  return {
    hostname,
    port: host.port ?? Number(one("port") ?? 22),
    user,
    identityFiles: names.filter((name) => name !== "none").map((name) => expandTokens(name, hostname, user)),
    identitiesOnly: one("identitiesonly") === "yes",
    agentSocket: agentSocketOf(one("identityagent")),
    jumps: jumps === undefined || jumps === "none" ? [] : jumps.split(","),
    userKnownHosts: words("userknownhostsfile") ?? [join(homedir(), ".ssh", "known_hosts")],
    globalKnownHosts: words("globalknownhostsfile") ?? ["/etc/ssh/ssh_known_hosts"],
    hostKeyAlias: one("hostkeyalias"),
    // Whoever told ssh to check nothing gets new keys stored, and changed ones refused all the same.
    acceptNew: ["accept-new", "no", "off", "false"].includes(strict),
    hashKnownHosts: one("hashknownhosts") === "yes",
    connectTimeoutMs: seconds > 0 ? seconds * 1000 : CONNECT_MS,
    keepaliveMs: alive > 0 ? Math.min(alive * 1000, KEEPALIVE_MS) : KEEPALIVE_MS,
    algorithms: {
      kex: LEGACY.kex.filter((name) => listed("kexalgorithms").has(name)),
      cipher: LEGACY.cipher.filter((name) => listed("ciphers").has(name)),
      hmac: LEGACY.hmac.filter((name) => listed("macs").has(name)),
    },
  };
}

/** The lines of `ssh -G` by keyword; empty where there is no ssh, which leaves everything at its default. */
async function askSsh({ host, port, user, configFile }: SshHost): Promise<Map<string, string[]>> {
  const args = ["-G"];
  if (configFile !== undefined) args.push("-F", configFile);
  if (port !== undefined) args.push("-p", String(port));
  if (user !== undefined) args.push("-l", user);
  const said = new Map<string, string[]>();
  let text: string;
  try {
    ({ stdout: text } = await promisify(execFile)("ssh", [...args, "--", host], { timeout: 10_000 }));
  } catch (cause) {
    if (systemCodeOf(cause) === "ENOENT") return said;
    const stderr = cause instanceof Error && "stderr" in cause ? String(cause.stderr).trim() : "";
    throw new KmemtapError("config/invalid", `the OpenSSH configuration of ${host}: ${stderr || messageOf(cause)}`, {
      nextStep: `see what ssh says: ssh -G ${host}`,
      exitCode: ExitCode.wrongUse,
      cause,
    });
  }
  for (const line of text.split("\n")) {
    const space = line.indexOf(" ");
    if (space < 0) continue;
    const key = line.slice(0, space).toLowerCase();
    said.set(key, [...(said.get(key) ?? []), line.slice(space + 1)]);
  }
  return said;
}

function agentSocketOf(configured: string | undefined): string | undefined {
  if (configured === "none") return undefined;
  if (configured === undefined || configured === "SSH_AUTH_SOCK") return socketIn("SSH_AUTH_SOCK");
  if (configured.startsWith("$")) return socketIn(configured.replace(/^\$\{?|\}$/g, ""));
  return expandHome(configured);
}

function socketIn(variable: string): string | undefined {
  const path = process.env[variable];
  return path === "" ? undefined : path;
}

function expandHome(path: string): string {
  return path.startsWith("~/") ? join(homedir(), path.slice(2)) : path;
}

/** The tokens that ssh_config(5) allows in IdentityFile and `ssh -G` leaves as they are. */
function expandTokens(path: string, hostname: string, user: string): string {
  const tokens: Record<string, string> = {
    "%%": "%",
    "%d": homedir(),
    "%h": hostname,
    "%r": user,
    "%u": userInfo().username,
  };
  return expandHome(path.replace(/%./g, (token) => tokens[token] ?? token));
}
