/** known_hosts as sshd(8) describes it: which lines speak of a host. */
import { createHash, createHmac, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { KmemtapError, messageOf, systemCodeOf } from "../../model/errors.ts";

/** One line that speaks of the host asked for. */
export interface KnownHost {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly marker: "revoked" | "cert-authority" | undefined;
  /** The public key as it goes over the wire. */
  readonly key: Buffer;
}

/** The lines of `files` that speak of `name`: a host, or `[host]:port` where the port is not 22. */
export function knownHosts(files: readonly string[], name: string): KnownHost[] {
  return files.flatMap((file) =>
    linesOf(file).flatMap((text, index) => {
      const known = parseLine(text, name.toLowerCase());
      return known === undefined ? [] : [{ file, line: index + 1, ...known }];
    }),
  );
}

/** The name that known_hosts has a host under. */
export function knownHostName(host: string, port: number): string {
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
}

/** A line for a key that was accepted, hashed where the operator wants that. */
export function knownHostLine(name: string, key: Buffer, hashed: boolean): string {
  const salt = randomBytes(20);
  const hosts = hashed ? `|1|${salt.toString("base64")}|${hashOf(salt, name)}` : name;
  return `${hosts} ${keyTypeOf(key)} ${key.toString("base64")}\n`;
}

/** `ssh-ed25519` and so on: the first string of a public key. */
export function keyTypeOf(key: Buffer): string {
  return key.length < 4 ? "" : key.toString("latin1", 4, 4 + key.readUInt32BE(0));
}

/** As ssh shows it: `SHA256:` and base64 without padding. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, "utf8").split("\n");
  } catch (cause) {
    const code = systemCodeOf(cause);
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    // One that cannot be read may hold a revoked key.
    throw new KmemtapError("link/host-key", `${file} cannot be read: ${messageOf(cause)}`, {
      nextStep: "mend its permissions: host keys are verified against it",
      cause,
    });
  }
}

function parseLine(text: string, name: string): Pick<KnownHost, "marker" | "key"> | undefined {
  const fields = text.trim().split(/[ \t]+/);
  let marker: KnownHost["marker"];
  if (fields.at(0)?.startsWith("@") === true) {
    const word = fields.shift();
    if (word !== "@revoked" && word !== "@cert-authority") return undefined;
    marker = word === "@revoked" ? "revoked" : "cert-authority";
  }
  const [hosts, type, base64] = [fields.at(0), fields.at(1), fields.at(2)];
  if (hosts === undefined || type === undefined || base64 === undefined || hosts.startsWith("#")) return undefined;
  if (!speaksOf(hosts, name)) return undefined;
  const key = Buffer.from(base64, "base64");
  // A line of protocol 1, or one that was cut: it names no key.
  return keyTypeOf(key) === type ? { marker, key } : undefined;
}

function speaksOf(hosts: string, name: string): boolean {
  if (hosts.startsWith("|")) {
    const [, kind, salt = "", hash] = hosts.split("|");
    return kind === "1" && hash === hashOf(Buffer.from(salt, "base64"), name);
  }
  const patterns = hosts.toLowerCase().split(",");
  if (patterns.some((pattern) => pattern.startsWith("!") && matches(pattern.slice(1), name))) return false;
  return patterns.some((pattern) => !pattern.startsWith("!") && matches(pattern, name));
}

/** `*` and `?` alone have a meaning; the brackets of `[host]:port` have none. */
function matches(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*+/g, ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "s").test(name);
}

function hashOf(salt: Buffer, name: string): string {
  return createHmac("sha1", salt).update(name).digest("base64");
}
