import type { CaptureRecorder } from "../capture/capture-recorder.ts";
import type { ExitCode } from "../model/errors.ts";
import { filterOf } from "./account-filter.ts";
import { type ArmCommandOptions, armOptions, memoryMbOf, withTargetOptions } from "./arm-options.ts";
import { consoleOf } from "./console-option.ts";
import { loadConfig } from "./config.ts";
import { kernelChoiceOf, type KernelOptions } from "./kernel-option.ts";
import { openTarget } from "./open-target.ts";
import { say } from "./say.ts";
import { kernelOf, parseTarget } from "./parse-target.ts";
import { recording } from "./record.ts";
import { untilStopped } from "./until-stopped.ts";
import { watch } from "./watch.ts";
import { wrappersOf } from "./wrappers.ts";

export interface LiveCommandOptions extends ArmCommandOptions, KernelOptions {
  readonly serve?: string;
  readonly tokenFile?: string;
  readonly readOnly?: true;
  readonly malloc?: true;
  readonly cache?: true;
  readonly strict?: true;
  readonly console?: string;
  readonly config?: string;
}

/** Watches the target named on the command line until the operator ends it. */
export function runLive(targetText: string, options: LiveCommandOptions): Promise<ExitCode> {
  return recording(options.record, (record) => live(targetText, options, record));
}

/** A reading of the slabs takes the target some milliseconds, and some KB of the link. */
const SLABS_MS = 10_000;

async function live(
  targetText: string,
  given: LiveCommandOptions,
  record: CaptureRecorder | undefined,
): Promise<ExitCode> {
  const config = loadConfig(given.config);
  const options = withTargetOptions(given, targetText, config);
  const named = kernelOf(targetText, config);
  const kernel = kernelChoiceOf({ ...(named !== undefined && { kernel: named }), ...options });
  const stopped = untilStopped();
  const armed = armOptions(options, config);
  const arm = { ...armed, slabsMs: SLABS_MS, wait: false, scope: "system", reconnect: true, say } as const;
  const parsed = parseTarget(targetText, config);
  const console = await consoleOf(options.console, parsed);
  const open = () => openTarget(parsed, targetText, arm, true);
  const target = await open();
  try {
    const { source, reports, agent, replayed } = target;
    return await watch(source, {
      config,
      stopped,
      id: targetText in config.targets ? targetText : undefined,
      reopen: agent === undefined || parsed.kind === "replay" ? undefined : open,
      serve: options.serve,
      access: options,
      filter: filterOf(options),
      kernel,
      strict: options.strict === true,
      verbose: options.verbose,
      lifetimes: options.lifetimes,
      tasks: options.tasks,
      mode: armed.mode,
      ...(console === undefined ? {} : { console }),
      onOverrun: options.onOverrun,
      record,
      memoryMb: memoryMbOf(options.memoryMb),
      wrappers: wrappersOf(options.wrappers ?? config.wrappers),
      ...(reports === undefined ? {} : { reports }),
      ...(agent === undefined ? {} : { agent }),
      ...(replayed === undefined ? {} : { replayed }),
      onReady: (url) => say(`${source.label} at ${url}`),
    });
  } finally {
    await target.close();
  }
}
