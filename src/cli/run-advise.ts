import { accountRecording } from "../capture/account-recording.ts";
import { RequestProfiler } from "../capture/profile-requests.ts";
import { TimeWindow } from "../capture/time-window.ts";
import { ExitCode } from "../model/errors.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { formatAdvice } from "../report/advice/advice-report.ts";
import { advise } from "../report/advice/advise.ts";
import { filterOf } from "./account-filter.ts";
import { memoryMbOf, numberOf, usage } from "./arm-options.ts";
import { holdsCapture } from "./file-kind.ts";
import { ReadProgress } from "./read-progress.ts";
import { inputOf, notExactNotice } from "./recording.ts";
import { say } from "./say.ts";
import { clearStatus } from "./status-line.ts";
import { noEvents, spanOf } from "./window-options.ts";
import { writeOutput } from "./write-output.ts";

export interface AdviseOptions {
  readonly json?: true;
  readonly malloc?: true;
  readonly cache?: true;
  readonly run?: string;
  readonly from?: string;
  readonly to?: string;
  readonly memoryMb?: string;
  readonly strict?: true;
}

export async function runAdvise(files: readonly string[], options: AdviseOptions): Promise<ExitCode> {
  const profiler = new RequestProfiler(memoryMbOf(options.memoryMb));
  const snapshot = await profiled(files, options, profiler);
  clearStatus();
  const advice = advise(profiler.profile(snapshot), snapshot);
  await writeOutput("-", options.json === true ? JSON.stringify(advice, null, 2) + "\n" : formatAdvice(advice));
  const notice = notExactNotice(snapshot);
  if (notice !== undefined) say(notice);
  if (snapshot.input.events.lines === 0) say(noEvents(options));
  return options.strict === true && !snapshot.exact ? ExitCode.eventsLost : ExitCode.done;
}

async function profiled(files: readonly string[], options: AdviseOptions, sampler: RequestProfiler): Promise<Snapshot> {
  const filter = filterOf(options);
  const span = spanOf(options);
  const memoryMb = memoryMbOf(options.memoryMb);
  const captures = await Promise.all(files.map(holdsCapture));
  const progress = new ReadProgress(files);
  if (!captures.includes(true)) {
    if (options.run !== undefined)
      throw usage("--run chooses one of a capture's runs", "give a file that --record made");
    const window = span === undefined ? undefined : new TimeWindow(span);
    return (
      await accountRecording(
        files.map((file) => inputOf(file, progress.onRead)),
        filter,
        { sampler, window, memoryMb },
      )
    ).snapshot;
  }
  if (files.length > 1) throw usage("a capture is looked at by itself", "give one file that --record made");
  const { accountCapture } = await import("../capture/recorded-capture.ts");
  const run = numberOf("--run", options.run, 1, 1_000_000);
  const onShare = progress.onShareOf(files[0]);
  const { snapshot } = await accountCapture(files[0], { filter, run, part: span, memoryMb, sampler, onShare });
  if (snapshot.mode === "hist")
    throw usage(
      `${files[0]} was captured in mode hist, which has sums and no requests`,
      "capture with --mode raw or text",
    );
  return snapshot;
}
