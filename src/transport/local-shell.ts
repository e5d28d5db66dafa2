/** `local:`: the shell of this machine. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { KmemtapError, messageOf } from "../model/errors.ts";
import type { RunningScript, Shell } from "../model/ports.ts";
import { drain } from "./drain.ts";
import { openOutputSocket, type OutputSocket } from "./output-socket.ts";
import { runToEnd } from "./run-to-end.ts";
import { sendScript, type SentScript } from "./send-script.ts";

/** How long a script may take to clean up after it was told to end. */
const GRACE_MS = 3000;
const LABEL = "local:";

type Child = ChildProcessByStdio<Writable, null, Readable>;

export function localShell(): Shell {
  const started = new Set<RunningScript>();
  const start = async (sent: SentScript) => {
    const output = await openOutputSocket();
    const running = runningScript(await spawnShell(sent, output), output);
    started.add(running);
    void running.exited.then(() => started.delete(running));
    return running;
  };
  return {
    link: { kind: "local", label: LABEL },
    concurrent: true,
    run: async (command, options) =>
      runToEnd(await start(sendScript(command, [], { plain: true })), command, LABEL, options?.timeoutMs),
    start: (script, args) => start(sendScript(script, args)),
    close: async () => {
      await Promise.all([...started].map((running) => running.close()));
    },
  };
}

/** In a process group of its own: Ctrl-C at the terminal is for kmemtap to act on, and the whole group can be ended. */
async function spawnShell({ loader, script }: SentScript, output: OutputSocket): Promise<Child> {
  const child = spawn("/bin/sh", ["-c", loader, "kmemtap-agent"], {
    detached: true,
    stdio: ["pipe", output.programEnd, "pipe"],
  });
  output.programEnd.destroy();
  // A script may end without reading: what was still to be written is then nobody's loss.
  child.stdin.on("error", () => undefined);
  try {
    await once(child, "spawn");
  } catch (cause) {
    output.close();
    throw new KmemtapError("target/failed", `/bin/sh cannot be started: ${messageOf(cause)}`, {
      nextStep: "check that this machine has processes and memory to spare",
      cause,
    });
  }
  child.stdin.write(script);
  return child;
}

function runningScript(child: Child, output: OutputSocket): RunningScript {
  const exited = new Promise<number>((resolve) => {
    child.once("exit", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
  let over = false;
  // Later than the exit: what the script left running may still hold its output.
  const closed = Promise.all([once(child, "close"), output.ended]).then(() => {
    over = true;
  });
  let closing: Promise<void> | undefined;

  const end = async () => {
    output.stop();
    output.close();
    // Nobody reads any more: what still waits in the pipes must not keep the child from being seen as closed.
    for (const pipe of [child.stdin, child.stderr]) pipe.destroy();
    if (over) return;
    signalGroup(child, "SIGTERM");
    await Promise.race([exited, sleep(GRACE_MS, undefined, { ref: false })]);
    signalGroup(child, "SIGKILL");
    await Promise.all([exited, closed]);
  };

  return {
    bytes: output.bytes,
    errorBytes: drain(child.stderr),
    exited,
    write: (data) =>
      new Promise((resolve, reject) => {
        const gone = (cause?: unknown) =>
          reject(
            new KmemtapError("link/lost", `${LABEL} the script has ended`, {
              nextStep: "see its exit status and what it said",
              cause,
            }),
          );
        if (!child.stdin.writable) gone();
        // Node calls a write that was under way when the pipe broke a success.
        else child.stdin.write(data, (thrown) => (thrown == null && !child.stdin.destroyed ? resolve() : gone(thrown)));
      }),
    close: () => (closing ??= end()),
  };
}

/** A group that is gone already is what was wanted. */
function signalGroup(child: Child, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // ESRCH
  }
}
