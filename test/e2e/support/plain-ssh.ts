/** A command in the guest by OpenSSH's own client: a way in that owes nothing to the product. */
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { GuestSsh } from "../../../src/target/qemu/guest-ssh.ts";

export interface SshResult {
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly status: number | null;
}

/** Arguments for `ssh` up to the command, with nothing of this user's own configuration. */
export function sshArguments(ssh: GuestSsh): string[] {
  const options = [
    `UserKnownHostsFile=${ssh.knownHostsFile}`,
    "StrictHostKeyChecking=yes",
    "IdentitiesOnly=yes",
    "BatchMode=yes",
    "LogLevel=ERROR",
    "ConnectTimeout=20",
  ];
  return [
    ...["-F", "none", "-i", ssh.identityFile, "-p", String(ssh.port)],
    ...options.flatMap((option) => ["-o", option]),
    `${ssh.user}@${ssh.host}`,
  ];
}

/** Runs `command` with `input`; its status is ssh's own 255 where there was no connection. */
export function plainSsh(ssh: GuestSsh, command: string, input: string | Uint8Array = ""): Promise<SshResult> {
  const child = spawn("ssh", [...sshArguments(ssh), command], { stdio: ["pipe", "pipe", "pipe"] });
  const stdout: Buffer[] = [];
  let stderr = "";
  child.stdout.on("data", (data: Buffer) => stdout.push(data));
  child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve({ stdout: Buffer.concat(stdout), stderr, status }));
  });
}

/** What a command that must succeed printed. */
export async function sshOutput(ssh: GuestSsh, command: string, input?: string | Uint8Array): Promise<string> {
  const { stdout, stderr, status } = await plainSsh(ssh, command, input);
  if (status !== 0) throw new Error(`in the guest, \`${command}\` ended with ${status}: ${stderr}${stdout.toString()}`);
  return stdout.toString();
}

/** Under emulation a guest may hang for good, whatever is done to it: false then, and the next attempt needs another one. */
export function isAlive(ssh: GuestSsh): Promise<boolean> {
  const answers = sshOutput(ssh, "true").then(
    () => true,
    () => false,
  );
  return Promise.race([answers, sleep(20_000, false)]);
}
