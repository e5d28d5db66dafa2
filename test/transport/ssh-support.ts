/** What the tests of SSH share. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import type { AskSecret, Shell } from "../../src/model/ports.ts";
import type { SshTarget } from "../../src/model/target.ts";
import { connectSsh } from "../../src/transport/ssh/connect-ssh.ts";
import { tempDir } from "../support/temp-dir.ts";
import { start } from "./peers.ts";

export const nobody: AskSecret = () => Promise.resolve(undefined);

/** Answers one after the other, and keeps what was asked. */
export function asked(...answers: string[]): AskSecret & { readonly prompts: string[] } {
  const prompts: string[] = [];
  const ask = (prompt: string) => {
    prompts.push(prompt);
    return Promise.resolve(answers[prompts.length - 1]);
  };
  return Object.assign(ask, { prompts });
}

export async function connected(target: SshTarget, ask: AskSecret = nobody): Promise<Shell> {
  const shell = await connectSsh(target, ask);
  onTestFinished(() => shell.close());
  return shell;
}

export const greets = async (shell: Shell) => expect((await shell.run("echo hello")).output).toBe("hello\n");

export function startAgent(): { readonly socket: string } {
  const socket = join(tempDir(), "agent");
  start("ssh-agent", ["-D", "-a", socket]);
  const end = Date.now() + 5000;
  while (!existsSync(socket) && Date.now() < end) execFileSync("sleep", ["0.05"]);
  return { socket };
}

/** An account of this machine for one test. */
export function temporaryUser(home = "/tmp"): { readonly user: string; readonly password: string } {
  const user = `kmemtap-test-${Math.random().toString(36).slice(2, 10)}`;
  const password = "correct horse";
  execFileSync("useradd", ["--no-create-home", "--home-dir", home, "--shell", "/bin/sh", user]);
  onTestFinished(() => void execFileSync("userdel", ["--force", user], { stdio: "ignore" }));
  execFileSync("chpasswd", { input: `${user}:${password}\n` });
  return { user, password };
}
