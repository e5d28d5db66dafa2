/** What the account of a workload is made of: its phases as they ran, the ledger that saw them, and what is known beside it. */
import type { CallSiteTable } from "../model/call-site-table.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { WorkloadScope } from "../model/workload.ts";
import type { EventLedger } from "./ledger.ts";
import type { PhaseRows } from "./phase-rows.ts";
import type { Doubt } from "./reconcile.ts";

/** A phase of one round as it ran. */
export interface PhaseRecord {
  readonly name: string;
  readonly command: string;
  readonly round: number;
  /** Its number in the ledger. */
  readonly phase: number;
  readonly startedNs: number | null;
  readonly endedNs: number | null;
  /** False where its beginning was not seen, and where it began is not known. */
  readonly begun: boolean;
  /** False while it runs, and for good where its end was not seen. */
  readonly ended: boolean;
  readonly status: number | null;
  readonly output: readonly string[];
}

/**
 * What a call site is called that the trace gives as an address because its module had gone when it was read; any other
 * comes back as it is. `round` says when: a module that is loaded again may be elsewhere.
 */
export type ResolveCallSite = (callSite: string, round: number) => string;

export interface WorkloadState {
  readonly ledger: EventLedger;
  readonly phases: PhaseRows;
  readonly callSites: CallSiteTable;
  /** In the order in which they ran. */
  readonly records: readonly PhaseRecord[];
  /** The ledger's phase for what happened in a round between its phases and after them, until the next round. */
  readonly between: ReadonlyMap<number, number>;
  /** Trace clock of the end, for ages. */
  readonly nowNs: number | null;
}

/** A part of the trace by its clock, both ends in it; infinite where it has none. */
export interface ClockSpan {
  readonly fromNs: number;
  readonly toNs: number;
}

export interface WorkloadContext {
  readonly target: string;
  readonly scope: WorkloadScope;
  readonly snapshot: Snapshot;
  /** True when the workload was ended before its time; a phase that has no end says so in any case. */
  readonly interrupted?: boolean;
  /** How many addresses of each call site to list in the residue; none unless said. */
  readonly addresses?: number;
  readonly resolve?: ResolveCallSite;
  /** Only phases that ran then, and rounds that are whole in it; what is left of them is so now. */
  readonly span?: ClockSpan | undefined;
  /** By the text of the call site: live objects that frees without an event may have ended, at most; where slabs were read. */
  readonly doubtful?: DoubtfulObjects;
}

export interface DoubtfulObjects {
  readonly inAll: ReadonlyMap<string, Doubt> | undefined;
  readonly afterFirstRound: ReadonlyMap<string, Doubt> | undefined;
}
