/** `kmemtap report`: the accounts of what was recorded, in every form. */
import { MAX_STACK_ROWS } from "../capture/stack-charging.ts";
import { resolve } from "node:path";
import { accountRecording, type RecordedAccount } from "../capture/account-recording.ts";
import type { CaptureAccount } from "../capture/recorded-capture.ts";
import { ExitCode } from "../model/errors.ts";
import type { CallerSource, Snapshot } from "../model/snapshot.ts";
import { MAX_STACKS } from "../model/stack-table.ts";
import type { Workload } from "../model/workload.ts";
import { type AccountExtras, formatAccountFile } from "../report/account-file.ts";
import { formatCallersFile } from "../report/callers-file.ts";
import { orderCallers } from "../report/order.ts";
import { formatWorkload } from "../report/workload-report.ts";
import { remarksOn } from "../report/remarks.ts";
import { formatTasks } from "../report/tasks-table.ts";
import { formatSlabAccount, SLAB_ACCOUNT_BEGINNING } from "../report/slab-account.ts";
import { filterOf } from "./account-filter.ts";
import { memoryMbOf, numberOf, usage } from "./arm-options.ts";
import { firstBytes, holdsCapture } from "./file-kind.ts";
import { groupChoiceOf, type GroupOptions, withGroups } from "./group-options.ts";
import { headingOf, roundNotice } from "./phase-heading.ts";
import { kernelChoiceOf, type KernelOptions } from "./kernel-option.ts";
import { ReadProgress } from "./read-progress.ts";
import { inputOf, notExactNotice } from "./recording.ts";
import { refuseIgnored, refuseMixture, type WantedResults } from "./report-outputs.ts";
import { type RingsChoice, ringsChoiceOf, type RingsOptions, showsImage } from "./rings-options.ts";
import { say } from "./say.ts";
import { clearStatus } from "./status-line.ts";
import { endNotice, noEvents, noneInTrace, partOf, type WindowOptions, windowOf } from "./window-options.ts";
import { extrasOf, wrappersOf } from "./wrappers.ts";
import { writeOutput } from "./write-output.ts";

interface Outputs extends KernelOptions, RingsOptions, GroupOptions, WantedResults {
  readonly wrappers?: string;
  /** Read, not written. */
  readonly console?: string;
}

export interface ReportOptions extends Outputs, CaptureChoice {
  readonly strict?: true;
}

/** @param named traces; none for what the kernel itself takes */
export async function runReport(named: readonly string[], options: ReportOptions): Promise<ExitCode> {
  const rings = ringsChoiceOf(options);
  if (named.length === 0 && options.kernel !== undefined && options.console === undefined) {
    const { reportStatic } = await import("./report-static.ts");
    await reportStatic(options.kernel, options, rings);
    return ExitCode.done;
  }
  const groups = groupChoiceOf(options);
  refuseIgnored(options, groups);
  const { files, outputs } = await sortOut(named, options);
  kernelChoiceOf(options);
  const console = options.console === undefined ? undefined : inputOf(options.console);
  const progress = new ReadProgress(console === undefined ? files : [...files, console.path ?? "-"]);
  const capture = await accountOfCapture(files, options, progress);
  const whole =
    capture ??
    (await accountRecording(
      files.map((file) => inputOf(file, progress.onRead)),
      filterOf(options),
      {
        ...(console && { console }),
        window: windowOf(options),
        memoryMb: memoryMbOf(options.memoryMb),
        wrappers: wrappersOf(options.wrappers),
        stackRows: stackRowsOf(options),
        lifetimes: options.lifetimes,
        tasks: options.tasks,
      },
    ));
  clearStatus();
  let shown = whole.snapshot;
  if (capture?.workload === undefined) {
    const heading = await headingOf(files[0], options);
    const round = heading.length === 0 ? roundNotice(options, capture?.rounds) : undefined;
    if (round !== undefined) say(round);
    const part = await attributed(whole, options, rings !== undefined && showsImage(rings.attribute));
    shown = part.snapshot;
    await writeOutputs({ ...withGroups(part, groups), heading, top: groups?.top }, outputs, rings);
    if (shown.branch !== undefined && shown.callers.length === 0) say(`no caller is in ${shown.branch}`);
  } else await writeOutput("-", workloadText(await workloadAttributed(capture.workload, options), outputs));
  const { snapshot } = whole;
  const remarks = outputs.json === true || capture?.workload !== undefined ? [] : remarksOn(shown);
  const notices = [notExactNotice(snapshot), ...printkNotices(snapshot), ...remarks];
  for (const notice of notices) if (notice !== undefined) say(notice);
  if (snapshot.input.events.lines === 0) say(noEvents(options));
  const ends = endNotice(options, whole.traceNs);
  if (ends !== undefined) say(ends);
  const phases = capture?.phases ?? [];
  if (phases.length > 0 && outputs.json !== true && options.workload !== true && partOf(options) === undefined)
    say(`it holds a workload (${phases.join(", ")}); --workload accounts what each of its phases left behind`);
  return options.strict === true && !snapshot.exact ? ExitCode.eventsLost : ExitCode.done;
}

/** With what -k and -b make of it. */
async function attributed(account: RecordedAccount, options: KernelOptions, drawsImage: boolean): Promise<Attributed> {
  if ((options.kernel ?? options.branch ?? options.startBranch) === undefined) return account;
  const { applyKernel } = await import("./apply-kernel.ts");
  return { ...account, ...(await applyKernel(account.snapshot, options, drawsImage && options.kernel !== undefined)) };
}

interface Attributed extends Pick<RecordedAccount, "snapshot" | "freeingCallSites"> {
  /** Of the frames of its stacks as well. */
  readonly sources?: ReadonlyMap<string, CallerSource>;
}

/** A profile has room for all stacks, JSON for the largest. */
function stackRowsOf({ json, pprof }: { json?: true; pprof?: string }): number | undefined {
  return pprof !== undefined ? MAX_STACKS : json === true ? MAX_STACK_ROWS : undefined;
}

async function workloadAttributed(workload: Workload, options: KernelOptions): Promise<Workload> {
  if (options.kernel === undefined) return workload;
  const { applyKernelToWorkload } = await import("./apply-kernel.ts");
  return applyKernelToWorkload(workload, options);
}

interface CaptureChoice extends WindowOptions, Pick<KernelOptions, "branch" | "startBranch"> {
  readonly wrappers?: string;
  readonly json?: true;
  readonly lifetimes?: true;
  readonly tasks?: true;
  readonly pprof?: string;
  readonly memoryMb?: string;
  readonly run?: string;
  readonly workload?: true;
  readonly addresses?: true;
  readonly malloc?: true;
  readonly cache?: true;
  readonly console?: string;
}

/** The account of what --record kept, where that was given; of the last run, or the one that was asked for. */
async function accountOfCapture(
  files: readonly string[],
  options: CaptureChoice,
  progress: ReadProgress,
): Promise<CaptureAccount | undefined> {
  const { workload, addresses } = options;
  const isCapture = await Promise.all(files.map(holdsCapture));
  if (!isCapture.includes(true)) {
    const chosen = (["run", "phase", "workload", "addresses"] as const).find((name) => options[name] !== undefined);
    if (chosen === undefined) return undefined;
    throw noneInTrace(chosen);
  }
  if (files.length > 1 || options.console !== undefined)
    throw usage("a capture is accounted by itself", "give one file that --record made, and no --console");
  const run = numberOf("--run", options.run, 1, 1_000_000);
  const part = partOf(options);
  if (workload === true && part !== undefined)
    throw usage("--workload with --phase, --from or --to", "a workload is accounted in whole");
  if (workload === true && (options.branch ?? options.startBranch) !== undefined)
    throw usage("--workload with --branch", "a workload is accounted in whole");
  if (addresses === true && workload !== true) throw usage("--addresses without --workload", "add --workload");
  // What a capture needs (the agent's lines, its links) a trace does not: only one of them pays for it.
  const { accountCapture } = await import("../capture/recorded-capture.ts");
  const memoryMb = memoryMbOf(options.memoryMb);
  const account = await accountCapture(files[0], {
    filter: filterOf(options),
    run,
    part,
    memoryMb,
    wrappers: wrappersOf(options.wrappers),
    stackRows: stackRowsOf(options),
    lifetimes: options.lifetimes,
    tasks: options.tasks,
    onShare: progress.onShareOf(files[0]),
    workload: workload === true ? { addresses: addresses === true } : undefined,
  });
  if (workload === true && account.phases.length === 0)
    throw usage(`${files[0]} holds no workload`, "only recordings of kmemtap run have phases");
  if (run === undefined && account.runs > 1) {
    process.stderr.write(`kmemtap: the last of ${account.runs} runs; --run N accounts another\n`);
  }
  return account;
}

function workloadText(workload: Workload, { json }: Outputs): string {
  return json === true ? `${JSON.stringify(workload, null, 2)}\n` : formatWorkload(workload);
}

/** Tells inputs from outputs, and sees that no trace is written over and no result by another. */
async function sortOut(
  named: readonly string[],
  options: Outputs,
): Promise<{ files: readonly string[]; outputs: Outputs }> {
  const { accountFile, callersFile, pprof, ringsFile, workload } = options;
  if (workload === true && (accountFile ?? callersFile ?? options.slabAccount ?? ringsFile ?? pprof) !== undefined)
    throw usage("--workload prints a result of its own", "leave -c, -l, -r, --slab-account and --pprof out");
  // `report --slab-account boot.trace`: the option has taken the name that was meant as the trace.
  const { slabAccount: slab } = options;
  const trace = named.length === 0 && typeof slab === "string" && slab !== "-" ? slab : undefined;
  const files = trace === undefined ? named : [trace];
  const outputs = trace === undefined ? options : { ...options, slabAccount: true as const };
  const { console } = options;
  if (files.length === 0 && console === undefined)
    throw usage("no trace file given", "name one, or - for standard input: kmemtap report FILE");
  if (console === "-" && files.includes("-"))
    throw usage("standard input cannot be both console and trace", "give one of them as a file");

  const inputs = console === undefined ? files : [...files, console];
  const taken = new Set(inputs.map((file) => resolve(file)));
  for (const output of [outputs.accountFile, outputs.callersFile, outputs.slabAccount, outputs.ringsFile, pprof]) {
    if (typeof output !== "string" || output === "-") continue;
    if (taken.has(resolve(output))) throw usage(`${output} is named twice`, "give each result a name of its own");
    taken.add(resolve(output));
  }
  refuseMixture(outputs);
  const { slabAccount } = outputs;
  if (typeof slabAccount === "string" && slabAccount !== "-" && (await isOther(slabAccount))) {
    throw usage(`${slabAccount} is there already and no slab account`, "name the traces before --slab-account");
  }
  return { files, outputs };
}

/** True for a file that may be a trace, meant to be read: only what this option wrote is written again. */
async function isOther(path: string): Promise<boolean> {
  const first = (await firstBytes(path)).toString("latin1");
  return first !== "" && !first.startsWith(SLAB_ACCOUNT_BEGINNING);
}

/** What a console adds to an account, and what it cannot tell, a line each. */
function printkNotices({ printk, loss, totals }: Snapshot): string[] {
  const notices: string[] = [];
  if (printk !== undefined) {
    const parts = [`${String(printk.events)} events`];
    if (printk.matched > 0)
      parts.push(
        `${String(printk.matched)} of them in the trace as well and counted once`,
        `${String(printk.consoleOnly)} only on the console`,
        `${String(printk.traceOnly)} of the same time only in the trace`,
      );
    else if (printk.clockOffsetNs === null) parts.push("none of them in a trace");
    if (printk.recoveredEvents > 0) parts.push(`${String(printk.recoveredEvents)} lost by the ring buffer recovered`);
    if (printk.droppedMessages > 0) parts.push(`${String(printk.droppedMessages)} messages dropped`);
    notices.push(`console: ${parts.join("; ")}`);
  }
  const { hiddenPointers: hidden } = loss;
  if (hidden !== undefined) {
    const most = totals.netBytes + hidden.bytes;
    notices.push(
      `not exact: ${String(hidden.allocs)} allocations and ${String(hidden.frees)} frees have a hidden pointer and cannot ` +
        `be followed; ${String(totals.netBytes)} to ${String(most)} bytes are allocated`,
    );
  }
  return notices;
}

async function writeOutputs(
  { snapshot, freeingCallSites, sources, heading, top }: Attributed & Pick<AccountExtras, "heading" | "top">,
  options: Outputs,
  rings: RingsChoice | undefined,
): Promise<void> {
  const { accountFile, callersFile, slabAccount, json, tasks, pprof, orderBy = "current_dynamic" } = options;
  const chosen = [accountFile, callersFile, slabAccount, json, tasks, pprof, rings];
  // First: only the chart knows whether the image has the place that -b names.
  if (rings !== undefined) {
    const { drawSnapshot } = await import("./draw-snapshot.ts");
    await drawSnapshot(rings, snapshot, options.kernel);
  }
  const nothingChosen = chosen.every((output) => output === undefined);
  if (accountFile !== undefined || nothingChosen)
    await writeOutput(
      accountFile ?? "-",
      formatAccountFile(snapshot, orderBy, {
        ...extrasOf(options, snapshot, accountFile !== undefined),
        heading,
        top,
      }),
    );
  if (callersFile !== undefined) await writeOutput(callersFile, formatCallersFile(snapshot, orderBy));
  if (slabAccount !== undefined) {
    const path = slabAccount === true ? "-" : slabAccount;
    await writeOutput(path, formatSlabAccount(snapshot, freeingCallSites, orderBy));
  }
  if (json === true) {
    const ordered = { ...withFewerStacks(snapshot), callers: orderCallers(snapshot.callers, orderBy) };
    await writeOutput("-", JSON.stringify(ordered, null, 2) + "\n");
  }
  if (tasks === true && json !== true) await writeOutput("-", formatTasks(snapshot, heading));
  if (pprof !== undefined) {
    const { formatPprof } = await import("../report/pprof.ts");
    await writeOutput(pprof, formatPprof(snapshot, { sources }));
  }
}

/** As many as JSON promises, whatever else was made of them. */
function withFewerStacks(snapshot: Snapshot): Snapshot {
  const { stacks } = snapshot;
  if (stacks?.rows === undefined) return snapshot;
  return { ...snapshot, stacks: { ...stacks, rows: stacks.rows.slice(0, MAX_STACK_ROWS) } };
}
