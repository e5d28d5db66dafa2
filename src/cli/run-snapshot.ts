import type { CaptureRecorder } from "../capture/capture-recorder.ts";
import { MAX_STACK_ROWS } from "../capture/stack-charging.ts";
import { ExitCode } from "../model/errors.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { formatAccountFile } from "../report/account-file.ts";
import { lossNotice } from "../report/loss-notice.ts";
import { formatTasks } from "../report/tasks-table.ts";
import { orderCallers, type OrderBy } from "../report/order.ts";
import { remarksOn } from "../report/remarks.ts";
import { applyKernel } from "./apply-kernel.ts";
import { captureTarget, type CaptureTargetOptions } from "./capture-target.ts";
import { kernelChoiceOf, type KernelOptions } from "./kernel-option.ts";
import { recording } from "./record.ts";
import { say } from "./say.ts";
import { extrasOf } from "./wrappers.ts";
import { writeOutput } from "./write-output.ts";

export interface SnapshotCommandOptions extends CaptureTargetOptions, KernelOptions {
  readonly json?: true;
  readonly output?: string;
  readonly orderBy?: OrderBy;
  readonly strict?: true;
}

/** Captures for the time asked for, and prints the account of it. */
export function runSnapshot(targetText: string, options: SnapshotCommandOptions): Promise<ExitCode> {
  return recording(options.record, (record) => snapshot(targetText, options, record));
}

async function snapshot(
  targetText: string,
  options: SnapshotCommandOptions,
  record: CaptureRecorder | undefined,
): Promise<ExitCode> {
  kernelChoiceOf(options);
  const stackRows = options.json === true ? MAX_STACK_ROWS : undefined;
  const { failure, snapshot: plain, tasks } = await captureTarget(targetText, options, record, { stackRows });
  const byTask = tasks?.();
  const account = { ...plain, ...(byTask !== undefined && { tasks: byTask }) };
  if (failure !== undefined) await fail(failure, account);
  return conclude(account, options);
}

/** Prints an account as the options have it. */
export async function conclude(account: Snapshot, options: SnapshotCommandOptions): Promise<ExitCode> {
  const { snapshot: shown } = await applyKernel(account, options).catch(async (thrown: unknown) => {
    // What was captured is worth having, whatever -k names.
    await print(account, options);
    throw thrown;
  });
  await print(shown, options);
  if (shown.branch !== undefined && shown.callers.length === 0) say(`no caller is in ${shown.branch}`);
  const remarks = options.json === true ? [] : remarksOn(shown);
  for (const notice of [lossNotice(account), ...remarks]) if (notice !== undefined) say(notice);
  return options.strict === true && !account.exact ? ExitCode.eventsLost : ExitCode.done;
}

/** What was captured before the link failed is worth having. */
async function fail(failure: Error, snapshot: Snapshot): Promise<never> {
  if (snapshot.totals.allocs > 0)
    await writeOutput("-", formatAccountFile(snapshot, "current_dynamic", { unseenFrees: true }));
  throw failure;
}

async function print(snapshot: Snapshot, options: SnapshotCommandOptions): Promise<void> {
  const { orderBy = "current_dynamic" } = options;
  const text =
    options.json === true
      ? `${JSON.stringify({ ...snapshot, callers: orderCallers(snapshot.callers, orderBy) }, null, 2)}\n`
      : options.tasks === true
        ? formatTasks(snapshot)
        : formatAccountFile(snapshot, orderBy, extrasOf(options, snapshot, options.output !== undefined));
  await writeOutput(options.output ?? "-", text);
}
