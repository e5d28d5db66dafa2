/**
 * Raw sub-buffers over SSH on every kernel: per call site the account that the guest's own full trace of the same window,
 * printed by its kernel and counted by code that shares nothing with the product's, gives.
 */
import { describe, expect, it, onTestFinished } from "vitest";
import { findFetchedKernel } from "../../src/target/qemu/boot-kernel.ts";
import { until } from "../support/until.ts";
import { startCapture } from "./support/capture.ts";
import { bootLab, type Lab } from "./support/lab.ts";
import { needs } from "./support/needs.ts";
import { textOfRaw, withoutHelpers } from "./support/raw-text.ts";
import { type Figure, countOf, figuresOf } from "./support/same-account.ts";
import { sameWindow } from "./support/same-window.ts";
import { REMOVE_TRUTH, sharePids, startTruth } from "./support/truth.ts";
import { VFAT_PHASES, VFAT_PREPARE } from "./support/workloads.ts";

const WORKLOAD = [VFAT_PHASES.mount, "echo 1 >/mnt/a", VFAT_PHASES.umount, "sleep 1", VFAT_PHASES.unload];
/** What two traces agree on whatever the order of two events that an interrupt put the other way round. */
const ORDERLESS: readonly Figure[] = ["allocs", "totalBytes", "requestedBytes"];

describe.each([
  { suite: "bullseye", version: "5.10", arch: "amd64", parts: ["qemu", "kernel:bullseye"] },
  { suite: "bookworm", version: "6.1", arch: "amd64", parts: ["qemu", "kernel:bookworm"] },
  { suite: "trixie", version: "6.12", arch: "amd64", parts: ["qemu", "kernel:trixie"] },
  { suite: "sid", version: "7.", arch: "amd64", parts: ["qemu", "kernel:sid"] },
  { suite: "bookworm", version: "6.1", arch: "arm64", parts: ["qemu:arm64", "kernel:bookworm-arm64"] },
  { suite: "bookworm", version: "6.1", arch: "armhf", parts: ["qemu:armhf", "kernel:bookworm-armhf"] },
] as const)("mode raw on Linux $version, $arch", ({ suite, version, arch, parts }) => {
  const { missing, note } = needs("busybox", "ssh", "dropbear", ...parts);

  describe.skipIf(missing)(`of ${suite}${note}`, () => {
    /** A guest for each attempt: under emulation one may hang for good. */
    async function boot(): Promise<Lab> {
      const kernel = findFetchedKernel(suite, arch);
      if (kernel === undefined) throw new Error(`there is no kernel of ${suite} for ${arch}`);
      const lab = await bootLab({ kernel });
      onTestFinished(() => lab.close());
      expect(lab.guest.release).toContain(version);
      await lab.run(VFAT_PREPARE);
      return lab;
    }

    it("gives the account of the guest's own trace of the same window", async () => {
      const lab = await boot();
      const before = await lab.state();
      const capture = startCapture(lab.sshTarget(), { mode: "raw", wait: true, bufferKb: 16_384 });
      await capture.heard("blob");
      const instance = (await lab.quiet("cd /sys/kernel/tracing/instances && echo kmemtap-*")).trim();
      // Its standing processes are left out by filters, which are there once it is armed.
      await lab.quiet(
        `until grep -q common_ /sys/kernel/tracing/instances/${instance}/events/kmem/kfree/filter; do :; done`,
      );
      await lab.quiet(`${startTruth(16_384)} && ${sharePids(instance)}`);
      capture.agent.send("on");
      await capture.heard("begin");
      await lab.quiet(VFAT_PHASES.load);
      // A module that has gone before anybody looked has no names.
      await until("the module's symbols", () => capture.received().includes("\t[vfat]\n"), 120_000);
      await lab.quiet(WORKLOAD.join(" && "));
      const { snapshot, link } = await capture.stop();
      const truth = withoutHelpers(await lab.truth(), capture.received());
      await lab.run(REMOVE_TRUTH);

      expect(link.status).toBe("ended");
      expect(snapshot).toMatchObject({ mode: "raw", exact: true });
      expect(snapshot.totals.allocs).toBeGreaterThan(500);
      const window = sameWindow(textOfRaw(capture.chunks), truth);
      expect(window.faults).toEqual([]);
      const account = figuresOf(snapshot.callers);
      expect(account).toEqual(await countOf(window.received));
      expect(figuresOf(snapshot.callers, ORDERLESS)).toEqual(await countOf(window.truth, ORDERLESS));
      expect(snapshot.callers.some(({ callSite }) => callSite.endsWith("[vfat]"))).toBe(true);
      expect(snapshot.callers.filter(({ callSite }) => callSite.startsWith("0x"))).toEqual([]);
      expect(await lab.changesSince(before)).toEqual([]);
      // Emulating another architecture takes several times as long where the machine is busy.
    }, 480_000);
  });
});
