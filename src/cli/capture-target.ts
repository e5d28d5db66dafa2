/** A capture of a target for a while, as `snapshot` makes it: from log-in to restoration, whatever is done with its updates. */
import { setTimeout as sleep } from "node:timers/promises";
import { lastValueFrom, tap } from "rxjs";
import type { CaptureRecorder } from "../capture/capture-recorder.ts";
import type { LiveUpdate } from "../capture/live-update.ts";
import type { KernelChoice } from "../capture/with-sources.ts";
import { humanBytes } from "../format/bytes.ts";
import { formatCount } from "../format/count.ts";
import { KmemtapError } from "../model/errors.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { filterOf } from "./account-filter.ts";
import { type ArmCommandOptions, armOptions, durationOf, memoryMbOf, withTargetOptions } from "./arm-options.ts";
import { loadConfig } from "./config.ts";
import { consoleOf } from "./console-option.ts";
import { finishCapture } from "./finish-capture.ts";
import { follow } from "./follow.ts";
import { createLogger } from "./logger.ts";
import { openTarget } from "./open-target.ts";
import { parseTarget } from "./parse-target.ts";
import { say } from "./say.ts";
import { clearStatus, showStatus, spanOf } from "./status-line.ts";
import { untilStopped } from "./until-stopped.ts";
import { wrappersOf } from "./wrappers.ts";

export interface CaptureTargetOptions extends ArmCommandOptions {
  readonly for?: string;
  readonly malloc?: true;
  readonly cache?: true;
  readonly console?: string;
  readonly config?: string;
}

export interface CaptureUse {
  /** Stacks that snapshots list. */
  readonly stackRows?: number | undefined;
  /** What callers are looked up in while the capture goes on. */
  readonly kernel?: KernelChoice | undefined;
  readonly onUpdate?: (update: LiveUpdate) => void;
}

/** @returns the last update; its `failure` says that the link broke before the time was up */
export async function captureTarget(
  targetText: string,
  given: CaptureTargetOptions,
  record: CaptureRecorder | undefined,
  use: CaptureUse,
): Promise<LiveUpdate> {
  const config = loadConfig(given.config);
  const options = withTargetOptions(given, targetText, config);
  const forMs = options.for === undefined ? undefined : durationOf("--for", options.for);
  const armed = armOptions(options, config);
  const arm = { ...armed, wait: false, scope: "system", reconnect: true, say } as const;
  const stopped = untilStopped();
  const parsed = parseTarget(targetText, config);
  const console = await consoleOf(options.console, parsed);
  const target = await openTarget(parsed, targetText, arm, false);
  try {
    const logger = createLogger(config, "warn", options.verbose);
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
      stackRows: use.stackRows,
      wrappers: wrappersOf(options.wrappers ?? config.wrappers),
      filter: filterOf(options),
      tasks: options.tasks,
      lifetimes: options.lifetimes,
      kernel: use.kernel,
      tellsArmed: agent !== undefined,
      ...(reports === undefined ? {} : { reports }),
    });
    const status = statusOf(forMs);
    let isTold = agent === undefined || LESS_THAN_INFO.includes(config.logLevel);
    const over = lastValueFrom(
      followed.updates.pipe(
        tap((update) => {
          if (!isTold && isArmed(update)) {
            isTold = true;
            say(armedText(update));
          }
          status(update);
          use.onUpdate?.(update);
        }),
      ),
    );
    await Promise.race([over, stopped, timeUp(followed.last, forMs)]);
    if (agent === undefined) await source.close();
    else await finishCapture(agent, over, followed.last, logger);
    await target.close();
    const last = await over;
    clearStatus();
    await followed.sinks.drain();
    if (last.failure === undefined && agent === undefined) refuseForeign(last.snapshot);
    return last;
  } finally {
    await target.close();
  }
}

/** A configuration that wants no news. */
const LESS_THAN_INFO: readonly string[] = ["warn", "error", "silent"];

/** Bytes arrive while a target is being armed: only then is what happens now recorded. */
function isArmed({ began, snapshot }: LiveUpdate): boolean {
  return began && snapshot.mode !== undefined;
}

function armedText({ snapshot: { mode, modeReason } }: LiveUpdate): string {
  return `armed: recording in mode ${mode ?? "auto"}${modeReason === undefined ? "" : ` (${modeReason})`}`;
}

/** How far it is, at the bottom of the terminal. */
function statusOf(forMs: number | undefined): (update: LiveUpdate) => void {
  let beganMs: number | undefined;
  return ({ began, link, snapshot: { totals, exact } }) => {
    if (!began) return;
    beganMs ??= Date.now();
    const ms = Date.now() - beganMs;
    showStatus(() => {
      const left =
        forMs === undefined ? "Ctrl-C ends it" : ms < forMs ? `${spanOf(forMs - ms)} left` : "reading the rest";
      const rate = `${formatCount(link.eventsPerSecond)} events/s`;
      return `${spanOf(ms)}, ${left}; ${rate}; ${humanBytes(totals.netBytes)} held${exact ? "" : "; not exact"}`;
    });
  };
}

/** The time runs from the beginning of the window, not of the log-in; never up where none was asked for. */
async function timeUp(last: () => LiveUpdate | undefined, forMs: number | undefined): Promise<void> {
  if (forMs === undefined) return new Promise(() => undefined);
  while (last()?.began !== true) await sleep(LOOK_MS, undefined, { ref: false });
  await sleep(forMs, undefined, { ref: false });
}

const LOOK_MS = 20;

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
