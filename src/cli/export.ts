import { resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { accountRecording } from "../capture/account-recording.ts";
import { TrackSampler } from "../capture/track-sampler.ts";
import { ExitCode, KmemtapError } from "../model/errors.ts";
import { formatChromeTrace } from "../report/chrome-trace.ts";
import { filterOf } from "./account-filter.ts";
import { inputOf, notExactNotice } from "./recording.ts";
import { writeOutput } from "./write-output.ts";

/** Of a track: more than a screen has columns, little enough that a viewer opens it at once. */
const MAX_POINTS = 2000;
const DEFAULT_TOP = 20;

/** `kmemtap export FILE…`: live bytes over time, for another tool to draw. */
export function exportCommand(exit: (code: ExitCode) => void) {
  return new Command("export")
    .description(
      "write the live bytes of a recorded trace over time: in all, and of the callers with the largest peaks",
    )
    .argument("<FILES...>", "text of `trace` or `trace_pipe`, or a trace.dat, also .gz; - reads standard input")
    .requiredOption("-o, --output <FILE>", "where to write it (- is standard output)")
    .addOption(
      new Option("--format <FORMAT>", "chrome: JSON for Perfetto and chrome://tracing")
        .choices(["chrome"] as const)
        .default("chrome" as const),
    )
    .option("--top <N>", "callers with a track of their own", countOf, DEFAULT_TOP)
    .option("--malloc", "account kmalloc only")
    .option("--cache", "account kmem_cache only")
    .option("--strict", "exit with 4 when the account is not exact")
    .addHelpText(
      "after",
      `
A track has ${String(MAX_POINTS)} points at most, sampled by the trace clock: a peak between two of them does not show.

Examples:
  kmemtap export trace.dat -o boot.json          then open it at https://ui.perfetto.dev
  kmemtap export boot.trace.gz -o - --top 5      the five callers with the largest peaks`,
    )
    .action(async (files, options) => {
      if (options.output !== "-" && files.some((file) => resolve(file) === resolve(options.output))) {
        throw new KmemtapError("cli/usage", `${options.output} is named twice`, {
          nextStep: "give the result a name of its own",
          exitCode: ExitCode.wrongUse,
        });
      }
      const sampler = new TrackSampler(MAX_POINTS);
      const { snapshot } = await accountRecording(files.map(inputOf), filterOf(options), { sampler });
      await writeOutput(options.output, formatChromeTrace(sampler.tracks(snapshot, options.top), snapshot));
      const notice = notExactNotice(snapshot);
      if (notice !== undefined) process.stderr.write(`kmemtap: ${notice}\n`);
      if (snapshot.input.events.lines === 0) process.stderr.write("kmemtap: the trace holds no kmem events\n");
      if (options.strict === true && !snapshot.exact) exit(ExitCode.eventsLost);
    });
}

function countOf(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 0) throw new InvalidArgumentError("It must be a count.");
  return count;
}
