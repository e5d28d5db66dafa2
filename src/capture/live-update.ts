/** What a live session is asked for, and what its viewers get. */
import type { Observable } from "rxjs";
import type { Inside } from "../model/inside.ts";
import type { TargetReport } from "../model/ports.ts";
import type { AccountFilter, Snapshot } from "../model/snapshot.ts";
import type { Alert, HistoryPoint, LinkState, Mark, RunSummary } from "../model/wire.ts";
import type { Workload, WorkloadScope } from "../model/workload.ts";
import type { WrapperList } from "../model/wrapper-list.ts";
import type { AgentLine } from "../target/agent/agent-line.ts";
import type { AgentSource } from "../target/agent/agent-source.ts";
import type { CaptureRecorder } from "./capture-recorder.ts";
import type { OverrunThresholds } from "./overrun-watch.ts";
import type { WorkloadResultOptions } from "./run-account.ts";
import type { PhaseChange } from "./workload-account.ts";

export interface LiveOptions {
  readonly filter?: AccountFilter;
  /** Milliseconds between snapshots. */
  readonly snapshotMs: number;
  /** Milliseconds without a byte after which the target counts as silent. */
  readonly silentAfterMs: number;
  /** What the target says of its own side, where it does. */
  readonly reports?: Observable<TargetReport>;
  /** The console of the first run's boot, with tp_printk lines, for a source that kmemtap did not arm. */
  readonly console?: () => AsyncIterable<Uint8Array>;
  /** The source, where it is a target that kmemtap armed. */
  readonly agent?: AgentSource;
  readonly thresholds?: OverrunThresholds;
  /** Keeps what arrives. */
  readonly record?: CaptureRecorder | undefined;
  /** What the live objects may take, MiB. */
  readonly memoryMb?: number | undefined;
  /** Functions that allocate for their callers. */
  readonly wrappers?: WrapperList | undefined;
  /** Stacks that the snapshot lists, where there are any. */
  readonly stackRows?: number | undefined;
  /** Accounts the phases of a workload. */
  readonly workload?: WorkloadListener;
  /** The same for who runs something while a session goes on: its phases are marks, and not accounted. */
  readonly phases?: WorkloadListener;
  /** The last update of a session of the same target that this one follows: its account is an earlier run. */
  readonly after?: LiveUpdate;
  /** What somebody notes of the moment at which it comes, a line each. */
  readonly notes?: Observable<string>;
}

/** Who runs the workload, on the target's agent. */
export interface WorkloadListener {
  /** Told of each line of the agent; what it says of the workload, if anything. */
  hear(line: AgentLine): PhaseChange | undefined;
}

/** What viewers get at each tick. */
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
  /** Frees by the call site that freed, as the account has them when this is asked. */
  readonly freeingCallSites?: () => ReadonlyMap<string, number>;
  /** The account of the workload up to now, where there is one; composed when it is asked for. */
  readonly workload?: (scope: WorkloadScope, options: WorkloadResultOptions) => Workload;
}

export interface PreviousRun {
  readonly summary: RunSummary;
  readonly snapshot: Snapshot;
}
