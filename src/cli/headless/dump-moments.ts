/** Writes moments as they are due, while the capture goes on beside it. */
import { setTimeout as sleep } from "node:timers/promises";
import type { DumpFiles } from "./dump-files.ts";
import type { Moment } from "./moment.ts";
import type { Triggers } from "./triggers.ts";

export class MomentDump {
  readonly #triggers: Triggers;
  readonly #files: Pick<DumpFiles, "write">;
  #writing: Promise<void> | undefined;
  /** The one that comes next; of those that were due while one was written, the last. */
  #waiting: Moment | undefined;
  #last: Moment | undefined;
  #lastWritten: Moment | undefined;
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
    this.#last = moment;
    const why = this.#triggers.due(moment);
    if (why.length === 0) return why;
    if (this.#waiting !== undefined) this.#skipped += 1;
    this.#waiting = moment;
    this.#writing ??= this.#writeAll();
    return why;
  }

  /**
   * Writes the last moment, and waits until all is written.
   *
   * @param limitMs for how long
   * @returns false where it takes longer: what is under way may come to its end, the rest is left out
   */
  async end(limitMs?: number): Promise<boolean> {
    if (this.#last !== undefined && this.#last !== this.#lastWritten) {
      this.#waiting = this.#last;
      this.#writing ??= this.#writeAll();
    }
    if (limitMs === undefined) await this.#writing;
    else await Promise.race([this.#writing, sleep(limitMs, undefined, { ref: false })]);
    this.#waiting = undefined;
    return this.#writing === undefined;
  }

  /** To be called with one waiting: it ends in a later turn than it began. */
  async #writeAll(): Promise<void> {
    while (this.#waiting !== undefined) {
      const moment = this.#waiting;
      this.#waiting = undefined;
      this.#lastWritten = moment;
      await this.#files.write(moment);
    }
    this.#writing = undefined;
  }
}
