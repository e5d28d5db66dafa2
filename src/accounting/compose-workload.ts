/** A ledger's phases and residue as the account of a workload: O(call sites × phases + live objects), for its end. */
import { byCaller, callerOf } from "../model/caller.ts";
import { isOwnCaller } from "../model/own-callers.ts";
import {
  type GrowingCaller,
  type PhaseCaller,
  type Repeat,
  type Residue,
  type ResidueCaller,
  SCOPE_NOTES,
  type SiteVerdict,
  type Workload,
  WORKLOAD_SCHEMA,
  type WorkloadPhase,
} from "../model/workload.ts";
import { type Activity, addTo, none, totalOf, withNet } from "./activity.ts";
import { groupAlike, judgeSite, judgeWorkload, underVerdict, unseenFrees } from "./leak-verdict.ts";
import { completeRounds, isWithin } from "./phases-within.ts";
import type { Doubt } from "./reconcile.ts";
import { merged, type ResidueCell } from "./residue.ts";
import type { PhaseRecord, WorkloadState, WorkloadContext } from "./workload-state.ts";

export function composeWorkload(state: WorkloadState, context: WorkloadContext): Workload {
  const { snapshot, span } = context;
  const records = state.records.filter((record) => isWithin(record, span));
  const fold = new Fold(state, context, records);
  const rounds = completeRounds(state.records, span);
  return {
    schema: WORKLOAD_SCHEMA,
    exact: snapshot.exact,
    interrupted: context.interrupted === true || records.some((record) => !record.ended),
    target: context.target,
    scope: context.scope,
    scopeNote: SCOPE_NOTES[context.scope],
    phases: records.map((record) => fold.phase(record)),
    residue: fold.residue(),
    repeat: state.records.every(({ round }) => round === state.records[0].round) ? null : fold.repeat(rounds),
    snapshot,
  };
}

/** Length of the pauses, in that of the phases, from which on they tell what the target does by itself. */
const MIN_PAUSES = 0.25;

class Fold {
  readonly #state: WorkloadState;
  readonly #context: WorkloadContext;
  /** Those of the state that it is of. */
  readonly #records: readonly PhaseRecord[];
  readonly #roundOf = new Map<number, number>();
  /** What is alive of each phase of the workload; what else ran on the target between them is no part of it. */
  readonly #cells = new Map<number, ResidueCell[]>();
  /** What is alive of the pauses. */
  readonly #pauseCells: ResidueCell[] = [];
  readonly #doubtful: ReadonlyMap<string, Doubt>;
  readonly #doubtfulLater: ReadonlyMap<string, Doubt>;

  constructor(state: WorkloadState, context: WorkloadContext, records: readonly PhaseRecord[]) {
    this.#state = state;
    this.#records = records;
    this.#context = context;
    for (const { phase, round } of state.records) {
      this.#roundOf.set(phase, round);
      this.#cells.set(phase, []);
    }
    const pauses = new Set(state.between.values());
    for (const [round, phase] of state.between) this.#roundOf.set(phase, round);
    for (const cell of state.ledger.residue({ addresses: context.addresses ?? 0 })) {
      if (pauses.has(cell.phase)) this.#pauseCells.push(cell);
      else this.#cells.get(cell.phase)?.push(cell);
    }
    this.#doubtful = this.#byCallSite(context.doubtful?.inAll);
    this.#doubtfulLater = this.#byCallSite(context.doubtful?.afterFirstRound);
  }

  /** By what call sites are called in the end: one whose module was loaded again has several addresses. */
  #byCallSite(doubts: ReadonlyMap<string, Doubt> = new Map()): ReadonlyMap<string, Doubt> {
    const resolved = new Map<string, Doubt>();
    for (const [text, { objects, bytes }] of doubts) {
      const callSite = this.#context.resolve?.(text, 0) ?? text;
      const before = resolved.get(callSite);
      resolved.set(callSite, { objects: objects + (before?.objects ?? 0), bytes: bytes + (before?.bytes ?? 0) });
    }
    return resolved;
  }

  phase(record: PhaseRecord): WorkloadPhase {
    const { name, command, round, status, output, startedNs, endedNs, phase } = record;
    const sites = this.#activity([phase]);
    const left = this.#cells.get(phase) ?? [];
    const callers: PhaseCaller[] = [...sites].map(([callSite, sums]) => ({
      callSite,
      caller: callerOf(callSite),
      ...withNet(sums),
    }));
    callers.sort((a, b) => b.netBytes - a.netBytes || byCaller(a, b));
    return {
      name,
      command,
      round,
      status,
      interrupted: !record.ended,
      ...(output.length > 0 ? { output: [...output] } : {}),
      startedNs,
      endedNs,
      ...withNet(totalOf(sites.values())),
      unmatchedFrees: this.#state.phases.unmatchedFrees(phase),
      leftObjects: sum(left, (cell) => cell.objects),
      leftBytes: sum(left, (cell) => cell.bytes),
      callers,
    };
  }

  residue(): Residue {
    const records = this.#records;
    const addresses = this.#context.addresses ?? 0;
    const rounds = new Set(records.map(({ round }) => round));
    const implied = this.#activity([...rounds].flatMap((round) => this.#phasesOf(round)));
    const sites = new Map<string, { cell: ResidueCell; byPhase: Map<string, number> }>();
    for (const { phase, name } of records) {
      for (const cell of this.#cells.get(phase) ?? []) {
        const callSite = this.#callSite(cell.site, phase);
        const before = sites.get(callSite);
        const byPhase = before?.byPhase ?? new Map<string, number>();
        byPhase.set(name, (byPhase.get(name) ?? 0) + cell.objects);
        sites.set(callSite, { cell: before === undefined ? cell : merged(before.cell, cell, addresses), byPhase });
      }
    }
    const callers = [...sites].map(([callSite, { cell, byPhase }]): ResidueCaller => {
      const unseen = unseenFrees(callSite, implied.get(callSite)?.impliedFrees ?? 0, cell.objects);
      const doubt = this.#doubtful.get(callSite);
      return {
        callSite,
        caller: callerOf(callSite),
        objects: cell.objects,
        bytes: cell.bytes,
        requestedBytes: cell.requestedBytes,
        byPhase: Object.fromEntries(byPhase),
        ages: this.#ages(cell),
        ...(addresses > 0 ? { addresses: cell.oldest.map(({ pointer }) => `0x${pointer.toString(16)}`) } : {}),
        ...(doubt === undefined
          ? {}
          : {
              doubtfulObjects: Math.min(doubt.objects, cell.objects),
              doubtfulBytes: Math.min(doubt.bytes, cell.bytes),
            }),
        marks: [
          ...(unseen === undefined && doubt === undefined ? [] : (["unseen-frees"] as const)),
          ...(this.#isOwn(callSite) ? (["own"] as const) : []),
        ],
      };
    });
    callers.sort((a, b) => b.bytes - a.bytes || byCaller(a, b));
    return {
      objects: sum(callers, (row) => row.objects),
      bytes: sum(callers, (row) => row.bytes),
      requestedBytes: sum(callers, (row) => row.requestedBytes),
      callers,
    };
  }

  repeat(rounds: readonly number[]): Repeat {
    const activity = rounds.map((round) => this.#activity(this.#phasesOf(round)));
    const alive = rounds.map((round) => this.#survivors(round));
    const background = this.#background(rounds.slice(1));
    const found = [...new Set(alive.flatMap((sites) => [...sites.keys()]))].flatMap((callSite) => {
      if (this.#isOwn(callSite)) return [];
      const row = this.#growing(
        callSite,
        activity.map((sites) => sites.get(callSite)),
        alive.map((sites) => sites.get(callSite) ?? NOTHING),
        background.get(callSite) ?? 0,
      );
      return row === undefined ? [] : [row];
    });
    found.sort(
      (a, b) => RANK[a.verdict] - RANK[b.verdict] || b.growthBytesPerRound - a.growthBytesPerRound || byCaller(a, b),
    );
    const growing = groupAlike(found);
    const { snapshot, scope } = this.#context;
    const { exact } = snapshot;
    const failedRounds = rounds.filter((round) => this.#hasFailed(round)).length;
    const judged = judgeWorkload(growing, { rounds: rounds.length, failedRounds, exact, scope });
    return {
      rounds: rounds.length,
      perRound: rounds.map((round, i) => {
        const { netBytes, netObjects } = withNet(totalOf(activity[i].values()));
        const survivors = sum(alive[i].values(), (cell) => cell.objects);
        return { round, netBytes, netObjects, survivors, survivorBytes: sum(alive[i].values(), (cell) => cell.bytes) };
      }),
      growing: growing.map((row) => underVerdict(row, { verdict: judged.verdict, exact })),
      ...judged,
    };
  }

  /** Whether a command of the round is known to have failed. */
  #hasFailed(round: number): boolean {
    return this.#state.records.some(
      (record) => record.round === round && record.status !== null && record.status !== 0,
    );
  }

  /** What kmemtap has the workload's processes allocate. */
  #isOwn(callSite: string): boolean {
    return this.#context.scope === "process" && isOwnCaller(callSite);
  }

  #growing(
    callSite: string,
    activity: readonly (Activity | undefined)[],
    alive: readonly Survivors[],
    background: number,
  ): GrowingCaller | undefined {
    const nets = activity.map((sums) => withNet(sums ?? none()));
    const perRound = nets.map((net) => net.netBytes);
    const objectsPerRound = nets.map((net) => net.netObjects);
    const survivors = alive.map(({ objects }) => objects);
    const impliedFrees = sum(nets, (net) => net.impliedFrees);
    const judgement = judgeSite({
      callSite,
      netBytes: perRound,
      netObjects: objectsPerRound,
      survivors,
      survivorBytes: alive.map(({ bytes }) => bytes),
      impliedFrees,
      background,
      doubtful: this.#doubtfulLater.get(callSite)?.objects ?? 0,
    });
    if (judgement === undefined) return undefined;
    return {
      callSite,
      caller: callerOf(callSite),
      perRound,
      objectsPerRound,
      survivorsPerRound: survivors,
      byPhase: this.#byPhase(alive),
      impliedFrees,
      ...judgement,
    };
  }

  /** Objects by the name of their phase, in the order in which the phases ran first. */
  #byPhase(alive: readonly Survivors[]): Record<string, number> {
    const names = [...new Set(this.#state.records.map(({ name }) => name))];
    const counted = names.map((name) => [name, sum(alive, ({ byPhase }) => byPhase.get(name) ?? 0)] as const);
    return Object.fromEntries(counted.filter(([, objects]) => objects > 0));
  }

  /** Of the phases of a round alone, not of what ran between them. */
  #survivors(round: number): Map<string, Survivors> {
    const sites = new Map<string, Survivors>();
    for (const { phase, name } of this.#state.records.filter((record) => record.round === round)) {
      for (const { site, objects, bytes } of this.#cells.get(phase) ?? []) {
        const callSite = this.#callSite(site, phase);
        const before = sites.get(callSite) ?? NOTHING;
        const byPhase = new Map(before.byPhase).set(name, (before.byPhase.get(name) ?? 0) + objects);
        sites.set(callSite, { objects: before.objects + objects, bytes: before.bytes + bytes, byPhase });
      }
    }
    return sites;
  }

  /**
   * Objects that each call site would have left in the phases of some rounds at the rate at which it left some in the
   * pauses, when the workload did nothing. Empty where the pauses are too short to know a rate.
   */
  #background(rounds: readonly number[]): Map<string, number> {
    const { records, nowNs } = this.#state;
    const length = ({ startedNs, endedNs }: PhaseRecord) => Math.max(0, (endedNs ?? 0) - (startedNs ?? 0));
    const first = records[0].startedNs ?? 0;
    const phasesNs = sum(records, length);
    const pausesNs = Math.max(0, (nowNs ?? first) - first) - phasesNs;
    const sites = new Map<string, number>();
    if (phasesNs === 0 || pausesNs < phasesNs * MIN_PAUSES || records.some((record) => !record.ended)) return sites;
    const roundsNs = sum(
      records.filter((record) => rounds.includes(record.round)),
      length,
    );
    for (const { site, phase, objects } of this.#pauseCells) {
      const callSite = this.#callSite(site, phase);
      sites.set(callSite, (sites.get(callSite) ?? 0) + (objects * roundsNs) / pausesNs);
    }
    return sites;
  }

  /** What happened in some of the ledger's phases, by the text of the call site. */
  #activity(phases: Iterable<number>): Map<string, Activity> {
    const sites = new Map<string, Activity>();
    for (const phase of phases) {
      this.#state.phases.forEach(phase, (site, sums) => {
        const callSite = this.#callSite(site, phase);
        const into = sites.get(callSite) ?? none();
        addTo(into, sums);
        sites.set(callSite, into);
      });
    }
    return sites;
  }

  #phasesOf(round: number): number[] {
    return [...this.#roundOf].filter(([, of]) => of === round).map(([phase]) => phase);
  }

  #callSite(site: number, phase: number): string {
    const text = this.#state.callSites.text(site);
    return this.#context.resolve?.(text, this.#roundOf.get(phase) ?? 0) ?? text;
  }

  #ages({ oldestNs, youngestNs }: ResidueCell): ResidueCaller["ages"] {
    const { nowNs } = this.#state;
    if (nowNs === null || oldestNs === null || youngestNs === null) return null;
    // Not below zero: the kernel's merged stream steps back by some milliseconds now and then.
    const age = (timeNs: number) => Math.max(0, nowNs - timeNs) / 1e9;
    return { oldestS: age(oldestNs), youngestS: age(youngestNs) };
  }
}

/** What a round left of a call site, in all and by the names of its phases. */
interface Survivors {
  readonly objects: number;
  readonly bytes: number;
  readonly byPhase: ReadonlyMap<string, number>;
}

const NOTHING: Survivors = { objects: 0, bytes: 0, byPhase: new Map() };

/** The order of the verdicts in a table. */
const RANK: Readonly<Record<SiteVerdict, number>> = { leak: 0, unsteady: 1, "unseen-frees": 2, cache: 3 };

function sum<T>(rows: Iterable<T>, of: (row: T) => number): number {
  let total = 0;
  for (const row of rows) total += of(row);
  return total;
}
