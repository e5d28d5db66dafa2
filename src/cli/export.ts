import { resolve } from "node:path";
import { Command, Option } from "@commander-js/extra-typings";
import { accountRecording, type RecordedAccount } from "../capture/account-recording.ts";
import type { CaptureAccount } from "../capture/recorded-capture.ts";
import { TrackSampler } from "../capture/track-sampler.ts";
import { ExitCode } from "../model/errors.ts";
import { formatChromeTrace } from "../report/chrome-trace.ts";
import { FOLDED_ATTRIBUTES, type FoldedAttribute, formatFolded } from "../report/folded-stacks.ts";
import { filterOf } from "./account-filter.ts";
import { memoryMbOf, numberOf, usage } from "./arm-options.ts";
import { holdsCapture } from "./file-kind.ts";
import { roundNotice } from "./phase-heading.ts";
import { ReadProgress } from "./read-progress.ts";
import { say } from "./say.ts";
import { inputOf, notExactNotice } from "./recording.ts";
import { clearStatus } from "./status-line.ts";
import { endNotice, noEvents, noneInTrace, partOf, type WindowOptions, windowOf } from "./window-options.ts";
import { WRAPPERS_OPTION } from "./wrappers-option.ts";
import { wrappersOf } from "./wrappers.ts";
import { writeOutput } from "./write-output.ts";

/** Of a track: more than a screen has columns, little enough that a viewer opens it at once. */
const MAX_POINTS = 2000;
const DEFAULT_TOP = 20;

interface ExportOptions extends WindowOptions {
  readonly attr?: FoldedAttribute;
  readonly output: string;
  readonly top?: string;
  readonly run?: string;
  readonly memoryMb?: string;
  readonly wrappers?: string;
  readonly malloc?: true;
  readonly cache?: true;
  readonly own?: true;
  readonly strict?: true;
}

type ExportedAccount = RecordedAccount & Pick<CaptureAccount, "rounds">;

/** `kmemtap export FILE…`: a recorded trace, for another tool. */
export function exportCommand(exit: (code: ExitCode) => void) {
  return new Command("export")
    .description("write a recorded trace for another tool: its live bytes over time, or the events themselves")
    .argument(
      "<FILES...>",
      "text of `trace` or `trace_pipe`, a trace.dat, also .gz; what --record kept; - reads standard input",
    )
    .requiredOption("-o, --output <FILE>", "where to write it (- is standard output)")
    .addOption(
      new Option(
        "--format <FORMAT>",
        "chrome: JSON for Perfetto and chrome://tracing; trace.dat: for trace-cmd and KernelShark; " +
          "folded: stacks for flamegraph.pl and speedscope, where the trace has some (--stacks)",
      )
        .choices(["chrome", "trace.dat", "folded"] as const)
        .default("chrome" as const),
    )
    .option("--top <N>", `chrome: callers with a track of their own (default: ${String(DEFAULT_TOP)})`)
    .addOption(
      new Option("--attr <ATTRIBUTE>", "folded: bytes allocated now, or ever (default: current)").choices(
        FOLDED_ATTRIBUTES,
      ),
    )
    .option("--run <N>", "of a capture with several boots or modes, this one (default: the last)")
    .option("--from <TIME>", "write what came from this time on, since the first event: 2s, 150ms")
    .option("--to <TIME>", "write what came before this time")
    .option("--phase <NAME>", "of what `run --record` kept: write this phase (NAME@2: of the second round)")
    .option("--own", "trace.dat: with what kmemtap's own helpers did on the target, which is left out else")
    .option(
      "--memory-mb <MB>",
      "chrome, folded: what the live objects may take, MiB (default: 1024); more are not followed",
    )
    .option(...WRAPPERS_OPTION)
    .option("--malloc", "account kmalloc only")
    .option("--cache", "account kmem_cache only")
    .option("--strict", "exit with 4 when the account is not exact")
    .addHelpText(
      "after",
      `
chrome: a track has ${String(MAX_POINTS)} points at most, sampled by the trace clock: a peak between two of them does not show.
trace.dat: the ring buffers' pages as they came, from what --record kept in mode raw.

Examples:
  kmemtap export trace.dat -o boot.json          then open it at https://ui.perfetto.dev
  kmemtap export boot.trace.gz -o - --top 5      the five callers with the largest peaks
  kmemtap export night.kmemtap --format trace.dat -o night.dat   then trace-cmd report night.dat
  kmemtap export night.kmemtap --format folded -o - | flamegraph.pl --countname=bytes >held.svg
  kmemtap export night.kmemtap --from 2s --to 5s -o three.json   three seconds of it`,
    )
    .action(async (files, options) => {
      if (options.output !== "-" && files.some((file) => resolve(file) === resolve(options.output)))
        throw usage(`${options.output} is named twice`, "give the result a name of its own");
      refuseOthers(options.format, options);
      const isExact = await WRITERS[options.format](files, options);
      if (options.strict === true && !isExact) exit(ExitCode.eventsLost);
    });
}

/** By format; each returns whether the account is exact. */
const WRITERS = { chrome: toChrome, folded: toFolded, "trace.dat": toDat } as const;
type Format = keyof typeof WRITERS;

const OF_ACCOUNTS: readonly Format[] = ["chrome", "folded"];
/** What only some formats heed: the events themselves are written as they are. */
const OF_FORMATS: readonly (readonly [keyof ExportOptions, option: string, formats: readonly Format[]])[] = [
  ["top", "--top", ["chrome"]],
  ["attr", "--attr", ["folded"]],
  ["own", "--own", ["trace.dat"]],
  ["malloc", "--malloc", OF_ACCOUNTS],
  ["cache", "--cache", OF_ACCOUNTS],
  ["memoryMb", "--memory-mb", OF_ACCOUNTS],
  ["wrappers", "--wrappers", OF_ACCOUNTS],
];

/** @throws {KmemtapError} `cli/usage` where an option would be ignored */
function refuseOthers(format: Format, options: ExportOptions): void {
  for (const [name, option, formats] of OF_FORMATS)
    if (options[name] !== undefined && !formats.includes(format))
      throw usage(`${option} with --format ${format}`, `it is of --format ${formats.join(" and ")}: leave it out`);
}

async function toChrome(files: readonly string[], options: ExportOptions): Promise<boolean> {
  const top = numberOf("--top", options.top, 1, 1_000_000) ?? DEFAULT_TOP;
  const sampler = new TrackSampler(MAX_POINTS);
  const account = await accountOf(files, options, sampler);
  clearStatus();
  const { snapshot } = account;
  await writeOutput(options.output, formatChromeTrace(sampler.tracks(snapshot, top), snapshot));
  return notices(account, options);
}

async function toFolded(files: readonly string[], options: ExportOptions): Promise<boolean> {
  const account = await accountOf(files, options);
  clearStatus();
  const { snapshot, stacks } = account;
  await writeOutput(options.output, formatFolded(stacks?.named() ?? [], snapshot.callers, options.attr ?? "current"));
  if (stacks === undefined && snapshot.totals.allocs > 0)
    say("the trace has no stacks: each call site stands alone; capture with --stacks, or trace-cmd record -T");
  return notices(account, options);
}

function notices({ snapshot, traceNs, rounds }: ExportedAccount, options: ExportOptions): boolean {
  const notice = notExactNotice(snapshot);
  for (const text of [notice, roundNotice(options, rounds)]) if (text !== undefined) say(text);
  if (snapshot.input.events.lines === 0) say(noEvents(options));
  const ends = endNotice(options, traceNs);
  if (ends !== undefined) say(ends);
  return snapshot.exact;
}

async function accountOf(
  files: readonly string[],
  options: ExportOptions,
  sampler?: TrackSampler,
): Promise<ExportedAccount> {
  const filter = filterOf(options);
  const memoryMb = memoryMbOf(options.memoryMb);
  const wrappers = wrappersOf(options.wrappers);
  const progress = new ReadProgress(files);
  if (!(await isCapture(files))) {
    const { phase, run } = options;
    if (phase !== undefined || run !== undefined) throw noneInTrace(phase === undefined ? "run" : "phase");
    return accountRecording(
      files.map((file) => inputOf(file, progress.onRead)),
      filter,
      {
        ...(sampler && { sampler }),
        window: windowOf(options),
        memoryMb,
        wrappers,
      },
    );
  }
  const { accountCapture } = await import("../capture/recorded-capture.ts");
  const onShare = progress.onShareOf(files[0]);
  const [run, part] = [runOf(options), partOf(options)];
  return accountCapture(files[0], { filter, run, part, sampler, memoryMb, wrappers, onShare });
}

/** @returns whether all that was recorded is in it */
async function toDat(files: readonly string[], options: ExportOptions): Promise<boolean> {
  if (options.output === "-") throw usage("a trace.dat is not written in order", "give a file with -o");
  if (!(await isCapture(files)))
    throw usage("only what --record kept in mode raw has the ring buffers' pages", "record with --record FILE");
  const { exportDat } = await import("../capture/export-dat.ts");
  const { own } = options;
  const wanted = {
    run: runOf(options),
    part: partOf(options),
    own,
    onShare: new ReadProgress(files).onShareOf(files[0]),
  };
  const { damage, discarded, rounds } = await exportDat(files[0], options.output, wanted);
  clearStatus();
  const round = roundNotice(options, rounds);
  if (round !== undefined) say(round);
  if (discarded > 0)
    say(`without ${discarded} events of kmemtap's own helpers, which report leaves out as well; --own`);
  for (const text of damage) say(`${files[0]}: ${text}`);
  return damage.length === 0;
}

async function isCapture(files: readonly string[]): Promise<boolean> {
  const captures = await Promise.all(files.map(holdsCapture));
  if (captures.includes(true) && files.length > 1)
    throw usage("a capture is exported by itself", "give one file that --record made");
  return captures[0];
}

function runOf({ run }: ExportOptions): number | undefined {
  return numberOf("--run", run, 1, 1_000_000);
}
