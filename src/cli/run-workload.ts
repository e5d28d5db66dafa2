import { lastValueFrom, tap } from "rxjs";
import type { LiveUpdate } from "../capture/live-update.ts";
import { type WorkloadPhaseSpec, WorkloadScript, type WorkloadScriptOptions } from "../capture/workload-script.ts";
import type { CaptureRecorder } from "../capture/capture-recorder.ts";
import { MAX_STACK_ROWS } from "../capture/stack-charging.ts";
import { ExitCode } from "../model/errors.ts";
import { printable } from "../model/printable.ts";
import type { ShellTarget, Target } from "../model/target.ts";
import type { Workload, WorkloadScope } from "../model/workload.ts";
import { DEFAULT_LEAK_ROUNDS, MIN_ROUNDS, ROUNDS_NEEDED, SURE_ROUNDS } from "../model/workload-rounds.ts";
import { formatWorkload } from "../report/workload-report.ts";
import { armTarget } from "../target/agent/arm-target.ts";
import { quote } from "../transport/send-script.ts";
import { filterOf } from "./account-filter.ts";
import { applyKernelToWorkload } from "./apply-kernel.ts";
import {
  type ArmCommandOptions,
  armOptions,
  durationOf,
  memoryMbOf,
  numberOf,
  usage,
  withTargetOptions,
} from "./arm-options.ts";
import { loadConfig } from "./config.ts";
import { finishCapture } from "./finish-capture.ts";
import { follow } from "./follow.ts";
import { kernelChoiceOf, type KernelOptions } from "./kernel-option.ts";
import { createLogger } from "./logger.ts";
import { say } from "./say.ts";
import { modulesIn } from "./modules-in.ts";
import { parseTarget } from "./parse-target.ts";
import { recording } from "./record.ts";
import { clearStatus } from "./status-line.ts";
import { untilStopped } from "./until-stopped.ts";
import { WorkloadOutput } from "./workload-output.ts";
import { WorkloadStatus } from "./workload-status.ts";
import { wrappersOf } from "./wrappers.ts";
import { writeOutput } from "./write-output.ts";

export interface RunCommandOptions extends ArmCommandOptions, Pick<KernelOptions, "kernel" | "kallsyms" | "force"> {
  readonly phase?: readonly string[];
  readonly repeat?: string;
  readonly settle?: string;
  readonly scope?: WorkloadScope;
  readonly addresses?: true;
  readonly failOnLeak?: true;
  readonly json?: true;
  readonly output?: string;
  readonly malloc?: true;
  readonly cache?: true;
  readonly strict?: true;
  readonly config?: string;
}

/** Runs a workload on the target, and prints what it allocated and what it left. */
export function runWorkload(
  targetText: string,
  command: readonly string[],
  options: RunCommandOptions,
): Promise<ExitCode> {
  return recording(options.record, (record) => workload(targetText, command, options, record));
}

async function workload(
  targetText: string,
  command: readonly string[],
  options: RunCommandOptions,
  record: CaptureRecorder | undefined,
): Promise<ExitCode> {
  // Before anything is armed: what it names may not be there.
  kernelChoiceOf(options);
  const config = loadConfig(options.config);
  const phases = phasesOf(command, options.phase ?? []);
  const rounds = roundsOf(options);
  const settleMs = durationOf("--settle", options.settle ?? "1s");
  const notice = roundsNotice(options, rounds);
  if (notice !== undefined) say(notice);
  const scope = options.scope ?? "system";
  const asked = withTargetOptions(options, targetText, config);
  const armed = armOptions(asked, config);
  if (armed.mode === "hist") {
    throw usage("--mode hist: the kernel's sums do not tell phases apart", "use --mode text, or kmemtap snapshot");
  }
  // What phases leave behind needs every event.
  const mode = armed.mode === "auto" ? "events" : armed.mode;
  const target = shellTarget(parseTarget(targetText, config), targetText);
  const stopped = untilStopped();
  const agent = armTarget(target, targetText, {
    ...armed,
    mode,
    wait: true,
    scope,
    reconnect: false,
    say,
  });
  try {
    const logger = createLogger(config, "warn", options.verbose);
    const status = new WorkloadStatus(rounds);
    const script = new WorkloadScript(agent, {
      phases,
      rounds,
      settleMs,
      modules: modulesIn(phases),
      ...progress(rounds, status),
    });
    const followed = follow(agent, {
      config,
      logger,
      agent,
      mode,
      onOverrun: asked.onOverrun,
      filter: filterOf(options),
      workload: script,
      tellsArmed: true,
      record,
      memoryMb: memoryMbOf(options.memoryMb),
      wrappers: wrappersOf(options.wrappers ?? config.wrappers),
      stackRows: options.json === true ? MAX_STACK_ROWS : undefined,
    });
    const over = lastValueFrom(followed.updates.pipe(tap(status.show)));
    const interrupt = new AbortController();
    void stopped.then(() => interrupt.abort());
    void over.then(() => script.over());
    const complete = await script.run(interrupt.signal);
    record?.outcome({ interrupted: !complete });
    if (!complete && interrupt.signal.aborted) say("interrupted: restoring the target");
    await finishCapture(agent, over, followed.last, logger);
    await agent.close();
    const update = await over;
    clearStatus();
    await followed.sinks.drain();
    return await conclude(update, complete, scope, options);
  } finally {
    await agent.close();
  }
}

async function conclude(
  update: LiveUpdate,
  complete: boolean,
  scope: WorkloadScope,
  options: RunCommandOptions,
): Promise<ExitCode> {
  const { failure, workload } = update;
  const result = workload?.(scope, { interrupted: !complete, addresses: options.addresses === true });
  const hasRun = result !== undefined && result.phases.length > 0;
  if (hasRun) await print(result, options);
  if (failure !== undefined) throw failure;
  if (!hasRun && !complete) {
    say("nothing of the workload ran: it was interrupted before its first phase");
    return ExitCode.targetFailed;
  }
  if (result !== undefined && !hasRun) await print(result, options);
  return result === undefined ? ExitCode.targetFailed : statusOf(result, options);
}

/** What fewer rounds than a verdict takes will not tell, before they run; undefined where nobody asked for one. */
function roundsNotice({ repeat }: RunCommandOptions, rounds: number): string | undefined {
  if (repeat === undefined || rounds >= SURE_ROUNDS) return undefined;
  const what =
    rounds < MIN_ROUNDS
      ? `${rounds} ${rounds === 1 ? "round tells" : "rounds tell"} no leak from a cache that is still warming`
      : `${rounds} rounds may be too few`;
  return `${what}: ${ROUNDS_NEEDED} (--repeat ${SURE_ROUNDS})`;
}

/** Fewer than three rounds cannot tell a leak from a cache that fills. */
function roundsOf({ repeat, failOnLeak }: RunCommandOptions): number {
  const rounds = numberOf("--repeat", repeat, 1, 1000);
  if (failOnLeak !== true) return rounds ?? 1;
  if (rounds !== undefined && rounds < MIN_ROUNDS) {
    throw usage(
      `--fail-on-leak with --repeat ${rounds}: too few rounds to tell`,
      `use --repeat ${SURE_ROUNDS} or more (${DEFAULT_LEAK_ROUNDS} unless said)`,
    );
  }
  return rounds ?? DEFAULT_LEAK_ROUNDS;
}

/** A leak is a gate that failed, as is a workload that did, whose verdict is of little worth; loss says that the gate cannot tell. */
function statusOf(result: Workload, { failOnLeak, strict }: RunCommandOptions): ExitCode {
  if (result.interrupted) return ExitCode.targetFailed;
  const failed = result.phases.filter(({ status }) => status !== 0).length;
  if (failed > 0 && (failOnLeak === true || strict === true)) {
    say(`the workload failed: ${failed} of ${result.phases.length} commands had another exit status than 0`);
    return ExitCode.gateFailed;
  }
  if (failOnLeak === true) {
    if (result.repeat?.verdict === "unsafe") return ExitCode.eventsLost;
    if (result.repeat?.verdict === "leak") return ExitCode.gateFailed;
  }
  return strict === true && !result.exact ? ExitCode.eventsLost : ExitCode.done;
}

async function print(account: Workload, options: RunCommandOptions): Promise<void> {
  const result = await applyKernelToWorkload(account, options).catch(async (thrown: unknown) => {
    // What was captured is worth having, whatever -k names.
    await write(account, options);
    throw thrown;
  });
  await write(result, options);
}

async function write(result: Workload, { json, output }: RunCommandOptions): Promise<void> {
  const text = json === true ? `${JSON.stringify(result, null, 2)}\n` : formatWorkload(result);
  await writeOutput(output ?? "-", text);
}

function phasesOf(command: readonly string[], texts: readonly string[]): WorkloadPhaseSpec[] {
  const phases = texts.map((text) => {
    const match = /^([\w.-]+)=([^]+)$/.exec(text);
    if (match === null) throw usage(`--phase ${text}: not NAME=COMMAND`, "for example --phase load='modprobe vfat'");
    return { name: match[1], command: match[2] };
  });
  const twice = phases.find(({ name }, i) => phases.findIndex((other) => other.name === name) !== i);
  if (twice !== undefined) throw usage(`two phases are called ${twice.name}`, "give each phase a name of its own");
  if (command.length > 0) {
    if (phases.length > 0) throw usage("a command behind -- and --phase at the same time", "make it a --phase as well");
    // One word is a line of shell, as with ssh; several are a program and its arguments.
    phases.push({ name: "run", command: command.length === 1 ? command[0] : command.map(quote).join(" ") });
  }
  if (phases.length === 0)
    throw usage("there is no workload", "kmemtap run TARGET -- COMMAND, or --phase NAME=COMMAND");
  return phases;
}

function shellTarget(target: Target, text: string): ShellTarget {
  if (target.kind !== "file" && target.kind !== "replay") return target;
  throw usage(`${text} is no place to run a workload`, "use local:, ssh:, serial:, pty:, unix:, tcp: or qemu:");
}

/** Phases and what they print, on standard error as they go. */
function progress(
  rounds: number,
  status: WorkloadStatus,
): Pick<WorkloadScriptOptions, "onArmed" | "onOutput" | "onPhase" | "onPhaseEnd"> {
  const where = (name: string, round: number) => (rounds > 1 ? `round ${round} of ${rounds}, ${name}` : name);
  const output = new WorkloadOutput((text) => void process.stderr.write(text));
  return {
    onArmed: () => say("armed: recording"),
    onPhase: ({ name, command }, round) => {
      status.phase(name, round);
      say(`${where(name, round)}: ${printable(command)}`);
    },
    onPhaseEnd: ({ name }, round, status) => {
      output.endLine();
      if (status !== 0) say(`${where(name, round)}: exit status ${status ?? "unknown"}`);
    },
    onOutput: (_name, _round, text) => {
      clearStatus();
      output.take(printable(text));
    },
  };
}
