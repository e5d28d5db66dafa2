/** A guest whose kernel panics, in both ways that kmemtap boots one: what is said of it, and with which status. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";
import { bootGuest } from "../../src/target/qemu/boot-guest.ts";
import { needs } from "./support/needs.ts";

const { missing, note } = needs("qemu", "busybox", "kernel");

describe.skipIf(missing)(`a guest that panics${note}`, () => {
  it("fails its trace, when that is read to its end", async () => {
    const guest = await bootGuest({ append: ["rdinit=/nothing"] });
    onTestFinished(() => guest.close());
    const read = async (): Promise<number> => {
      let bytes = 0;
      for await (const run of guest.source.runs) for await (const chunk of run.bytes) bytes += chunk.length;
      return bytes;
    };
    const panic = /^the guest's kernel panicked: Kernel panic - not syncing: .*(mount root|No working init)/;
    await expect(read()).rejects.toThrow(panic);
    expect((await guest.exited).reason).toMatch(panic);
  });

  it("fails the workload that made it panic", async () => {
    const args = ["dist/main.js", "run", "qemu:", "--", "echo c >/proc/sysrq-trigger"];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (data: Buffer) => (said += data.toString()));
    const [status] = (await once(child, "close")) as [number];
    expect(said).toContain("the guest's kernel panicked: Kernel panic - not syncing: sysrq triggered crash");
    expect(said).not.toContain("has shut down");
    expect(status).toBe(3);
  });
});
