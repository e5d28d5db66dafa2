/** The unit of contrib/systemd under a real systemd, the first process of a guest: as it is, and with what docs/daemon.md adds for local:. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { findFetchedKernel } from "../../src/target/qemu/boot-kernel.ts";
import { ensureBuilt } from "../support/kmemtap.ts";
import { needs } from "./support/needs.ts";

const { missing, note } = needs("qemu", "kernel:bookworm", "busybox", "bash", "systemd");
const ROOT = join(import.meta.dirname, "../..");
const LIMIT_MS = 600_000;

describe.skipIf(missing)(`the systemd unit${note}`, () => {
  it(
    "starts, is fed, reloads, stops with a last snapshot, and traces where it may",
    async () => {
      ensureBuilt();
      const dir = mkdtempSync(join(tmpdir(), "kmemtap-systemd-"));
      onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
      const trace = join(dir, "trace.txt");
      writeFileSync(trace, gunzipSync(readFileSync(join(ROOT, "fixtures/6.12-amd64/trace.txt.gz"))));
      execFileSync("bash", [join(import.meta.dirname, "support/systemd-guest.sh"), dir, ROOT, trace], {
        stdio: "pipe",
      });
      const said = await boot(join(dir, "guest.cpio"));

      const step = (name: string) => said.split(/\r?\n/).find((line) => line.startsWith(`@${name} `)) ?? said;
      for (const name of ["start", "fed", "reload", "local"])
        for (const fact of ["ActiveState=active", "Result=success", "NRestarts=0"]) expect(step(name)).toContain(fact);
      expect(step("start")).toMatch(/CapEff: 0{16}/);
      for (const name of ["reload", "stop"]) expect(step(name)).toContain("status=0");
      expect(step("stop")).toContain("ActiveState=inactive");
      expect(step("stop")).toMatch(/exact=true .*allocs=[1-9]/);
      expect(step("local")).toContain("instances=1");
      expect(step("restarted")).toMatch(/NRestarts=1/);
      // What the one that was killed had made is gone.
      expect(step("restarted")).toContain("instances=1");
      expect(step("end")).toMatch(/exact=true mode=raw allocs=[1-9]\d+ instances=0/);
      expect(said).not.toMatch(/the agent there ended|status=31\/SYS/);
    },
    LIMIT_MS,
  );
});

/** What the guest's console says up to its end. */
async function boot(initrd: string): Promise<string> {
  const kernel = findFetchedKernel("bookworm");
  if (kernel === undefined) throw new Error("needs() has looked for it");
  const args = [
    "-accel",
    "tcg,thread=multi",
    "-cpu",
    "max",
    "-smp",
    "2",
    "-m",
    "3072",
    "-nographic",
    "-no-reboot",
    "-nic",
    "none",
  ];
  // A guest that gets too little of a busy machine takes its timer for broken.
  const append = "console=ttyS0 loglevel=4 systemd.show_status=0 panic=-1 no_timer_check";
  const guest = spawn(
    "qemu-system-x86_64",
    [...args, "-kernel", kernel.vmlinuz, "-initrd", initrd, "-append", append],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  onTestFinished(() => void guest.kill());
  let said = "";
  guest.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  await once(guest, "close");
  return said;
}
