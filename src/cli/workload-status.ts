/** How far a workload is, at the bottom of the terminal. */
import type { LiveUpdate } from "../capture/live-update.ts";
import { humanBytes } from "../format/bytes.ts";
import { formatCount } from "../format/count.ts";
import { showStatus, spanOf } from "./status-line.ts";

export class WorkloadStatus {
  readonly #rounds: number;
  #beganMs: number | undefined;
  #round = 1;
  #phase = "";

  constructor(rounds: number) {
    this.#rounds = rounds;
  }

  phase(name: string, round: number): void {
    this.#beganMs ??= Date.now();
    this.#phase = name;
    this.#round = round;
  }

  readonly show = ({ link, snapshot: { totals } }: LiveUpdate): void => {
    const beganMs = this.#beganMs;
    if (beganMs === undefined) return;
    showStatus(() => {
      const ms = Date.now() - beganMs;
      const where = this.#rounds > 1 ? `round ${String(this.#round)} of ${String(this.#rounds)}, ` : "";
      // Rounds that are over say how long one takes.
      const done = this.#round - 1;
      const left = done > 0 ? `, about ${spanOf((ms / done) * this.#rounds - ms)} left` : "";
      const rate = `${formatCount(link.eventsPerSecond)} events/s`;
      return `${where}${this.#phase}: ${spanOf(ms)}${left}; ${rate}; ${humanBytes(totals.netBytes)} held`;
    });
  };
}
