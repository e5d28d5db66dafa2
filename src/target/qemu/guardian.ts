/**
 * Should this process die without a word (SIGKILL, the out-of-memory killer), its end of a pipe closes, and a shell that
 * waits for that ends the guest, if it was told of one, and removes its files.
 */
import { spawn } from "node:child_process";

export interface Guardian {
  /** The guest to end; undefined when it is gone, before its pid can be another's. */
  watch(pid: number | undefined): void;
  /** Its work is done: the files are removed by who made them. */
  dismiss(): void;
}

/** The last line read names the guest; an empty one says that there is none. */
const SCRIPT = 'pid=; while read -r line; do pid=$line; done; [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null; rm -rf "$1"';

/** Starts guarding `dir`. */
export function startGuardian(dir: string): Guardian {
  const shell = spawn("/bin/sh", ["-c", SCRIPT, "kmemtap-guardian", dir], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  shell.unref();
  // A guardian that cannot be had, or was ended by somebody, is no reason to fail.
  const ignore = () => undefined;
  shell.on("error", ignore);
  shell.stdin.on("error", ignore);
  return {
    watch: (pid) => {
      shell.stdin.write(`${pid ?? ""}\n`);
    },
    dismiss: () => {
      shell.kill("SIGKILL");
    },
  };
}
