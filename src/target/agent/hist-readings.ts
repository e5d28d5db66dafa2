/**
 * Mode hist: when the sums that the target's kernel keeps are read, and how much of them. One reading at a time; whole, where
 * one before it was damaged; with the maps of pointers now and then, once they may be filling. Pure: time is an argument.
 */
import { type AgentLine, countOf, fieldsOf } from "./agent-line.ts";

/** How often the maps of pointers are looked at: 6 kmallocs a pointer (excluded from the account). */
const MAPS_MS = 30_000;
/** A reading of the sums of which nothing more comes for so long was lost on the way. */
const TICK_LIMIT_MS = 20_000;
/** On a line that damages every one, the last reading is not asked for for ever. */
const MAX_LAST_READINGS = 5;

export class HistReadings {
  readonly #tickMs: number;
  /** When the reading under way was asked for, or said something last; undefined when there is none. */
  #askedMs: number | undefined;
  #lastMs: number;
  #wantsWhole = false;
  /** Keys of a map of pointers, events that a map has seen, and when those maps were read last. */
  #mapSize = 0;
  #hits = 0;
  #mapsReadMs = 0;
  #lastReadings = 0;

  /** @param tickMs milliseconds between readings */
  constructor(tickMs: number, nowMs: number) {
    this.#tickMs = tickMs;
    this.#lastMs = nowMs;
  }

  hear(line: AgentLine, nowMs: number): void {
    if (line.writer === "h" && this.#askedMs !== undefined) this.#askedMs = nowMs;
    const field = (key: string) => countOf(fieldsOf(line.text).get(key)) ?? 0;
    if (line.type === "armed") this.#mapSize = field("size");
    if (line.type === "map") this.#hits = Math.max(this.#hits, field("hits"));
    if (line.type === "tick-done") this.#askedMs = undefined;
  }

  damaged(): void {
    this.#wantsWhole = true;
  }

  /** What to ask for now, while the maps count; undefined while a reading is under way, or it is not time. */
  next(nowMs: number): string | undefined {
    const overdue = this.isOverdue(nowMs);
    const idle = this.#askedMs === undefined && nowMs - this.#lastMs >= this.#tickMs;
    if (!idle && !overdue) return undefined;
    // As many pointers as events at most: until then no map of pointers can be half full, and reading one is dear.
    const wantsMaps = this.#hits > this.#mapSize / 2 && nowMs - this.#mapsReadMs >= MAPS_MS;
    if (wantsMaps) this.#mapsReadMs = nowMs;
    const words = ["tick", ...(this.#wantsWhole || overdue ? ["full"] : []), ...(wantsMaps ? ["maps"] : [])];
    this.#wantsWhole = false;
    this.#askedMs = this.#lastMs = nowMs;
    return words.join(" ");
  }

  /** The maps have stopped: what to ask for to have the last reading; undefined when it was asked for often enough. */
  last(nowMs: number): string | undefined {
    this.#wantsWhole = false;
    this.#lastReadings += 1;
    if (this.#lastReadings > MAX_LAST_READINGS) return undefined;
    this.#askedMs = nowMs;
    return "tick full maps";
  }

  /** True from a damaged line on until a reading that brings everything is asked for. */
  get isDamaged(): boolean {
    return this.#wantsWhole;
  }

  /** True where a reading was asked for and nothing more of it comes. */
  isOverdue(nowMs: number): boolean {
    return this.#askedMs !== undefined && nowMs - this.#askedMs > TICK_LIMIT_MS;
  }
}
