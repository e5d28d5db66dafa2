/** `kmemtap snapshot TARGET|URL --every … -o DIR`: files, while a capture goes on that nobody looks at. */
import type { CaptureRecorder } from "../../capture/capture-recorder.ts";
import { MAX_STACK_ROWS } from "../../capture/stack-charging.ts";
import { plural } from "../../format/count.ts";
import { ExitCode } from "../../model/errors.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { lossNotice } from "../../report/loss-notice.ts";
import { durationOf, usage } from "../arm-options.ts";
import { captureTarget } from "../capture-target.ts";
import { kernelChoiceOf } from "../kernel-option.ts";
import { makeDirectory } from "../make-directory.ts";
import { recording } from "../record.ts";
import type { SnapshotCommandOptions } from "../run-snapshot.ts";
import { say } from "../say.ts";
import { checkServed } from "./check-served.ts";
import { parseCondition } from "./condition.ts";
import { DumpFiles } from "./dump-files.ts";
import { dumpFormatsOf } from "./dump-formats.ts";
import { MomentDump } from "./dump-moments.ts";
import { type DumpOptions, isServer } from "./dump-options.ts";
import { type Moment, momentOf } from "./moment.ts";
import { pollServer, type ServerOptions } from "./server-moments.ts";
import { Triggers } from "./triggers.ts";

export type DumpCommandOptions = DumpOptions & SnapshotCommandOptions & ServerOptions;

const LEAST_EVERY_MS = 200;

export async function runDump(targetText: string, options: DumpCommandOptions): Promise<ExitCode> {
  if (isServer(targetText)) checkServer(options);
  const { files, dump, formats, directory } = prepare(options);
  // Before a capture that could not be kept.
  await makeDirectory(directory);
  const onSignal = () => dump.triggers.ask("SIGUSR1");
  if (options.onSignal === true) process.on("SIGUSR1", onSignal);
  const take = (moment: Moment | undefined) => {
    if (moment === undefined) return;
    const why = dump.moments.take(moment);
    if (why.length > 0) say(`writing a snapshot: ${why.join("; ")}`);
  };
  const conclude = async (last: Snapshot): Promise<ExitCode> => {
    await dump.moments.end();
    tell(files, dump.moments);
    const notice = lossNotice(last);
    if (notice !== undefined) say(notice);
    if (files.failed > 0) return ExitCode.targetFailed;
    return options.strict === true && !last.exact ? ExitCode.eventsLost : ExitCode.done;
  };
  try {
    if (isServer(targetText)) {
      const freeing = formats.includes("slab-account");
      return await conclude(await pollServer(targetText, options, pollMsOf(options), take, { freeing }));
    }
    return await recording(options.record, async (record) =>
      conclude(await fromTarget(targetText, options, record, formats, take)),
    );
  } finally {
    process.off("SIGUSR1", onSignal);
    await dump.moments.end();
  }
}

async function fromTarget(
  targetText: string,
  options: DumpCommandOptions,
  record: CaptureRecorder | undefined,
  formats: readonly string[],
  take: (moment: Moment | undefined) => void,
): Promise<Snapshot> {
  const listsStacks = formats.includes("json") || formats.includes("pprof");
  const { failure, snapshot } = await captureTarget(targetText, options, record, {
    stackRows: listsStacks ? MAX_STACK_ROWS : undefined,
    kernel: kernelChoiceOf(options),
    onUpdate: (update) => take(momentOf(update, Date.now())),
  });
  if (failure !== undefined) throw failure;
  return snapshot;
}

/** What is the running kmemtap's to decide, and what its snapshots do not tell. */
function checkServer(options: DumpCommandOptions): void {
  checkServed(options, KNOWN);
  if (options.format?.includes("tasks") === true)
    throw usage("--format tasks: a running kmemtap has a file for it", "get /api/targets/ID/tasks.json of it");
}

const KNOWN = [
  ...["every", "atOverrun", "onSignal", "when", "format"],
  ...["for", "output", "json", "lines", "branch", "startBranch", "orderBy", "strict", "tokenFile", "config"],
];

function prepare(options: DumpCommandOptions) {
  const { output, format = "json", json, lines, branch, startBranch, orderBy } = options;
  if (output === undefined || output === "-")
    throw usage("a capture that writes files needs a directory for them", "name one: -o DIR");
  if (json === true) throw usage("--json prints one snapshot", "use --format json");
  if ((lines ?? branch ?? startBranch ?? orderBy) !== undefined)
    throw usage(
      "--lines, --branch and --order-by are of one report",
      "keep json, and report it: kmemtap diff, kmemtap report",
    );
  const formats = dumpFormatsOf("--format", format);
  if (formats.includes("tasks") && options.tasks !== true)
    throw usage("--format tasks without --tasks", "add --tasks: nothing is kept of tasks without it");
  const everyMs = options.every === undefined ? undefined : durationOf("--every", options.every);
  if (everyMs !== undefined && everyMs < LEAST_EVERY_MS)
    throw usage(`--every ${String(options.every)}: too often`, `${String(LEAST_EVERY_MS)}ms or more`);
  const conditions = (options.when ?? []).map(parseCondition);
  const triggers = new Triggers({ everyMs, atOverrun: options.atOverrun, conditions });
  const files = new DumpFiles({
    directory: output,
    formats,
    onTrouble: (text) => say(`${text}; the capture goes on`),
  });
  return { files, formats, directory: output, dump: { triggers, moments: new MomentDump(triggers, files) } };
}

function tell({ written, failed }: DumpFiles, { skipped }: MomentDump): void {
  say(`${plural(written, "file")} written`);
  if (failed > 0) say(`${plural(failed, "file")} could not be written`);
  if (skipped > 0) say(`${String(skipped)} moments were left out: writing took longer than the time between them`);
}

/** As often as is to be written, and often enough to see a condition come true. */
function pollMsOf({ every, atOverrun, onSignal, when }: DumpOptions): number {
  const everyMs = every === undefined ? Infinity : durationOf("--every", every);
  const waits = (atOverrun ?? onSignal ?? when) !== undefined;
  return Math.min(everyMs, waits || every === undefined ? 1000 : Infinity);
}
