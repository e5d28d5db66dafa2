import { resolve } from "node:path";
import { Command, Option } from "@commander-js/extra-typings";
import { accountRecording, type RecordedAccount } from "../capture/account-recording.ts";
import type { CaptureAccount } from "../capture/recorded-capture.ts";
import { ExitCode } from "../model/errors.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Workload } from "../model/workload.ts";
import { formatAccountFile } from "../report/account-file.ts";
import { formatCallersFile } from "../report/callers-file.ts";
import { hiddenFreesNotice } from "../report/loss-notice.ts";
import { ORDER_BY, orderCallers, type OrderBy } from "../report/order.ts";
import { formatSlabAccount, SLAB_ACCOUNT_BEGINNING } from "../report/slab-account.ts";
import { formatWorkload } from "../report/workload-report.ts";
import { filterOf } from "./account-filter.ts";
import { memoryMbOf, numberOf, usage } from "./arm-options.ts";
import { firstBytes, holdsCapture } from "./file-kind.ts";
import { inputOf, notExactNotice } from "./recording.ts";
import { applyKernel, KERNEL_OPTIONS, kernelChoiceOf, type KernelOptions } from "./kernel-option.ts";
import { say } from "./say.ts";
import { noEvents, noneInTrace, partOf, type WindowOptions, windowOf } from "./window-options.ts";
import { writeOutput } from "./write-output.ts";

interface Outputs extends KernelOptions {
  readonly accountFile?: string;
  readonly callersFile?: string;
  readonly slabAccount?: string | true;
  readonly json?: true;
  readonly orderBy: OrderBy;
  readonly workload?: true;
  /** Read, not written. */
  readonly console?: string;
}

/** `kmemtap report FILE…`: the account of a recorded trace. */
export function reportCommand(exit: (code: ExitCode) => void) {
  return new Command("report")
    .description("account a recorded trace: who held the memory at its end")
    .argument(
      "[FILES...]",
      "text of `trace` or `trace_pipe`, a trace.dat, also .gz; what --record kept; - is standard input",
    )
    .option("-f, --file <FILE>", "a trace to read, as trace_analyze names it (may be repeated)", collect)
    .option(
      "--console <FILE>",
      "console log of the same boot with tp_printk lines, joined with the trace (- reads standard input)",
    )
    .option("-c, --account-file <FILE>", "write the account, in trace_analyze's layout (- is standard output)")
    .option("-l, --callers-file <FILE>", "write caller, net bytes and waste, a line each")
    .option(
      "--slab-account [FILE]",
      "write the layout of the /proc/slab_account patch: cumulative, frees by the freeing caller",
    )
    .option("--json", "print the snapshot as JSON (kmemtap.snapshot/1; with --workload kmemtap.workload/1)")
    .addOption(
      new Option("-o, --order-by <ATTRIBUTE>", "order of the callers")
        .choices(ORDER_BY)
        .default("current_dynamic" as const),
    )
    .option("--malloc", "account kmalloc only")
    .option("--cache", "account kmem_cache only")
    .option(...KERNEL_OPTIONS.kernel)
    .option(...KERNEL_OPTIONS.branch)
    .addOption(new Option(...KERNEL_OPTIONS.startBranch).hideHelp())
    .option(...KERNEL_OPTIONS.lines)
    .option(...KERNEL_OPTIONS.kallsyms)
    .option(...KERNEL_OPTIONS.force)
    .option("--run <N>", "of a capture with several boots or modes, this one (default: the last)")
    .option("--from <TIME>", "account what came from this time on, since the first event: 2s, 150ms")
    .option("--to <TIME>", "account what came before this time")
    .option("--phase <NAME>", "of what `run --record` kept: account this phase (NAME@2: of the second round)")
    .option(
      "--workload",
      "of what `run --record` kept: print what run printed: its phases, what they left, the verdict",
    )
    .option("--addresses", "with --workload: list the addresses of what was left")
    .option("--memory-mb <MB>", "what the live objects may take, MiB (default: 1024); more are not followed")
    .option("--strict", "exit with 4 when the account is not exact")
    .addHelpText(
      "after",
      `
With none of -c, -l, --slab-account and --json, the account is printed.

Examples:
  kmemtap report boot.trace                      who held the memory at the end
  kmemtap report trace.dat                       what trace-cmd record -e kmem --compression none wrote
  kmemtap report -f boot.trace -c - -o waste     ordered by what is wasted
  kmemtap report serial.log.gz --json --strict   for a script; fails when events were lost
  kmemtap report console.log                     the tp_printk lines of a console, where there is no trace
  kmemtap report night.kmemtap --from 2s --to 5s   three seconds of it
  kmemtap report night.kmemtap                   what \`kmemtap live … --record night.kmemtap\` kept
  kmemtap report boot.trace -k /usr/lib/debug --lines   with file and line of each caller
  kmemtap report boot.trace -k ~/linux -b fs/ext4   what fs/ext4 holds
  kmemtap report load.kmemtap --workload         what \`kmemtap run … --record load.kmemtap\` printed
  kmemtap report --console console.log boot.trace   both of one boot, each event counted once
  ssh board cat /sys/kernel/tracing/trace | kmemtap report -`,
    )
    .action(async (positional, options) => {
      const { files, outputs } = await sortOut([...(options.file ?? []), ...positional], options);
      const console = options.console === undefined ? undefined : inputOf(options.console);
      kernelChoiceOf(options);
      const capture = await accountOfCapture(files, options);
      const whole =
        capture ??
        (await accountRecording(files.map(inputOf), filterOf(options), {
          ...(console && { console }),
          window: windowOf(options),
          memoryMb: memoryMbOf(options.memoryMb),
        }));
      const account = { ...whole, snapshot: await applyKernel(whole.snapshot, options) };
      if (capture?.workload === undefined) await writeOutputs(account, outputs);
      else await writeOutput("-", workloadText(capture.workload, outputs));
      const hiddenFrees =
        outputs.json === true || capture?.workload !== undefined ? undefined : hiddenFreesNotice(account.snapshot);
      for (const notice of [notExactNotice(account.snapshot), hiddenFrees, ...printkNotices(account.snapshot)]) {
        if (notice !== undefined) process.stderr.write(`kmemtap: ${notice}\n`);
      }
      if (account.snapshot.input.events.lines === 0) say(noEvents(options));
      const phases = capture?.phases ?? [];
      if (phases.length > 0 && outputs.json !== true && options.workload !== true && partOf(options) === undefined)
        say(`it holds a workload (${phases.join(", ")}); --workload accounts what each of its phases left behind`);
      if (options.strict === true && !account.snapshot.exact) exit(ExitCode.eventsLost);
    });
}

interface CaptureChoice extends WindowOptions {
  readonly memoryMb?: string;
  readonly run?: string;
  readonly workload?: true;
  readonly addresses?: true;
  readonly malloc?: true;
  readonly cache?: true;
  readonly console?: string;
}

/** The account of what --record kept, where that was given; of the last run, or the one that was asked for. */
async function accountOfCapture(files: readonly string[], options: CaptureChoice): Promise<CaptureAccount | undefined> {
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
  if (addresses === true && workload !== true) throw usage("--addresses without --workload", "add --workload");
  // What a capture needs (the agent's lines, its links) a trace does not: only one of them pays for it.
  const { accountCapture } = await import("../capture/recorded-capture.ts");
  const memoryMb = memoryMbOf(options.memoryMb);
  const account = await accountCapture(files[0], {
    filter: filterOf(options),
    run,
    part,
    memoryMb,
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
  const { accountFile, callersFile, workload } = options;
  if (workload === true && (accountFile ?? callersFile ?? options.slabAccount) !== undefined)
    throw usage("--workload prints a result of its own", "leave -c, -l and --slab-account out");
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
  for (const output of [outputs.accountFile, outputs.callersFile, outputs.slabAccount]) {
    if (typeof output !== "string" || output === "-") continue;
    if (taken.has(resolve(output))) throw usage(`${output} is named twice`, "give each result a name of its own");
    taken.add(resolve(output));
  }
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

async function writeOutputs({ snapshot, freeingCallSites }: RecordedAccount, options: Outputs): Promise<void> {
  const { accountFile, callersFile, slabAccount, json, orderBy } = options;
  const nothingChosen =
    accountFile === undefined && callersFile === undefined && slabAccount === undefined && json !== true;
  if (accountFile !== undefined || nothingChosen)
    await writeOutput(accountFile ?? "-", formatAccountFile(snapshot, orderBy, options.lines));
  if (callersFile !== undefined) await writeOutput(callersFile, formatCallersFile(snapshot, orderBy));
  if (slabAccount !== undefined) {
    const path = slabAccount === true ? "-" : slabAccount;
    await writeOutput(path, formatSlabAccount(snapshot, freeingCallSites, orderBy));
  }
  if (json === true) {
    const ordered = { ...snapshot, callers: orderCallers(snapshot.callers, orderBy) };
    await writeOutput("-", JSON.stringify(ordered, null, 2) + "\n");
  }
}

function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value];
}
