import { readFileSync } from "node:fs";
import type { ShellGuest } from "../../../src/target/qemu/shell-guest.ts";

/**
 * Under emulation a guest goes now and then by itself: what its kernel said last tells why.
 *
 * @returns to be called before the guest is ended on purpose
 */
export function tellIfGone(guest: ShellGuest): () => void {
  let isClosing = false;
  void guest.exited.then((end) => {
    if (!isClosing)
      process.stderr.write(`the guest is gone: ${JSON.stringify(end)}\n${lastLines(guest.consoleFile)}\n`);
  });
  return () => {
    isClosing = true;
  };
}

function lastLines(file: string): string {
  try {
    return readFileSync(file, "latin1").split("\n").slice(-60).join("\n");
  } catch {
    return "";
  }
}
