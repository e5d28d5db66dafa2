/** One run of a recording, accounted again: the same bytes through the same rooms in the same order, so the same account. */
import type { AgentMark } from "../model/event-batch.ts";
import { LineClass } from "../model/line-tally.ts";
import type { LinkFacts } from "../model/ports.ts";
import type { AccountFilter, Snapshot } from "../model/snapshot.ts";
import type { Workload } from "../model/workload.ts";
import type { WrapperList } from "../model/wrapper-list.ts";
import type { AgentFacts } from "../target/agent/agent-facts.ts";
import { type AgentLine, parseAgentLine } from "../target/agent/agent-line.ts";
import type { AgentPlan } from "../target/agent/agent-source.ts";
import { failureIn } from "../transport/recording/frame-content.ts";
import { type Frame, FrameKind } from "../transport/recording/frames.ts";
import type { RecordedAccount } from "./account-recording.ts";
import type { RecordedOutcome, RecordedPhase, RecordedRun } from "./capture-recorder.ts";
import { RecordedPhases } from "./recorded-phases.ts";
import { RunAccount, type WorkloadResultOptions } from "./run-account.ts";
import { TargetState } from "./target-state.ts";
import type { TimeWindow } from "./time-window.ts";
import type { LedgerFeed } from "./ledger-feed.ts";
import type { PhaseChange } from "./workload-account.ts";

/** Of a part of a run: what it says of all of it is not the part's. */
const OF_ANY_PART: readonly string[] = ["session", "finding", "sym", "symbols-done"];

export interface RunReplayOptions {
  readonly filter: AccountFilter;
  /** The part of the run that is accounted; all of it where none is given. */
  readonly window?: TimeWindow | undefined;
  /** What the live objects may take, MiB. */
  readonly memoryMb?: number | undefined;
  /** Functions that allocate for their callers. */
  readonly wrappers?: WrapperList | undefined;
  /** Keeps who frees what, and for how long it lived. */
  readonly lifetimes?: boolean | undefined;
  /** Keeps which task allocated what. */
  readonly tasks?: boolean | undefined;
  /** Stacks that the snapshot lists, where there are any. */
  readonly stackRows?: number | undefined;
  /** Looks at the account on its way. */
  readonly sampler?: LedgerFeed | undefined;
  /** Accounts the phases of its workload as well. */
  readonly workload?: WorkloadWanted | undefined;
}

export type WorkloadWanted = Pick<WorkloadResultOptions, "addresses">;

export interface ReplayedAccount extends RecordedAccount {
  /** Where it was wanted. */
  readonly workload?: Workload;
  /** Names of the workload's phases; none where there was no workload. */
  readonly phases: readonly string[];
}

export class RunReplay {
  readonly #account: RunAccount;
  readonly #label: string;
  readonly #source: { plan: AgentPlan | undefined; link: LinkFacts | undefined; reconnects: number } | undefined;
  readonly #window: TimeWindow | undefined;
  readonly #phases = new RecordedPhases();
  readonly #wanted: WorkloadWanted | undefined;
  /** Of a recording that was cut nobody knows. */
  #outcome: RecordedOutcome = { interrupted: true };
  #failure: string | undefined;
  #atMs = 0;

  constructor(run: number, recorded: RecordedRun, options: RunReplayOptions) {
    const { agent, label } = recorded;
    const { workload, ...others } = options;
    this.#label = label;
    this.#window = options.window;
    this.#wanted = workload;
    if (agent === undefined) {
      this.#account = new RunAccount(run, others);
      return;
    }
    this.#source = { plan: planOf(recorded), link: agent.link, reconnects: -1 };
    const target = new TargetState(this.#source);
    const onMark = (mark: AgentMark) => this.#hear(target, agent.nonce, mark);
    this.#account = new RunAccount(run, {
      ...others,
      workload: workload === undefined ? undefined : "whole",
      target,
      onMark,
    });
  }

  /** Takes a frame of this run; what it says is missing, if anything. */
  take(frame: Frame): string | undefined {
    const { kind, atMs, bytes } = frame;
    switch (kind) {
      case FrameKind.chunk:
        this.#atMs = atMs;
        this.#account.push(bytes);
        return undefined;
      case FrameKind.side:
        if (this.#window === undefined) {
          const line = JSON.parse(Buffer.from(bytes).toString()) as AgentLine;
          this.#account.target?.hear(line, this.#account.lastEventNs ?? 0, atMs);
        }
        return undefined;
      case FrameKind.phase:
        this.#phases.take(JSON.parse(Buffer.from(bytes).toString()) as RecordedPhase);
        return undefined;
      case FrameKind.outcome:
        this.#outcome = JSON.parse(Buffer.from(bytes).toString()) as RecordedOutcome;
        return undefined;
      case FrameKind.failure:
        this.#failure = failureIn(frame);
        return undefined;
      case FrameKind.dropped: {
        this.gap();
        const dropped = Buffer.from(bytes).readBigUInt64LE();
        return `${dropped.toLocaleString("en")} bytes were not recorded: the disk did not follow`;
      }
      default:
        return undefined;
    }
  }

  /** Bytes are missing: damaged, not recorded. */
  gap(): void {
    this.#account.gap(LineClass.truncated);
    if (this.#account.workload !== undefined) this.#phases.gap(this.#account.workload);
  }

  /** Bytes are left out, which are not of the part that is accounted. */
  skip(): void {
    this.#account.gap(LineClass.outside);
  }

  end(damage: readonly string[]): ReplayedAccount {
    this.#account.end();
    const source = { label: this.#label, recording: true };
    // Where it matters to a part of it, the link is a gap of its own.
    const failure = this.#failure === undefined || this.#window !== undefined ? [] : [this.#failure];
    const lives = this.#account.lives();
    const tasks = this.#account.tasks();
    const snapshot = {
      ...this.#account.snapshot(source, ...damage, ...failure),
      ...(lives !== undefined && { lives }),
      ...(tasks !== undefined && { tasks }),
    };
    return {
      snapshot,
      freeingCallSites: this.#account.freeingCallSites(),
      stacks: this.#account.stacks,
      phases: this.#phases.names,
      ...(this.#wanted === undefined || this.#account.workload === undefined
        ? {}
        : { workload: this.#workloadOf(snapshot, this.#wanted) }),
    };
  }

  #workloadOf(snapshot: Snapshot, { addresses }: WorkloadWanted): Workload {
    const options = this.#source?.plan?.options ?? [];
    const scope = options.includes("scope=process") ? "process" : "system";
    const { interrupted } = this.#outcome;
    return this.#account.workloadResult({ target: this.#label, scope, snapshot, interrupted, addresses });
  }

  #hear(target: TargetState, nonce: string, mark: AgentMark): PhaseChange | undefined {
    const line = parseAgentLine(mark.text, nonce);
    if (line === undefined) return undefined;
    const window = this.#window;
    if (window !== undefined) {
      if (line === "damaged") return undefined;
      const isWithin = mark.timeNs >= (window.fromNs ?? Infinity) && mark.timeNs < (window.toNs ?? -Infinity);
      if (!OF_ANY_PART.includes(line.type) && !(line.type === "gap" && isWithin)) return undefined;
    }
    // Each connection begins with one.
    if (line !== "damaged" && line.type === "session" && this.#source !== undefined) this.#source.reconnects += 1;
    target.hear(line, mark.timeNs, this.#atMs);
    const { workload } = this.#account;
    return workload === undefined || line === "damaged"
      ? undefined
      : this.#phases.changeAt(line, mark.timeNs, workload);
  }
}

export function parseRun({ bytes }: Frame): RecordedRun {
  return JSON.parse(Buffer.from(bytes).toString()) as RecordedRun;
}

export function planOf({ agent }: RecordedRun): AgentPlan | undefined {
  return agent?.plan === undefined ? undefined : { ...agent.plan, facts: revived(agent.plan.facts) };
}

function revived(facts: AgentFacts): AgentFacts {
  return { ...facts, tools: new Set(facts.tools) };
}
