/** Signs of life for the agent, which ends when it hears nothing; what else is due goes in their place. */
import type { HistReadings } from "./hist-readings.ts";
import type { WindowProgress } from "./window-progress.ts";

const HEARTBEAT_MS = 1000;

/** The connection that is kept alive. */
export interface Beating {
  /** Of mode hist; undefined in others. */
  readonly readings: HistReadings | undefined;
  readonly shell: { readonly concurrent: boolean };
}

export interface HeartbeatOptions {
  /** Milliseconds between readings of the sums in mode hist. */
  readonly tickMs: number;
  /** Milliseconds between readings of the slabs, on links that have room for them; none where it is not given. */
  readonly slabsMs?: number;
  /** Says a line to the agent. */
  readonly send: (line: string) => void;
}

export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #window: WindowProgress;
  #timer: NodeJS.Timeout | undefined;
  #slabsAt = 0;

  constructor(window: WindowProgress, options: HeartbeatOptions) {
    this.#window = window;
    this.#options = options;
  }

  start(connection: Beating): void {
    this.#timer = setInterval(() => this.#beat(connection), Math.min(HEARTBEAT_MS, this.#options.tickMs));
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Nothing is recorded any more: in mode hist the maps are read once more, whole; then the agent may go. */
  readLast(readings: HistReadings | undefined): void {
    this.#options.send(readings?.last(Date.now()) ?? "bye");
  }

  /** A sign of life, and in mode hist the next reading, when the last one has arrived. */
  #beat(connection: Beating): void {
    const now = Date.now();
    const { readings } = connection;
    const { begun, stopping, lastHeard, damagedSinceStop } = this.#window;
    if (lastHeard && readings?.isOverdue(now) === true) this.readLast(readings);
    else if (stopping && !lastHeard && damagedSinceStop) {
      // The damaged line may have been that of the end: it is said again.
      this.#window.damagedSinceStop = false;
      this.#options.send("stop");
    } else if (this.#wantsSlabs(connection, now)) {
      this.#slabsAt = now;
      this.#options.send("slabs now");
    } else this.#options.send((begun && !stopping ? readings?.next(now) : undefined) ?? ".");
  }

  #wantsSlabs({ readings, shell }: Beating, now: number): boolean {
    const { slabsMs } = this.#options;
    if (slabsMs === undefined || !this.#window.begun || this.#window.stopping) return false;
    return readings === undefined && shell.concurrent && now - this.#slabsAt >= slabsMs;
  }
}
