/**
 * What systemd is told (sd_notify(3)): that the daemon is ready, reloads, stops, and is alive. Node has no datagram sockets of the file system, so
 * `systemd-notify` sends it, a process for each message; the unit therefore has NotifyAccess=all. Without $NOTIFY_SOCKET nothing is said.
 */
import { spawn } from "node:child_process";

/** Of the time that the service manager waits: two messages may be late. */
const PART = 3;

export class ServiceManager {
  readonly #env: NodeJS.ProcessEnv;
  #timer: NodeJS.Timeout | undefined;
  /** One at a time: a manager that is slow to answer is not written to for ever. */
  #isSaying = false;
  #sent: Promise<void> = Promise.resolve();

  constructor(env: NodeJS.ProcessEnv = process.env) {
    this.#env = env;
  }

  /** Says it, in order, and not in the daemon's way; resolves when it was sent. */
  say(...lines: string[]): Promise<void> {
    if (this.#env["NOTIFY_SOCKET"] === undefined) return Promise.resolve();
    this.#sent = this.#sent.then(
      () =>
        new Promise((resolve) => {
          const child = spawn("systemd-notify", lines, { stdio: "ignore", env: this.#env });
          child.once("error", () => resolve());
          child.once("exit", () => resolve());
        }),
    );
    return this.#sent;
  }

  /** From the event loop itself: a daemon that hangs says nothing, and is started anew. */
  keepAlive(): void {
    const usec = Number(this.#env["WATCHDOG_USEC"] ?? "");
    if (!(usec > 0)) return;
    this.#timer = setInterval(
      () => {
        if (this.#isSaying) return;
        this.#isSaying = true;
        void this.say("WATCHDOG=1").then(() => (this.#isSaying = false));
      },
      usec / 1000 / PART,
    );
  }

  end(): void {
    clearInterval(this.#timer);
  }
}
