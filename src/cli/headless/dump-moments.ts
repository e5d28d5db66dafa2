/** Writes moments as they are due, and the last of each run, while the capture goes on beside it. */
import { setTimeout as sleep } from "node:timers/promises";
import type { DumpFiles } from "./dump-files.ts";
import type { Moment } from "./moment.ts";
import type { Triggers } from "./triggers.ts";

/** The last moments of runs that ended while the disk did not follow. */
const MOST_WAITING = 8;

export class MomentDump {
  readonly #triggers: Triggers;
  readonly #files: Pick<DumpFiles, "write">;
  #writing: Promise<void> | undefined;
  /** What comes next, in order: last moments of runs, and at their end the moment that was due last. */
  #waiting: Moment[] = [];
  #last: Moment | undefined;
  #lastOffered: Moment | undefined;
  #skipped = 0;

  constructor(triggers: Triggers, files: Pick<DumpFiles, "write">) {
    this.#triggers = triggers;
    this.#files = files;
  }

  /** Moments that were due, but gave way to later ones: the disk did not follow. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Why it is written; empty where it is not. */
  take(moment: Moment): string[] {
    this.#endRunBefore(moment);
    this.#last = moment;
    const why = this.#triggers.due(moment);
    if (moment.isLast) why.push("its run is over");
    if (why.length > 0) this.#offer(moment);
    return why;
  }

  /** The next moment is due, whatever it is; of a run that is over its last is written once more. */
  ask(why: string): void {
    if (this.#last?.isLast !== true) {
      this.#triggers.ask(why);
      return;
    }
    this.#last = { ...this.#last, atMs: Date.now() };
    this.#offer(this.#last);
  }

  /**
   * Writes the last moment, and waits until all is written.
   *
   * @param limitMs for how long
   * @returns false where it takes longer: what is under way may come to its end, the rest is left out
   */
  async end(limitMs?: number): Promise<boolean> {
    if (this.#last !== undefined && this.#last !== this.#lastOffered) this.#offer(this.#last);
    if (limitMs === undefined) await this.#writing;
    else await Promise.race([this.#writing, sleep(limitMs, undefined, { ref: false })]);
    this.#waiting = [];
    return this.#writing === undefined;
  }

  /** Another boot begins between two moments: what came of the one before until then is kept with it. */
  #endRunBefore({ snapshot, previousRuns = [] }: Moment): void {
    const before = this.#last;
    if (before === undefined || before === this.#lastOffered) return;
    const { run } = before.snapshot.source;
    if (run === snapshot.source.run) return;
    const whole = previousRuns.find(({ summary }) => summary.run === run);
    const atMs = whole?.summary.endedMs ?? before.atMs;
    this.#offer({ ...before, atMs, snapshot: whole?.snapshot ?? before.snapshot, isLast: true });
  }

  #offer(moment: Moment): void {
    // One that was due only then gives way; the last of a run has nothing that would stand for it.
    const gives = this.#waiting.at(-1)?.isLast === false ? this.#waiting.pop() : undefined;
    const oldest = this.#waiting.length >= MOST_WAITING ? this.#waiting.shift() : undefined;
    for (const lost of [gives, oldest]) if (lost !== undefined) this.#skipped += 1;
    this.#waiting.push(moment);
    this.#lastOffered = moment;
    this.#writing ??= this.#writeAll();
  }

  /** To be called with one waiting: it ends in a later turn than it began. */
  async #writeAll(): Promise<void> {
    for (let moment = this.#waiting.shift(); moment !== undefined; moment = this.#waiting.shift())
      await this.#files.write(moment);
    this.#writing = undefined;
  }
}
