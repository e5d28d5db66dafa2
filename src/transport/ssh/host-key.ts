/** Is this the host that it says it is? Every connection is asked, jump hosts too. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { KmemtapError, messageOf } from "../../model/errors.ts";
import { fingerprintOf, type KnownHost, keyTypeOf, knownHostLine, knownHostName, knownHosts } from "./known-hosts.ts";
import type { SshSettings } from "./settings.ts";

export interface HostKeys {
  /** Key algorithms to ask the server for: first those of which a key is known, so that a known host is seen to be known. */
  readonly algorithms: readonly string[];
  /** Undefined when the key is the host's. A new one is stored where that is allowed. */
  verify(key: Buffer): KmemtapError | undefined;
}

/** The usual ones, in OpenSSH's order; `ssh-rsa` is SHA-1, and all that some old boards have. */
const ALGORITHMS = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-512",
  "rsa-sha2-256",
  "ssh-rsa",
];

/** @throws {KmemtapError} `link/host-key` when a known_hosts file cannot be read */
export function hostKeys(settings: SshSettings, acceptNew: boolean): HostKeys {
  const files = [...settings.userKnownHosts, ...settings.globalKnownHosts];
  const name = settings.hostKeyAlias?.toLowerCase() ?? knownHostName(settings.hostname, settings.port);
  const lines = knownHosts(files, name);
  // As ssh does: a host known by its plain name is known on every port, but only by the very same key.
  const plain = settings.hostKeyAlias === undefined ? knownHostName(settings.hostname, 22) : name;
  const plainLines = plain === name ? [] : knownHosts(files, plain);
  const known = [...lines, ...plainLines].filter(({ marker }) => marker === undefined);
  // Shown again when the connection changes its session keys.
  let accepted: Buffer | undefined;
  return {
    algorithms: algorithmsFor(known.map(({ key }) => keyTypeOf(key))),
    verify: (key) => {
      const revoked = [...lines, ...plainLines].find((line) => line.marker === "revoked" && line.key.equals(key));
      if (revoked !== undefined) return isRevoked(name, key, revoked);
      if (accepted?.equals(key) === true || known.some((line) => line.key.equals(key))) return undefined;
      const others = lines.filter(({ marker }) => marker === undefined);
      const changed = others.find((line) => keyTypeOf(line.key) === keyTypeOf(key)) ?? others.at(0);
      if (changed !== undefined) return hasChanged(name, key, changed);
      if (acceptNew || settings.acceptNew) {
        accepted = key;
        return store(settings, name, key);
      }
      const authority = lines.find(({ marker }) => marker === "cert-authority");
      return isUnknown(settings, name, key, authority);
    },
  };
}

function algorithmsFor(knownTypes: readonly string[]): string[] {
  const first = knownTypes.flatMap((type) => (type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"] : type));
  // DSA only where its key is known; others (security keys) cannot be verified here.
  const possible = first.filter((name) => ALGORITHMS.includes(name) || name === "ssh-dss");
  return [...new Set([...possible, ...ALGORITHMS])];
}

function store(settings: SshSettings, name: string, key: Buffer): KmemtapError | undefined {
  const file = settings.userKnownHosts.find((path) => path !== "none");
  if (file === undefined) return undefined;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    // A last line without an end would swallow ours.
    const glue = existsSync(file) && /[^\n]$/.test(readFileSync(file, "utf8")) ? "\n" : "";
    appendFileSync(file, glue + knownHostLine(name, key, settings.hashKnownHosts), { mode: 0o600 });
    return undefined;
  } catch (cause) {
    return new KmemtapError("link/host-key", `the key of ${name} cannot be stored: ${messageOf(cause)}`, {
      nextStep: `make ${file} writable, or add the key yourself`,
      cause,
    });
  }
}

function isUnknown(settings: SshSettings, name: string, key: Buffer, authority: KnownHost | undefined): KmemtapError {
  const { hostname, port } = settings;
  const note =
    authority === undefined
      ? ""
      : `; ${authority.file}:${authority.line} trusts an authority for it, which kmemtap cannot check`;
  const portOption = port === 22 ? "" : `-p ${port} `;
  return new KmemtapError("link/host-key", `the host key of ${name} is not known: ${describe(key)}${note}`, {
    nextStep: `if that is its fingerprint, accept it: ssh ${portOption}${hostname} once, or ?accept-new=1; to see its keys: ssh-keyscan ${portOption}${hostname}`,
  });
}

function hasChanged(name: string, key: Buffer, known: KnownHost): KmemtapError {
  return new KmemtapError(
    "link/host-key",
    `the host key of ${name} has changed: it shows ${describe(key)}, but ${known.file}:${known.line} has ${describe(known.key)}`,
    {
      nextStep: `somebody may be listening in; if the host was set up anew: ssh-keygen -f ${known.file} -R '${name}'`,
    },
  );
}

function isRevoked(name: string, key: Buffer, line: KnownHost): KmemtapError {
  return new KmemtapError(
    "link/host-key",
    `the host key of ${name} is revoked by ${line.file}:${line.line}: ${describe(key)}`,
    {
      nextStep: "give the host a new key, and make that known",
    },
  );
}

function describe(key: Buffer): string {
  return `${keyTypeOf(key)} ${fingerprintOf(key)}`;
}
