/**
 * Stacks on real kernels, in each mode: what is charged adds up to what it is without stacks, wrappers' callers are charged, and
 * nothing of it stays on the target.
 */
import { describe, expect, it, onTestFinished } from "vitest";
import { functionOf } from "../../src/model/function-name.ts";
import { findFetchedKernel } from "../../src/target/qemu/boot-kernel.ts";
import { startCapture } from "./support/capture.ts";
import { bootLab } from "./support/lab.ts";
import { needs } from "./support/needs.ts";
import { accountOf, sumsOf } from "./support/stack-account.ts";

const WORKLOAD =
  "mount -t tmpfs none /mnt && i=0; while [ $i -lt 50 ]; do ln -s x$i /mnt/l$i; i=$((i + 1)); done; umount /mnt";

describe.each([
  { suite: "bullseye", version: "5.10" },
  { suite: "bookworm", version: "6.1" },
  { suite: "trixie", version: "6.12" },
  { suite: "sid", version: "7." },
] as const)("stacks on Linux $version", ({ suite, version }) => {
  const { missing, note } = needs("busybox", "ssh", "dropbear", "qemu", `kernel:${suite}`);

  it.skipIf(missing)(
    `charge wrappers' callers in both modes${note}`,
    async () => {
      const kernel = findFetchedKernel(suite, "amd64");
      if (kernel === undefined) throw new Error(`there is no kernel of ${suite}`);
      const lab = await bootLab({ kernel });
      onTestFinished(() => lab.close());
      expect(lab.guest.release).toContain(version);
      const before = await lab.state();
      for (const mode of ["raw", "text"] as const) {
        const capture = startCapture(lab.sshTarget(), { mode, stacks: true, bufferKb: 32_768 });
        await capture.heard("begin");
        expect(capture.received()).toContain("finding code=stacks by=trigger ~");
        await lab.run(WORKLOAD);
        const { snapshot } = await capture.stop();
        expect(snapshot).toMatchObject({ mode, exact: true });

        const charged = accountOf(capture.chunks, mode, true);
        const plain = accountOf(capture.chunks, mode, false);
        expect(sumsOf(charged)).toEqual(sumsOf(plain));
        const { stacks } = charged;
        if (stacks === undefined) throw new Error("there were no stacks");
        expect(stacks.charged + stacks.stackless).toBe(charged.totals.allocs);
        expect(stacks.stackless).toBeLessThan(charged.totals.allocs / 100);
        const listed = stacks.rows?.reduce((sum, { allocs }) => sum + allocs, 0);
        expect(listed).toBe(stacks.charged);

        // Without stacks the buffers of the link's own sockets are all of __alloc_skb; it is charged to whoever sends.
        expect(plain.callers.filter(({ wrapper }) => wrapper).map(nameOf)).toContain("__alloc_skb");
        const senders = charged.callers.filter(({ via }) =>
          via?.some((way) => way.function.endsWith("stream_alloc_skb")),
        );
        expect(senders.map(nameOf)).toContain("tcp_sendmsg_locked");
        const left = charged.callers.filter(({ wrapper }) => wrapper).reduce((sum, { allocs }) => sum + allocs, 0);
        expect(left).toBeLessThanOrEqual(stacks.stackless + charged.totals.allocs / 100);
        expect(await lab.changesSince(before)).toEqual([]);
      }
    },
    480_000,
  );
});

function nameOf({ callSite }: { readonly callSite: string }): string {
  return functionOf(callSite).name;
}
