/** A workload's rounds, judged: what each left, by call site and phase, and whether that grows. O(call sites × rounds). */
import { byCaller, callerOf } from "../model/caller.ts";
import type { GrowingCaller, Repeat, SiteVerdict } from "../model/workload.ts";
import { type Activity, none, totalOf, withNet } from "./activity.ts";
import { groupAlike, judgeSite, judgeWorkload, underVerdict } from "./leak-verdict.ts";
import { sum } from "./sum.ts";
import type { PhaseRecord, WorkloadContext, WorkloadState } from "./workload-state.ts";
import type { WorkloadSums } from "./workload-sums.ts";

/** Length of the pauses, in that of the phases, from which on they tell what the target does by itself. */
const MIN_PAUSES = 0.25;

/** @param rounds those that are complete */
export function judgeRounds(
  sums: WorkloadSums,
  rounds: readonly number[],
  state: WorkloadState,
  context: WorkloadContext,
): Repeat {
  return new Rounds(sums, state, context).judged(rounds);
}

class Rounds {
  readonly #sums: WorkloadSums;
  readonly #state: WorkloadState;
  readonly #context: WorkloadContext;

  constructor(sums: WorkloadSums, state: WorkloadState, context: WorkloadContext) {
    this.#sums = sums;
    this.#state = state;
    this.#context = context;
  }

  judged(rounds: readonly number[]): Repeat {
    const activity = rounds.map((round) => this.#sums.activityOf([round]));
    const alive = rounds.map((round) => this.#survivors(round));
    const background = this.#background(rounds.slice(1));
    const found = [...new Set(alive.flatMap((sites) => [...sites.keys()]))].flatMap((callSite) => {
      if (this.#sums.isOwn(callSite)) return [];
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
      doubtful: this.#sums.doubtfulLater.get(callSite)?.objects ?? 0,
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
      for (const { site, objects, bytes } of this.#sums.cells(phase)) {
        const callSite = this.#sums.callSite(site, phase);
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
    if (phasesNs === 0 || pausesNs < phasesNs * MIN_PAUSES || records.some((record) => !record.begun || !record.ended))
      return sites;
    const roundsNs = sum(
      records.filter((record) => rounds.includes(record.round)),
      length,
    );
    for (const { site, phase, objects } of this.#sums.pauseCells) {
      const callSite = this.#sums.callSite(site, phase);
      sites.set(callSite, (sites.get(callSite) ?? 0) + (objects * roundsNs) / pausesNs);
    }
    return sites;
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
