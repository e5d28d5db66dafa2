import { Command } from "@commander-js/extra-typings";
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
import { inputOf, notExactNotice } from "./recording.ts";
import { say } from "./say.ts";
import { spanOf } from "./window-options.ts";
import { writeOutput } from "./write-output.ts";

interface AdviseOptions {
  readonly malloc?: true;
  readonly cache?: true;
  readonly run?: string;
  readonly from?: string;
  readonly to?: string;
  readonly memoryMb?: string;
}

/** `kmemtap advise FILE…`: what a recorded trace suggests, and what other allocators would have taken. */
export function adviseCommand(exit: (code: ExitCode) => void) {
  return new Command("advise")
    .description(
      "what a recorded trace suggests: caches worth making, odd sizes, churn; and SLUB, SLAB and SLOB compared",
    )
    .argument(
      "<FILES...>",
      "text of `trace` or `trace_pipe`, a trace.dat, also .gz; what --record kept; - is standard input",
    )
    .option("--json", "print findings and allocators as JSON (kmemtap.advice/1)")
    .option("--malloc", "look at kmalloc only")
    .option("--cache", "look at kmem_cache only")
    .option("--run <N>", "of a capture with several boots or modes, this one (default: the last)")
    .option("--from <TIME>", "what came from this time on, since the first event: 2s, 150ms")
    .option("--to <TIME>", "what came before this time")
    .option("--memory-mb <MB>", "what the live objects may take, MiB (default: 1024); more are not followed")
    .option("--strict", "exit with 4 when the account is not exact")
    .addHelpText(
      "after",
      `
Examples:
  kmemtap advise boot.trace                 what holds more than it needs, and what to do about it
  kmemtap advise night.kmemtap --from 10s   without the boot, which is like no workload
  kmemtap advise boot.trace --json          with every figure, and where a model is not what the kernel did`,
    )
    .action(async (files, options) => {
      const profiler = new RequestProfiler(memoryMbOf(options.memoryMb));
      const snapshot = await profiled(files, options, profiler);
      const advice = advise(profiler.profile(snapshot), snapshot);
      await writeOutput("-", options.json === true ? JSON.stringify(advice, null, 2) + "\n" : formatAdvice(advice));
      const notice = notExactNotice(snapshot);
      if (notice !== undefined) say(notice);
      if (snapshot.input.events.lines === 0) say("the trace holds no kmem events");
      if (options.strict === true && !snapshot.exact) exit(ExitCode.eventsLost);
    });
}

async function profiled(files: readonly string[], options: AdviseOptions, sampler: RequestProfiler): Promise<Snapshot> {
  const filter = filterOf(options);
  const span = spanOf(options);
  const memoryMb = memoryMbOf(options.memoryMb);
  const captures = await Promise.all(files.map(holdsCapture));
  if (!captures.includes(true)) {
    if (options.run !== undefined)
      throw usage("--run chooses one of a capture's runs", "give a file that --record made");
    const window = span === undefined ? undefined : new TimeWindow(span);
    return (await accountRecording(files.map(inputOf), filter, { sampler, window, memoryMb })).snapshot;
  }
  if (files.length > 1) throw usage("a capture is looked at by itself", "give one file that --record made");
  const { accountCapture } = await import("../capture/recorded-capture.ts");
  const run = numberOf("--run", options.run, 1, 1_000_000);
  const { snapshot } = await accountCapture(files[0], { filter, run, part: span, memoryMb, sampler });
  if (snapshot.mode === "hist")
    throw usage(
      `${files[0]} was captured in mode hist, which has sums and no requests`,
      "capture with --mode raw or text",
    );
  return snapshot;
}
