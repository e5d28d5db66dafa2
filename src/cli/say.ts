import { printable } from "../model/printable.ts";

/** News for whoever watches the command, on standard error. */
export function say(text: string): void {
  process.stderr.write(`kmemtap: ${printable(text)}\n`);
}
