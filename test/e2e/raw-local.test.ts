/**
 * Mode raw of this machine's own kernel, and with sub-buffers of other sizes where it can make them: per call site the account
 * that the kernel's own text of the same window gives, as in raw.test.ts.
 */
import { existsSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import { parsePageFormat } from "../../src/ftrace/raw/event-format.ts";
import { canTrace, note } from "../support/traced.ts";
import { startCapture } from "./support/capture.ts";
import { beginBesideTruth, endTruth, sh } from "./support/local-truth.ts";
import { textOfRaw, withoutHelpers } from "./support/raw-text.ts";
import { countOf, type Figure, figuresOf } from "./support/same-account.ts";
import { sameWindow } from "./support/same-window.ts";

const TRACING = "/sys/kernel/tracing";
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
      await beginBesideTruth(capture, BUFFER_KB);
      sh(WORKLOAD);
      const { snapshot, link } = await capture.stop();
      const text = endTruth();
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
