import { printable } from "../model/printable.ts";
import { clearStatus, heldTerminal } from "./status-line.ts";

/** News for whoever watches the command, on standard error. */
export function say(text: string): void {
  const take = heldTerminal();
  if (take !== undefined) {
    take(text);
    return;
  }
  clearStatus();
  process.stderr.write(`kmemtap: ${printable(text)}\n`);
}
