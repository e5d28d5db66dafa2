import { printable } from "../model/printable.ts";
import { clearStatus, heldTerminal } from "./status-line.ts";

let through: ((text: string) => void) | undefined;

/** What is said from now on is an entry of the log, which is to be of one form. */
export function sayThrough(log: (text: string) => void): void {
  through = log;
}

/** News for whoever watches the command, on standard error. */
export function say(text: string): void {
  const take = heldTerminal();
  if (take !== undefined) {
    take(text);
    return;
  }
  if (through !== undefined) {
    through(text);
    return;
  }
  clearStatus();
  process.stderr.write(`kmemtap: ${printable(text)}\n`);
}
