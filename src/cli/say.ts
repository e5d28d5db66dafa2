import { printable } from "../model/printable.ts";
import { clearStatus } from "./status-line.ts";

/** News for whoever watches the command, on standard error. */
export function say(text: string): void {
  clearStatus();
  process.stderr.write(`kmemtap: ${printable(text)}\n`);
}
