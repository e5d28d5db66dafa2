/** SSH into a guest: dropbear there, keys made for this guest alone, QEMU's user network between. */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { KmemtapError, messageOf } from "../../model/errors.ts";
import { withForeignLibraries, withLibraries } from "./libraries.ts";
import type { Monitor } from "./monitor.ts";

export interface GuestSsh {
  readonly host: "127.0.0.1";
  readonly port: number;
  readonly user: "root";
  /** The private key that may log in, in OpenSSH's form. */
  readonly identityFile: string;
  /** Holds the guest's host key under `[127.0.0.1]:PORT`. */
  readonly knownHostsFile: string;
  /** `ssh://root@127.0.0.1:PORT` */
  readonly target: string;
}

/** What the guest needs for it, by path in the guest, and what is needed here. */
export interface SshKeys {
  readonly files: Readonly<Record<string, string>>;
  readonly texts: Readonly<Record<string, string>>;
  readonly identityFile: string;
  /** `ssh-ed25519 AAAA…` */
  readonly hostKey: string;
}

const DROPBEAR = "/usr/sbin/dropbear";

/** Makes the keys in `dir`. @param userland where the guest's programs are, if they are not this machine's */
export async function makeSshKeys(dir: string, userland: string | undefined): Promise<SshKeys> {
  const hostKeyFile = join(dir, "host_key");
  const identityFile = join(dir, "id_ed25519");
  const said = await command("dropbearkey", ["-t", "ed25519", "-f", hostKeyFile], "dropbear-bin");
  await command("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "kmemtap", "-f", identityFile], "openssh-client");
  const hostKey = /^(ssh-ed25519 \S+)/m.exec(said)?.[1] ?? "";
  return {
    files: {
      ...(await (userland === undefined ? withLibraries(DROPBEAR) : withForeignLibraries(userland, DROPBEAR))),
      "/etc/dropbear/host_key": hostKeyFile,
    },
    texts: { "/root/.ssh/authorized_keys": await readFile(`${identityFile}.pub`, "utf8") },
    identityFile,
    hostKey,
  };
}

/** QEMU's arguments: a network card, and a port that QEMU chooses on this machine forwarded to the guest's 22. */
export const SSH_ARGUMENTS = [
  ...["-netdev", "user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:0-10.0.2.15:22"],
  // No boot from the network, so no ROM for it.
  ...["-device", "virtio-net-pci,netdev=net,romfile="],
];

/** Asks QEMU for the port, and writes the known_hosts file. */
export async function guestSsh(keys: SshKeys, monitor: Monitor, dir: string): Promise<GuestSsh> {
  const port = Number(/HOST_FORWARD\S*\s+\d+\s+127\.0\.0\.1\s+(\d+)/.exec(await monitor.human("info usernet"))?.[1]);
  const knownHostsFile = join(dir, "known_hosts");
  await writeFile(knownHostsFile, `[127.0.0.1]:${port} ${keys.hostKey}\n`);
  const { identityFile } = keys;
  return {
    host: "127.0.0.1",
    port,
    user: "root",
    identityFile,
    knownHostsFile,
    target: `ssh://root@127.0.0.1:${port}`,
  };
}

async function command(program: string, args: readonly string[], debianPackage: string): Promise<string> {
  try {
    return (await promisify(execFile)(program, args)).stdout;
  } catch (thrown) {
    throw new KmemtapError("target/failed", `cannot make keys for the guest: ${messageOf(thrown).trim()}`, {
      nextStep: `install ${debianPackage} (apt-get install ${debianPackage})`,
      cause: thrown,
    });
  }
}
