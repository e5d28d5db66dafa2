/** What a workload's phases come to by the text of the call site: read of its ledger once, for those who tell of phases and of rounds. */
import { isOwnCaller } from "../model/own-callers.ts";
import { type Activity, addTo, none } from "./activity.ts";
import type { Doubt } from "./reconcile.ts";
import type { ResidueCell } from "./residue.ts";
import type { WorkloadContext, WorkloadState } from "./workload-state.ts";

export class WorkloadSums {
  readonly #state: WorkloadState;
  readonly #context: WorkloadContext;
  readonly #roundOf = new Map<number, number>();
  readonly #cells = new Map<number, ResidueCell[]>();
  /** What is alive of the pauses. */
  readonly pauseCells: readonly ResidueCell[];
  /** By what call sites are called in the end. */
  readonly doubtful: ReadonlyMap<string, Doubt>;
  readonly doubtfulLater: ReadonlyMap<string, Doubt>;

  constructor(state: WorkloadState, context: WorkloadContext) {
    this.#state = state;
    this.#context = context;
    for (const { phase, round } of state.records) {
      this.#roundOf.set(phase, round);
      this.#cells.set(phase, []);
    }
    const pauses = new Set(state.between.values());
    const pauseCells: ResidueCell[] = [];
    for (const [round, phase] of state.between) this.#roundOf.set(phase, round);
    for (const cell of state.ledger.residue({ addresses: context.addresses ?? 0 })) {
      if (pauses.has(cell.phase)) pauseCells.push(cell);
      else this.#cells.get(cell.phase)?.push(cell);
    }
    this.pauseCells = pauseCells;
    this.doubtful = this.#byCallSite(context.doubtful?.inAll);
    this.doubtfulLater = this.#byCallSite(context.doubtful?.afterFirstRound);
  }

  /** What is alive of a phase of the workload; what else ran on the target between them is no part of it. */
  cells(phase: number): readonly ResidueCell[] {
    return this.#cells.get(phase) ?? [];
  }

  /** What happened in some of the ledger's phases, by the text of the call site. */
  activity(phases: Iterable<number>): Map<string, Activity> {
    const sites = new Map<string, Activity>();
    for (const phase of phases) {
      this.#state.phases.forEach(phase, (site, sums) => {
        const callSite = this.callSite(site, phase);
        const into = sites.get(callSite) ?? none();
        addTo(into, sums);
        sites.set(callSite, into);
      });
    }
    return sites;
  }

  /** Of the rounds, with what ran between their phases. */
  activityOf(rounds: readonly number[]): Map<string, Activity> {
    const phases = rounds.flatMap((round) => [...this.#roundOf].filter(([, of]) => of === round));
    return this.activity(phases.map(([phase]) => phase));
  }

  callSite(site: number, phase: number): string {
    const text = this.#state.callSites.text(site);
    return this.#context.resolve?.(text, this.#roundOf.get(phase) ?? 0) ?? text;
  }

  /** What kmemtap has the workload's processes allocate. */
  isOwn(callSite: string): boolean {
    return this.#context.scope === "process" && isOwnCaller(callSite);
  }

  /** One whose module was loaded again has several addresses. */
  #byCallSite(doubts: ReadonlyMap<string, Doubt> = new Map()): ReadonlyMap<string, Doubt> {
    const resolved = new Map<string, Doubt>();
    for (const [text, { objects, bytes }] of doubts) {
      const callSite = this.#context.resolve?.(text, 0) ?? text;
      const before = resolved.get(callSite);
      resolved.set(callSite, { objects: objects + (before?.objects ?? 0), bytes: bytes + (before?.bytes ?? 0) });
    }
    return resolved;
  }
}
