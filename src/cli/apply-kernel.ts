/** What `-k` and `-b` make of a snapshot. Apart from the options, since only who uses them should load this. */
import { type WithSources, withSources, workloadWithSources } from "../capture/with-sources.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Workload } from "../model/workload.ts";
import { branchOf, noPlace, placesOf } from "../report/branch.ts";
import { branchNames } from "../report/branch-names.ts";
import { kernelChoiceOf, type KernelOptions } from "./kernel-option.ts";
import { counted } from "./read-progress.ts";
import { say } from "./say.ts";
import { clearStatus } from "./status-line.ts";

/**
 * The snapshot with what the options add to it, and of it what they leave.
 *
 * @param mayBeEmpty where a chart has the image's places as well, which judges whether there is such a place
 * @throws {KmemtapError} `cli/usage` where a place is named that no caller is in
 */
export async function applyKernel(
  snapshot: Snapshot,
  options: KernelOptions,
  mayBeEmpty = false,
): Promise<WithSources> {
  const whole = await attributedBy(snapshot, options);
  const names = branchNames(options.branch ?? options.startBranch);
  if (names.length === 0) return whole;
  const part = branchOf(whole.snapshot, names);
  // Of an account that holds nothing nobody can tell.
  if (part.callers.length === 0 && snapshot.callers.length > 0 && !mayBeEmpty)
    throw noPlace(names, [placesOf(whole.snapshot)]);
  return { ...whole, snapshot: part };
}

/** All of the snapshot, with its sources where a kernel was named. */
export async function attributedBy(snapshot: Snapshot, options: KernelOptions): Promise<WithSources> {
  const choice = kernelChoiceOf(options);
  if (choice === undefined) return { snapshot, sources: new Map() };
  const whole = await shown(() => withSources(snapshot, choice, counted));
  for (const notice of symbolNotices(whole.snapshot)) say(notice);
  return whole;
}

/** The account of a workload with what the options add to it. */
export async function applyKernelToWorkload(workload: Workload, options: KernelOptions): Promise<Workload> {
  const choice = kernelChoiceOf(options);
  if (choice === undefined) return workload;
  const whole = await shown(() => workloadWithSources(workload, choice, counted));
  for (const notice of symbolNotices(whole.snapshot)) say(notice);
  return whole;
}

/** What says at the bottom of the terminal how far it is: alone there, and gone when it is done. */
async function shown<T>(job: () => Promise<T>): Promise<T> {
  clearStatus();
  return job().finally(clearStatus);
}

/** How far call sites became source, a line each. */
export function symbolNotices({ symbols }: Snapshot): readonly string[] {
  if (symbols === undefined) return [];
  const { attributed, unattributed, findings } = symbols;
  const all = attributed.totalBytes + unattributed.totalBytes;
  const percent = all === 0 ? 100 : (100 * attributed.totalBytes) / all;
  // Down, so that 100 % is said of nothing less.
  const share = (Math.floor(percent * 100) / 100).toString();
  const rest = unattributed.callSites === 0 ? "" : `; ${String(unattributed.callSites)} callers are (unattributed)`;
  return [
    `${share} % of the bytes allocated are attributed to a source file, by ${symbols.kernel}${rest}`,
    ...findings,
  ];
}
