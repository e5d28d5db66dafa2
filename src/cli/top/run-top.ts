/** `kmemtap top`: the account of a capture, or of a kmemtap that runs, on a terminal. */
import type { CaptureRecorder } from "../../capture/capture-recorder.ts";
import { ExitCode } from "../../model/errors.ts";
import { agesOf } from "../../format/ages.ts";
import { formatSmallSpan } from "../../format/span.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { branchOf, isBySource } from "../../report/branch.ts";
import { branchNames } from "../../report/branch-names.ts";
import { lossNotice } from "../../report/loss-notice.ts";
import { applyKernel } from "../apply-kernel.ts";
import { durationOf, usage } from "../arm-options.ts";
import { type CaptureTargetOptions, captureTarget } from "../capture-target.ts";
import { checkServed } from "../headless/check-served.ts";
import { isServer } from "../headless/dump-options.ts";
import { type Moment, momentOf } from "../headless/moment.ts";
import { pollServer, type ServerOptions } from "../headless/server-moments.ts";
import { kernelChoiceOf, type KernelOptions } from "../kernel-option.ts";
import { recording } from "../record.ts";
import { say } from "../say.ts";
import { holdTerminal } from "../status-line.ts";
import { untilStopped } from "../until-stopped.ts";
import { writeOutput } from "../write-output.ts";
import { printTop } from "./draw-top.ts";
import { changeBetween } from "./looks.ts";
import { Terminal } from "./terminal.ts";
import { TopScreen } from "./top-screen.ts";
import { INITIAL, ORDER_OF, type OrderName } from "./top-state.ts";

export interface TopCommandOptions extends CaptureTargetOptions, KernelOptions, ServerOptions {
  readonly delay?: string;
  readonly once?: true;
  readonly rows?: string;
  readonly strict?: true;
  readonly orderBy: OrderName;
}

const LEAST_DELAY_MS = 100;
/** Between the first look and the last one of --once. */
const ONCE_FOR = "2s";
const ONCE_COLUMNS = 160;

const KNOWN = ["delay", "once", "rows", "strict", "tokenFile", "config", "branch", "orderBy", "for"];

export async function runTop(targetText: string, options: TopCommandOptions): Promise<ExitCode> {
  const delayMs = durationOf("--delay", options.delay ?? "1s");
  if (delayMs < LEAST_DELAY_MS) throw usage(`--delay ${String(options.delay)}: too often`, "100ms or more");
  if (isServer(targetText)) checkServed(options, KNOWN);
  return recording(options.record, (record) => top(targetText, options, delayMs, record));
}

async function top(
  targetText: string,
  options: TopCommandOptions,
  delayMs: number,
  record: CaptureRecorder | undefined,
): Promise<ExitCode> {
  const last =
    options.once === true
      ? await once(targetText, options, record)
      : await watched(targetText, options, delayMs, record);
  const notice = lossNotice(last);
  if (notice !== undefined) say(notice);
  return options.strict === true && !last.exact ? ExitCode.eventsLost : ExitCode.done;
}

/** For a pipe: the screen as text, with every row or as many as were asked for. */
async function once(
  targetText: string,
  options: TopCommandOptions,
  record: CaptureRecorder | undefined,
): Promise<Snapshot> {
  const rows = options.rows === undefined ? Infinity : Number(options.rows);
  if (!(rows >= 1)) throw usage(`--rows ${String(options.rows)}: not a number of rows`, "for example --rows 20");
  let first: Moment | undefined;
  let last: Moment | undefined;
  const take = (moment: Moment) => {
    first ??= moment;
    last = moment;
  };
  const { for: forText = ONCE_FOR } = options;
  const timed = { ...options, for: forText };
  const whole = isServer(targetText)
    ? await pollServer(targetText, timed, durationOf("--for", forText), take)
    : await captured(targetText, timed, record, take);
  const { snapshot } = options.branch === undefined ? { snapshot: whole } : await applyKernel(whole, options);
  const isTasks = options.tasks === true;
  const tasks = isTasks ? last?.tasks?.() : undefined;
  const lives = last?.lives?.();
  const change = changeBetween(first && partOf(first, options), last, snapshot.totals.netBytes);
  const data = {
    snapshot,
    ...change,
    tasks,
    ages: lives && agesOf(lives),
  };
  const lines = printTop(data, { ...INITIAL, order: ORDER_OF[options.orderBy], isTasks }, ONCE_COLUMNS, rows);
  if (change.baseline !== undefined) lines[0] += `  growth over ${formatSmallSpan(change.stepMs / 1000)}`;
  await writeOutput("-", `${lines.join("\n")}\n`);
  return snapshot;
}

async function watched(
  targetText: string,
  options: TopCommandOptions,
  delayMs: number,
  record: CaptureRecorder | undefined,
): Promise<Snapshot> {
  if (!process.stdout.isTTY)
    throw usage("top needs a terminal to draw on", "print what it shows once: --once; or use kmemtap snapshot");
  const end = () => void process.kill(process.pid, "SIGINT");
  const terminal = new Terminal(
    (key) => screen.press(key),
    () => screen.draw(),
  );
  const screen = new TopScreen(terminal, end, delayMs, { ...INITIAL, order: ORDER_OF[options.orderBy] });
  const release = holdTerminal((text) => screen.tell(text));
  terminal.open();
  const timer = setInterval(() => screen.tick(), delayMs);
  try {
    screen.draw();
    const take = (moment: Moment) => screen.take(partOf(moment, options));
    if (isServer(targetText)) return await pollServer(targetText, options, delayMs, take, { besides: true });
    const stopped = untilStopped();
    const last = await captured(targetText, options, record, take);
    // A recording ends before anybody has looked at it; who watches it says when that is enough.
    if (options.for === undefined) {
      screen.tell("the source has ended: this is its account; q ends");
      await stopped;
    }
    return last;
  } finally {
    clearInterval(timer);
    terminal.close();
    release();
  }
}

/** What is in the place that -b names; it may have nothing yet. */
function partOf(moment: Moment, { branch, kernel }: TopCommandOptions): Moment {
  if (branch === undefined) return moment;
  const { snapshot } = moment;
  // While the kernel is asked callers have no source.
  const bySource = kernel !== undefined || isBySource(snapshot);
  return { ...moment, snapshot: branchOf(snapshot, branchNames(branch), bySource) };
}

/** @throws what ended the capture before its time */
async function captured(
  targetText: string,
  options: TopCommandOptions,
  record: CaptureRecorder | undefined,
  take: (moment: Moment) => void,
): Promise<Snapshot> {
  const { failure, snapshot } = await captureTarget(targetText, options, record, {
    kernel: kernelChoiceOf(options),
    onUpdate: (update) => {
      const moment = momentOf(update, Date.now());
      if (moment !== undefined) take(moment);
    },
  });
  if (failure !== undefined) throw failure;
  return snapshot;
}
