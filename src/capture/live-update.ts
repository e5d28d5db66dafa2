/** What viewers of a live session get. */
import type { ClockSpan } from "../accounting/workload-state.ts";
import type { Inside } from "../model/inside.ts";
import type { Lives } from "../model/lives.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Stacks } from "../model/stack-sums.ts";
import type { Tasks } from "../model/tasks.ts";
import type { Alert, HistoryPoint, LinkState, Mark, RunSummary } from "../model/wire.ts";
import type { Workload, WorkloadScope } from "../model/workload.ts";
import type { WorkloadProgress, WorkloadView } from "../model/workload-view.ts";
import type { WorkloadResultOptions } from "./run-account.ts";

/** What they get at each tick. */
export interface LiveUpdate {
  readonly link: LinkState;
  readonly snapshot: Snapshot;
  /** All of this run's history, and the points that are new. */
  readonly history: readonly HistoryPoint[];
  readonly newPoints: readonly HistoryPoint[];
  /** All of this run's loss alerts, and those that are new. */
  readonly alerts: readonly Alert[];
  readonly newAlerts: readonly Alert[];
  /** All of this run's marks, and those that are new. */
  readonly marks: readonly Mark[];
  readonly newMarks: readonly Mark[];
  readonly previousRuns: readonly PreviousRun[];
  /** False while a target is still being armed. */
  readonly began: boolean;
  /** What ended the source before its time, as it was thrown. */
  readonly failure?: Error;
  /** What is known beyond the snapshot, as it is when it is asked for. */
  readonly inside?: () => Inside;
  /** Who frees what, and how long it lived, as it is when it is asked for; undefined where nobody asked for it to be kept. */
  readonly lives?: () => Lives | undefined;
  /** Which task allocated what, likewise. */
  readonly tasks?: () => Tasks | undefined;
  /** What each kernel stack came to, likewise; undefined where the trace has shown none. */
  readonly stacks?: () => Stacks | undefined;
  /** Frees by the call site that freed, as they were with this update; absent in mode hist, which does not tell. */
  readonly freeingCallSites?: (() => ReadonlyMap<string, number>) | undefined;
  /** How far the workload is that runs, or ran last; absent before any, and in mode hist, which does not tell phases apart. */
  readonly progress?: WorkloadProgress;
  /** Its account as viewers get it, whole or of a part of the trace, as it is when it is asked for; with {@link progress}. */
  readonly workloadView?: (span?: ClockSpan) => WorkloadView;
  /** The account of the workload up to now, where there is one; composed when it is asked for. */
  readonly workload?: (scope: WorkloadScope, options: WorkloadResultOptions) => Workload;
}

export interface PreviousRun {
  readonly summary: RunSummary;
  readonly snapshot: Snapshot;
}
