import { setTimeout as sleep } from "node:timers/promises";
import { lastValueFrom } from "rxjs";
import { MAX_STACK_ROWS } from "../capture/stack-charging.ts";
import type { LiveUpdate } from "../capture/live-session.ts";
import type { CaptureRecorder } from "../capture/capture-recorder.ts";
import { ExitCode, KmemtapError } from "../model/errors.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { formatAccountFile } from "../report/account-file.ts";
import { lossNotice } from "../report/loss-notice.ts";
import { remarksOn } from "../report/remarks.ts";
import { filterOf } from "./account-filter.ts";
import { applyKernel } from "./apply-kernel.ts";
import { type ArmCommandOptions, armOptions, durationOf, memoryMbOf } from "./arm-options.ts";
import { consoleOf } from "./console-option.ts";
import { loadConfig } from "./config.ts";
import { finishCapture } from "./finish-capture.ts";
import { follow } from "./follow.ts";
import { kernelChoiceOf, type KernelOptions } from "./kernel-option.ts";
import { createLogger } from "./logger.ts";
import { openTarget } from "./open-target.ts";
import { say } from "./say.ts";
import { parseTarget } from "./parse-target.ts";
import { recording } from "./record.ts";
import { untilStopped } from "./until-stopped.ts";
import { extrasOf, wrappersOf } from "./wrappers.ts";
import { writeOutput } from "./write-output.ts";

export interface SnapshotCommandOptions extends ArmCommandOptions, KernelOptions {
  readonly for?: string;
  readonly json?: true;
  readonly output?: string;
  readonly malloc?: true;
  readonly cache?: true;
  readonly strict?: true;
  readonly console?: string;
  readonly config?: string;
}

/** Captures for the time asked for, and prints the account of it. */
export function runSnapshot(targetText: string, options: SnapshotCommandOptions): Promise<ExitCode> {
  return recording(options.record, (record) => snapshot(targetText, options, record));
}

async function snapshot(
  targetText: string,
  options: SnapshotCommandOptions,
  record: CaptureRecorder | undefined,
): Promise<ExitCode> {
  kernelChoiceOf(options);
  const config = loadConfig(options.config);
  const forMs = options.for === undefined ? undefined : durationOf("--for", options.for);
  const armed = armOptions(options, config);
  const arm = { ...armed, wait: false, scope: "system", reconnect: true, say } as const;
  const stopped = untilStopped();
  const parsed = parseTarget(targetText, config);
  const console = await consoleOf(options.console, parsed);
  const target = await openTarget(parsed, targetText, arm, false);
  try {
    const logger = createLogger(config.logLevel);
    const { source, agent, reports } = target;
    const followed = follow(source, {
      config,
      logger,
      agent,
      mode: armed.mode,
      ...(console === undefined ? {} : { console }),
      onOverrun: options.onOverrun,
      record,
      memoryMb: memoryMbOf(options.memoryMb),
      stackRows: options.json === true ? MAX_STACK_ROWS : undefined,
      wrappers: wrappersOf(options.wrappers ?? config.wrappers),
      filter: filterOf(options),
      ...(reports === undefined ? {} : { reports }),
    });
    const over = lastValueFrom(followed.updates);
    await Promise.race([over, stopped, timeUp(followed.last, forMs)]);
    if (agent === undefined) await source.close();
    else await finishCapture(agent, over, followed.last, logger);
    await target.close();
    const { failure, snapshot: account } = await over;
    await followed.sinks.drain();
    if (failure !== undefined) await fail(failure, account);
    if (agent === undefined) refuseForeign(account);
    const { snapshot: shown } = await applyKernel(account, options).catch(async (thrown: unknown) => {
      // What was captured is worth having, whatever -k names.
      await print(account, options);
      throw thrown;
    });
    await print(shown, options);
    const remarks = options.json === true ? [] : remarksOn(account);
    for (const notice of [lossNotice(account), ...remarks]) if (notice !== undefined) say(notice);
    return options.strict === true && !account.exact ? ExitCode.eventsLost : ExitCode.done;
  } finally {
    await target.close();
  }
}

/** The time runs from the beginning of the window, not of the log-in; never up where none was asked for. */
async function timeUp(last: () => LiveUpdate | undefined, forMs: number | undefined): Promise<void> {
  if (forMs === undefined) return new Promise(() => undefined);
  while (last()?.began !== true) await sleep(LOOK_MS, undefined, { ref: false });
  await sleep(forMs, undefined, { ref: false });
}

const LOOK_MS = 20;

/** What was captured before the link failed is worth having. */
async function fail(failure: Error, snapshot: Snapshot): Promise<never> {
  if (snapshot.totals.allocs > 0) await writeOutput("-", formatAccountFile(snapshot, "current_dynamic"));
  throw failure;
}

/** No account is better than one of zeros, which looks exact. */
function refuseForeign({ input, source }: Snapshot): void {
  const others = ["foreign", "blank", "comment"];
  const ignored = Object.entries(input.ignored).filter(([reason]) => !others.includes(reason));
  const all = [input.events, ...ignored.map(([, counted]) => counted), ...Object.values(input.rejected)];
  if (all.some(({ lines }) => lines > 0)) return;
  if (input.bytes === 0) {
    throw new KmemtapError("input/empty", `${source.label}: nothing arrived`, {
      nextStep: "check the path, and that the target writes its trace there",
    });
  }
  throw new KmemtapError("input/not-a-trace", `${source.label} is not a kernel trace`, {
    nextStep: "give the text of /sys/kernel/tracing/trace or trace_pipe, with kmem events",
  });
}

async function print(snapshot: Snapshot, options: SnapshotCommandOptions): Promise<void> {
  const text =
    options.json === true
      ? `${JSON.stringify(snapshot, null, 2)}\n`
      : formatAccountFile(snapshot, "current_dynamic", extrasOf(options));
  await writeOutput(options.output ?? "-", text);
}
