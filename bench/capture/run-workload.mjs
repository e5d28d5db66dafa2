/** Runs the traced workload: file, socket and process makers side by side, so that every CPU makes events. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const WORKLOAD = fileURLToPath(new URL("workload.mjs", import.meta.url));

/** fork + exec + pipe, in the plainest shell there is; /proc brings the seq_file and mount sites. */
const PROCESSES = `
  i=0
  while [ $i -lt "$1" ]; do
    /bin/true
    echo x | /bin/cat - /proc/self/maps /proc/self/mounts > /dev/null
    i=$((i+1))
  done
  echo done
  read _`;

/** Rounds that make about seven million events on 6.18. */
const ROUNDS = { files: 190, sockets: 370, processes: 2200 };

/**
 * @param {number} scale 1 for the full amount; smaller while developing
 * @returns {Promise<{ release(): Promise<void> }>} when the work is done and its objects are still held
 */
export async function runWorkload(scale) {
  // tmpfs where there is one: inodes and dentries are made all the same, and no disk decides how long it takes.
  const directory = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "kmemtap-bench-"));
  const rounds = (role) => String(Math.max(1, Math.round(ROUNDS[role] * scale)));
  const children = [
    start(process.execPath, [WORKLOAD, "files", directory, rounds("files")]),
    start(process.execPath, [WORKLOAD, "sockets", directory, rounds("sockets")]),
    start("/bin/sh", ["-c", PROCESSES, "sh", rounds("processes")]),
  ];
  const kill = () => {
    for (const child of children) child.kill("SIGKILL");
    // A killed process may still be at its last file.
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  };
  process.once("exit", kill);
  const release = async () => {
    await Promise.all(children.map(untilGone));
    process.off("exit", kill);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await Promise.all(children.map(untilDone));
  } catch (error) {
    process.off("exit", kill);
    kill();
    throw error;
  }
  return { release };
}

function start(command, args) {
  return spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
}

async function untilDone(child) {
  const done = once(child.stdout, "data");
  const failed = once(child, "exit").then(([status, signal]) => {
    throw new Error(`the traced workload ended early: status ${status}, signal ${signal}`);
  });
  // The one that loses the race may still reject, when the child leaves at release(): nobody waits for it then.
  failed.catch(() => {});
  await Promise.race([done, failed]);
}

/** Its stdin's end is what it waits for. */
async function untilGone(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.stdin.end();
  await gone;
}
