/** This machine's own text of the window of a raw capture, from a tracefs instance beside the agent's. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, onTestFinished } from "vitest";
import { until } from "../../support/until.ts";
import type { startCapture } from "./capture.ts";
import { sharePids, startTruth } from "./truth.ts";

const TRACING = "/sys/kernel/tracing";
const TRUTH = `${TRACING}/instances/truth-${process.pid}`;
export const sh = (command: string) => execFileSync("sh", ["-c", command], { encoding: "latin1" });

/** Arms the instance like the agent's, and has the capture's window begin. */
export async function beginBesideTruth(capture: ReturnType<typeof startCapture>, bufferKb: number): Promise<void> {
  await until("the reader", () => capture.received().includes(" blob name=header_page "), 60_000);
  const instance = sh(`ls ${TRACING}/instances | grep -e "-${capture.agent.nonce}-"`).trim();
  const filter = `${TRACING}/instances/${instance}/events/kmem/kfree/filter`;
  await until("the filters", () => readFileSync(filter, "latin1").includes("common_"), 30_000);
  sh(startTruth(bufferKb, TRUTH));
  onTestFinished(() => void sh(`echo 0 >${TRUTH}/tracing_on; echo 0 >${TRUTH}/events/enable; rmdir ${TRUTH}`));
  sh(sharePids(instance, TRUTH));
  capture.agent.send("on");
  await capture.heard("begin");
}

/** All of it: nothing was overwritten. */
export function endTruth(): string {
  sh(`echo 0 >${TRUTH}/tracing_on`);
  const text = readFileSync(`${TRUTH}/trace`, "latin1");
  expect(text).toMatch(/^# entries-in-buffer\/entries-written: (\d+)\/\1 /m);
  return text;
}
