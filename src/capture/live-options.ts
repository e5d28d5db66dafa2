/** How a target is watched live: what a session is given. */
import type { Observable } from "rxjs";
import type { TargetReport } from "../model/ports.ts";
import type { AccountFilter } from "../model/snapshot.ts";
import type { WrapperList } from "../model/wrapper-list.ts";
import type { AgentLine } from "../target/agent/agent-line.ts";
import type { AgentSource } from "../target/agent/agent-source.ts";
import type { CaptureRecorder } from "./capture-recorder.ts";
import type { LiveUpdate } from "./live-update.ts";
import type { HelpWords } from "./overrun-help.ts";
import type { OverrunThresholds } from "./overrun-watch.ts";
import type { PhaseChange, WorkloadAccount } from "./workload-account.ts";

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
  /** In whose words alerts say what helps. */
  readonly helpWords?: HelpWords | undefined;
  /** Keeps what arrives. */
  readonly record?: CaptureRecorder | undefined;
  /** What the live objects may take, MiB. */
  readonly memoryMb?: number | undefined;
  /** Functions that allocate for their callers. */
  readonly wrappers?: WrapperList | undefined;
  /** Stacks that the snapshot lists, where there are any. */
  readonly stackRows?: number | undefined;
  /** Keeps who frees what, and for how long it lived. */
  readonly lifetimes?: boolean | undefined;
  /** Keeps which task allocated what. */
  readonly tasks?: boolean | undefined;
  /** Accounts the phases of a workload. */
  readonly workload?: WorkloadListener;
  /** The same for who runs workloads while a session goes on: the last one is accounted. */
  readonly phases?: WorkloadListener;
  /** Of a source that kmemtap did not arm, but that says of itself what it does, in lines as the agent's. */
  readonly told?: ToldWorkload | undefined;
  /** Of a recording: the workloads that ran when it was made. */
  readonly replayed?: WorkloadListener | undefined;
  /** The last update of a session of the same target that this one follows: its account is an earlier run. */
  readonly after?: LiveUpdate;
  /** What somebody notes of the moment at which it comes, a line each. */
  readonly notes?: Observable<string>;
}

/** Who runs the workload, on the target's agent. */
export interface WorkloadListener {
  /** Whether one runs now, and late frees of it are waited for; absent where it is the capture's own, which ends with it. */
  readonly isRunning?: boolean;
  /** Told of each line of the agent; what it says of the workload, if anything. @param at where it stands in the trace; of those beside it nothing */
  hear(line: AgentLine, at?: MarkPlace): PhaseChange | undefined;
}

export interface MarkPlace {
  /** Trace clock. */
  readonly timeNs: number;
  readonly account: WorkloadAccount;
}

/** A workload that runs by itself on what is watched. */
export interface ToldWorkload {
  /** Of its lines. */
  readonly nonce: string;
  readonly listener: WorkloadListener;
}
