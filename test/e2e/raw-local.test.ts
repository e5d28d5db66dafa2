/**
 * Mode raw of this machine's own kernel, and with sub-buffers of other sizes where it can make them: per call site the account
 * that the kernel's own text of the same window gives, as in raw.test.ts.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import { parsePageFormat } from "../../src/ftrace/raw/event-format.ts";
import { canTrace, note } from "../support/traced.ts";
import { until } from "../support/until.ts";
import { startCapture } from "./support/capture.ts";
import { textOfRaw, withoutHelpers } from "./support/raw-text.ts";
import { countOf, type Figure, figuresOf } from "./support/same-account.ts";
import { sameWindow } from "./support/same-window.ts";
import { sharePids, startTruth } from "./support/truth.ts";

const TRACING = "/sys/kernel/tracing";
const TRUTH = `${TRACING}/instances/truth-${process.pid}`;
const BUFFER_KB = 40_960;
/** Linux 6.8 brought it. */
const SIZES_KB = existsSync(`${TRACING}/buffer_subbuf_size_kb`) ? [0, 16, 64] : [0];
const ORDERLESS: readonly Figure[] = ["allocs", "totalBytes", "requestedBytes"];
const WORKLOAD = "i=0; while [ $i -lt 100 ]; do (: | :); i=$((i + 1)); done; ls -lR /sys/module >/dev/null";

describe.skipIf(!canTrace)(`mode raw on this machine${note}`, () => {
  it.each(SIZES_KB)(
    "gives the account of the kernel's own text, sub-buffers of %d KB (0: a page)",
    async (subBufferKb) => {
      const capture = startCapture({ kind: "local" }, { mode: "raw", wait: true, bufferKb: BUFFER_KB, subBufferKb });
      onTestFinished(() => capture.agent.close());
      await until("the reader", () => capture.received().includes(" blob name=header_page "), 60_000);
      const instance = sh(`ls ${TRACING}/instances | grep -e "-${capture.agent.nonce}-"`).trim();
      const filter = `${TRACING}/instances/${instance}/events/kmem/kfree/filter`;
      await until("the filters", () => readFileSync(filter, "latin1").includes("common_"), 30_000);
      sh(startTruth(BUFFER_KB, TRUTH));
      onTestFinished(() => void sh(`echo 0 >${TRUTH}/tracing_on; echo 0 >${TRUTH}/events/enable; rmdir ${TRUTH}`));
      sh(sharePids(instance, TRUTH));
      capture.agent.send("on");
      await capture.heard("begin");
      sh(WORKLOAD);
      const { snapshot, link } = await capture.stop();
      sh(`echo 0 >${TRUTH}/tracing_on`);
      const text = readFileSync(`${TRUTH}/trace`, "latin1");
      expect(text).toMatch(/^# entries-in-buffer\/entries-written: (\d+)\/\1 /m);
      const truth = withoutHelpers(text, capture.received());

      expect(link.status).toBe("ended");
      expect(snapshot).toMatchObject({ mode: "raw", exact: true });
      expect(snapshot.totals.allocs).toBeGreaterThan(10_000);
      const page = parsePageFormat(/\n(\tfield: u64 timestamp;[^@]*)/.exec(capture.received())?.[1] ?? "");
      expect((page?.dataOffset ?? 0) + (page?.dataSize ?? 0)).toBe(subBufferKb === 0 ? 4096 : subBufferKb * 1024);
      const window = sameWindow(textOfRaw(capture.chunks), truth);
      expect(window.faults).toEqual([]);
      expect(figuresOf(snapshot.callers)).toEqual(await countOf(window.received));
      expect(figuresOf(snapshot.callers, ORDERLESS)).toEqual(await countOf(window.truth, ORDERLESS));
    },
  );
});

function sh(command: string): string {
  return execFileSync("/bin/sh", ["-c", command], { encoding: "utf8" });
}
