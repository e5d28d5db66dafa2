/**
 * One ledger through a workload: phases begin and end in the middle of batches, where the agent's marks stand.
 *
 * The ledger's phase 0 is what comes before the workload. Each phase of each round has a number of its own, and so has
 * what happens in a round between its phases and after them: frees that come late belong to their round.
 */
import { composeWorkload } from "../accounting/compose-workload.ts";
import type { PhaseRecord, WorkloadContext } from "../accounting/workload-state.ts";
import type { LedgerOptions } from "../accounting/ledger-options.ts";
import { EventLedger } from "../accounting/ledger.ts";
import type { PhaseRows } from "../accounting/phase-rows.ts";
import type { CallSiteTable } from "../model/call-site-table.ts";
import type { AgentMark, EventBatch } from "../model/event-batch.ts";
import type { Snapshot, SnapshotContext } from "../model/snapshot.ts";
import type { Workload } from "../model/workload.ts";
import type { WorkloadProgress } from "../model/workload-view.ts";

/** What a mark says of the workload. */
export type PhaseChange =
  | ({ readonly kind: "begin" } & WhichPhase)
  | {
      readonly kind: "end";
      readonly status: number | null;
      /** The phase, where the marks of its beginning were lost. */
      readonly unseen?: WhichPhase;
    };

export interface WhichPhase {
  readonly name: string;
  readonly command: string;
  readonly round: number;
  /** Tells workloads of one capture apart; absent where there is only one. */
  readonly workload?: string;
}

/** Lines of a command's output that are kept, and characters of a line. */
const OUTPUT_LINES = 20;
const OUTPUT_LINE_LENGTH = 500;

interface Phase extends PhaseRecord {
  endedNs: number | null;
  ended: boolean;
  status: number | null;
  output: string[];
}

export interface WorkloadAccountOptions extends Pick<LedgerOptions, "filter" | "maxObjects" | "wrappers"> {
  /** False: no ages, and nothing is paid while no workload runs ({@link WorkloadAccount.leave}). */
  readonly times?: boolean;
}

export class WorkloadAccount {
  /** For what is alive now. Events go through {@link apply}, or its phases would miss them. */
  readonly ledger: EventLedger;
  readonly #callSites: CallSiteTable;
  readonly #phases: PhaseRows;
  #records: Phase[] = [];
  readonly #between = new Map<number, number>();
  #nextPhase = 1;
  #running: Phase | undefined;
  /** Which of the capture's workloads this is about. */
  #workload = "";
  /** Trace clock of the last event or mark. */
  #nowNs: number | null = null;
  /** The same when the workload was over; null while it goes on. */
  #leftNs: number | null = null;

  constructor(callSites: CallSiteTable, { times = true, ...options }: WorkloadAccountOptions = {}) {
    this.#callSites = callSites;
    this.ledger = new EventLedger(callSites, { ...options, phases: true, objects: times });
    const { phases } = this.ledger;
    if (phases === undefined) throw new Error("a ledger with phases has them");
    this.#phases = phases;
  }

  /** What is told apart from others by {@link PhaseChange}, of the workload that ran last; "" where there is only one. */
  get workload(): string {
    return this.#workload;
  }

  /** The phase that runs now. */
  get running(): { readonly name: string; readonly round: number } | undefined {
    return this.#running;
  }

  /** How far it is; undefined before any phase. */
  get progress(): WorkloadProgress | undefined {
    const last = this.#records.at(-1);
    if (last === undefined) return undefined;
    const { running } = this;
    return {
      phases: this.#records.length,
      rounds: last.round,
      running: running === undefined ? null : { name: running.name, round: running.round },
      over: this.#leftNs !== null,
    };
  }

  /**
   * A phase begins. One that still runs stays without an end, interrupted: the mark of its end was lost.
   *
   * @param timeNs trace clock; the last event's unless given
   */
  begin(name: string, command: string, round: number, timeNs = this.#nowNs, workload = ""): void {
    this.#tick(timeNs);
    if (workload !== this.#workload) this.#startAnew(workload);
    this.#leftNs = null;
    const phase = this.#nextPhase++;
    this.#running = {
      name,
      command,
      round,
      phase,
      startedNs: timeNs,
      endedNs: null,
      begun: true,
      ended: false,
      status: null,
      output: [],
    };
    this.#records.push(this.#running);
    this.ledger.enterPhase(phase);
  }

  /**
   * The phase that runs has ended; nothing happens when none runs.
   *
   * @param unseen the phase, where nobody saw it begin: what happened in it is accounted to its round, between the phases
   */
  end(status: number | null, timeNs = this.#nowNs, unseen?: WhichPhase): void {
    this.#tick(timeNs);
    if (unseen !== undefined) {
      this.begin(unseen.name, unseen.command, unseen.round, timeNs, unseen.workload);
      Object.assign(this.#running ?? {}, { startedNs: null, begun: false });
    }
    const phase = this.#running;
    if (phase === undefined) return;
    this.#running = undefined;
    phase.ended = true;
    phase.endedNs = timeNs;
    phase.status = status;
    let between = this.#between.get(phase.round);
    if (between === undefined) this.#between.set(phase.round, (between = this.#nextPhase++));
    this.ledger.enterPhase(between);
  }

  /**
   * The workload is over, with what was freed late: what comes now is none of it. A phase that still runs stays without an end. What it left
   * is asked for as before, and gets less with every object of it that is freed.
   */
  leave(): void {
    if (this.#records.length === 0 || this.#leftNs !== null) return;
    this.#running = undefined;
    this.#leftNs = this.#nowNs ?? 0;
    this.ledger.enterPhase(0);
  }

  /** Another workload of the same capture: numbers of phases go on, since objects of the one before may be alive. */
  #startAnew(workload: string): void {
    this.#workload = workload;
    this.#records = [];
    this.#between.clear();
    this.#running = undefined;
    this.ledger.enterPhase(0);
    this.#phases.forget();
  }

  /**
   * Accounts a batch, each event in the phase in which it stands.
   *
   * @param read what a mark says of the workload, if anything; asked once for each, in order
   */
  apply(batch: EventBatch, read: (mark: AgentMark) => PhaseChange | undefined): void {
    let from = 0;
    for (const mark of batch.marks) {
      this.#applyRange(batch, from, mark.at);
      from = mark.at;
      const change = read(mark);
      if (change === undefined) continue;
      if (change.kind === "begin") this.begin(change.name, change.command, change.round, mark.timeNs, change.workload);
      else this.end(change.status, mark.timeNs, change.unseen);
    }
    this.#applyRange(batch, from, batch.length);
    this.ledger.applyInput(batch);
  }

  /** What the command of a phase printed, in pieces of any size, also after its end. The last lines are kept. */
  addOutput(name: string, round: number, text: string): void {
    const phase = this.#records.findLast((record) => record.name === name && record.round === round);
    if (phase === undefined) return;
    // The last entry is the line that has no end yet; it is empty where the output ends in one.
    const lines = ((phase.output.pop() ?? "") + text).split("\n");
    phase.output.push(...lines.map((line) => line.slice(0, OUTPUT_LINE_LENGTH)));
    phase.output.splice(0, phase.output.length - OUTPUT_LINES - 1);
  }

  snapshot(context: SnapshotContext): Snapshot {
    return this.ledger.snapshot(context);
  }

  /** The account of the workload up to now; a phase that still runs is shown as interrupted. */
  result(context: WorkloadContext): Workload {
    return composeWorkload(
      {
        ledger: this.ledger,
        phases: this.#phases,
        callSites: this.#callSites,
        records: this.#records.map((record) => ({ ...record, output: linesOf(record.output) })),
        between: this.#between,
        nowNs: this.#leftNs ?? this.#nowNs,
      },
      context,
    );
  }

  #applyRange(batch: EventBatch, from: number, to: number): void {
    this.ledger.applyRange(batch, from, to);
    if (to > from) this.#tick(batch.timeNs[to - 1]);
  }

  #tick(timeNs: number | null): void {
    if (timeNs !== null && (this.#nowNs === null || timeNs > this.#nowNs)) this.#nowNs = timeNs;
  }
}

/** Lines as they are shown: without what ends them, and without a last one that is empty. */
function linesOf(output: readonly string[]): string[] {
  const lines = output.map((line) => line.replace(/\r$/, ""));
  if (lines.at(-1) === "") lines.pop();
  return lines.slice(-OUTPUT_LINES);
}
