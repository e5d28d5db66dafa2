/** A terminal that goes away (a window that is closed, an SSH connection that breaks) ends a command in order, and it ends by that signal. */
import { isatty } from "node:tty";

const TERMINALS = [0, 1, 2].filter((descriptor) => isatty(descriptor));

/** One of those there were when the command began. */
function isTerminalGone(): boolean {
  return TERMINALS.some((descriptor) => !isatty(descriptor));
}

/** Node aborts, with a core, where it cannot put the terminal back as it was. */
export function endByHangup(): void {
  process.once("exit", () => {
    if (!isTerminalGone()) return;
    process.removeAllListeners("SIGHUP");
    process.kill(process.pid, "SIGHUP");
  });
}

/**
 * What could not be written: nobody would have seen it. Whoever is not told that the terminal went, as in another session, is told here; a
 * command that is ending goes on with that, so that its target is restored and its files are whole.
 *
 * @returns whether it is because the terminal is gone
 */
export function isHungUp({ code }: NodeJS.ErrnoException): boolean {
  if (code !== "EIO" || !isTerminalGone()) return false;
  if (process.listenerCount("SIGHUP") > 0) process.kill(process.pid, "SIGHUP");
  return true;
}
