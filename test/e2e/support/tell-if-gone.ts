import { readFileSync } from "node:fs";
import type { ShellGuest } from "../../../src/target/qemu/shell-guest.ts";

/**
 * Under emulation a guest goes now and then by itself, or stands still: QEMU 7.2 with a thread a processor runs code that another processor
 * has just patched, half of it old, which is how the kernel turns its trace events on and off. A shell that does nothing else than
 * `echo 1 >events/kmem/enable; echo 0 >events/kmem/enable`, beside one that starts programs, loses a 6.1 (both processors in asm_exc_int3) or
 * a 7.2 (panics at a breakpoint that was gone) within a minute; with one thread for all processors neither is lost. What the kernel
 * said last tells the one from the other.
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
