/** Why a guest is gone, as its console has it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { guestEnd, panicIn } from "../../../src/target/qemu/guest-end.ts";
import { tempDir } from "../../support/temp-dir.ts";

const ORDERLY = Promise.resolve({ reason: "the guest has shut down", isOrderly: true });

/** Of Debian's 6.1 in QEMU, whose rdinit= names nothing. */
const PANICKED = [
  "[    3.164027] List of all partitions:",
  "[    3.164257] No filesystem could mount root, tried: ",
  "[    3.164264] ",
  "[    3.164739] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)",
  "[    3.165171] CPU: 0 PID: 1 Comm: swapper/0 Not tainted 6.1.0-50-amd64 #1  Debian 6.1.176-1",
  "[    3.169532] ---[ end Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0) ]---",
].join("\r\n");

function consoleOf(text: string): string {
  const path = join(tempDir(), "console.log");
  writeFileSync(path, text);
  return path;
}

describe("the end of a guest", () => {
  it("is a panic where the console tells of one, whatever QEMU says", async () => {
    const { reason, failure } = await guestEnd(ORDERLY, consoleOf(PANICKED));
    expect(reason).toBe(
      "the guest's kernel panicked: Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)",
    );
    expect(failure).toMatchObject({ code: "target/failed", message: reason, exitCode: 3 });
  });

  it("is what QEMU says where it tells of none, and no failure", async () => {
    const end = await guestEnd(ORDERLY, consoleOf("[    9.1] reboot: Power down\r\n"));
    expect(end).toEqual({ reason: "the guest has shut down" });
  });

  it("is a failure where QEMU was ended, or there is no console", async () => {
    const killed = Promise.resolve({ reason: "qemu was ended by SIGKILL", isOrderly: false });
    expect((await guestEnd(killed, "/nowhere/console.log")).failure?.message).toBe("qemu was ended by SIGKILL");
  });

  it("does not take a word about a panic for one", () => {
    expect(panicIn("[    0.0] Kernel command line: panic=-1\n[    0.1] on Kernel panic: reboot\n")).toBeUndefined();
  });
});
