/** Who may log in to a guest: the files below /etc. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { staticBusybox } from "./initramfs.ts";

/** @param password of `root` and of `guest`; without one nobody can log in with a password */
export async function guestAccounts(shell: string, password: string | undefined): Promise<Record<string, string>> {
  const hash = password === undefined ? "*" : await hashed(password);
  return {
    "/etc/passwd": `root:x:0:0:root:/root:${shell}\nguest:x:1000:1000:guest:/tmp:${shell}\n`,
    "/etc/group": "root:x:0:\nguest:x:1000:\n",
    "/etc/shadow": ["root", "guest"].map((user) => `${user}:${hash}:19000:0:99999:7:::\n`).join(""),
    // dropbear lets in nobody whose shell is not listed.
    "/etc/shells": `/bin/sh\n${shell}\n`,
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\n",
    "/etc/issue": "kmemtap guest \\r \\l\n\n",
  };
}

/** As crypt(5) has it, made by the busybox whose login reads it. The password is not among the arguments. */
async function hashed(password: string): Promise<string> {
  const running = promisify(execFile)(staticBusybox(), ["mkpasswd", "-m", "sha512", "-P", "0"]);
  running.child.stdin?.end(`${password}\n`);
  return (await running).stdout.trim();
}
