/** Which accounts a sink sends: at a pace, and the last one of each run, which a pace alone would miss. */
import { hasDelivered, isOver } from "../../capture/update-state.ts";
import type { LiveUpdate } from "../../capture/live-update.ts";
import type { Snapshot } from "../../model/snapshot.ts";

export interface SinkMoment {
  readonly snapshot: Snapshot;
  /** Unix epoch, ms. */
  readonly atMs: number;
  /** Nothing follows that would make up for it: of its run, or of its target, it is the last. */
  readonly isLast: boolean;
}

interface Known {
  readonly last: Omit<SinkMoment, "isLast">;
  readonly isSent: boolean;
}

export class SinkMoments {
  readonly #pace: Pace;
  readonly #known = new Map<string, Known>();

  /** @param everyMs between two of a target */
  constructor(everyMs: number) {
    this.#pace = new Pace(everyMs);
  }

  /** What is to be sent now, in order; nothing of a target that has delivered nothing. */
  take(target: string, update: LiveUpdate, atMs: number): SinkMoment[] {
    if (!hasDelivered(update)) return [];
    const { snapshot, previousRuns } = update;
    const due: SinkMoment[] = [];
    const { run } = snapshot.source;
    const before = this.#known.get(target);
    const runBefore = before?.last.snapshot.source.run;
    if (before?.isSent === false && runBefore !== run) {
      // Another boot begins within one update: what came of the one before until then is kept with it.
      const whole = previousRuns.find(({ summary }) => summary.run === runBefore);
      due.push({
        ...(whole === undefined ? before.last : { snapshot: whole.snapshot, atMs: whole.summary.endedMs }),
        isLast: true,
      });
    }
    const isLast = isOver(update);
    const isDue = this.#pace.isDue(target, atMs) || isLast;
    if (isDue) due.push({ snapshot, atMs, isLast });
    this.#known.set(target, { last: { snapshot, atMs }, isSent: isDue });
    return due;
  }

  /** The last of each target that was not sent: nothing more comes. */
  rest(): [target: string, moment: SinkMoment][] {
    const rest = [...this.#known].filter(([, { isSent }]) => !isSent);
    this.#known.clear();
    return rest.map(([target, { last }]) => [target, { ...last, isLast: true }]);
  }
}

/** True at most once in `everyMs` for each target, from the first time on. */
class Pace {
  readonly #everyMs: number;
  readonly #nextMs = new Map<string, number>();

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  isDue(target: string, nowMs: number): boolean {
    const next = this.#nextMs.get(target);
    if (next !== undefined && nowMs < next) return false;
    this.#nextMs.set(target, nowMs + this.#everyMs);
    return next !== undefined;
  }
}
