import type { Moment } from "../headless/moment.ts";
import { agesOf } from "../../format/ages.ts";
import { drawTop, rowsOn } from "./draw-top.ts";
import { netOf } from "./looks.ts";
import type { Terminal } from "./terminal.ts";
import { INITIAL, press, type TopState } from "./top-state.ts";

/** Points of the course of net bytes that are kept, one a tick: more than any terminal is wide. */
const MAX_HISTORY = 1000;
/** Ticks that a line of news is shown. */
const NEWS_TICKS = 8;

/** What is on the screen: accounts come as they come, it is drawn at a pace of its own and at each key. */
export class TopScreen {
  readonly #terminal: Pick<Terminal, "draw" | "size">;
  readonly #end: () => void;
  readonly #stepMs: number;
  #state: TopState;
  #moment: Moment | undefined;
  /** What is shown while the screen is held. */
  #held: Moment | undefined;
  #history: number[] = [];
  #baseline: ReadonlyMap<string, number> = new Map();
  #run = 0;
  #news = "";
  #newsTicks = 0;

  /**
   * @param end what ends the capture
   * @param stepMs from one tick to the next
   */
  constructor(terminal: Pick<Terminal, "draw" | "size">, end: () => void, stepMs: number, state = INITIAL) {
    this.#stepMs = stepMs;
    this.#state = state;
    this.#terminal = terminal;
    this.#end = end;
  }

  take(moment: Moment): void {
    this.#moment = moment;
    const { run } = moment.snapshot.source;
    if (run === this.#run) return;
    // Another boot is another account: it grows from nothing.
    this.#history = [];
    this.#baseline = this.#run === 0 ? netOf(moment) : new Map();
    this.#run = run;
    this.draw();
  }

  /** News of the capture, in place of what a command says on standard error. */
  tell(text: string): void {
    this.#news = text;
    this.#newsTicks = NEWS_TICKS;
    this.draw();
  }

  press(key: string): void {
    const before = this.#state;
    this.#state = press(before, key, rowsOn(this.#terminal.size));
    if (this.#state.isOver && !before.isOver) this.#end();
    if (this.#state.baselines !== before.baselines && this.#moment !== undefined) this.#baseline = netOf(this.#moment);
    this.#held = this.#state.isPaused ? (this.#held ?? this.#moment) : undefined;
    this.draw();
  }

  tick(): void {
    if (this.#moment !== undefined) this.#history.push(this.#moment.snapshot.totals.netBytes);
    if (this.#history.length > MAX_HISTORY) this.#history.shift();
    if (this.#newsTicks > 0 && --this.#newsTicks === 0) this.#news = "";
    this.draw();
  }

  draw(): void {
    const moment = this.#held ?? this.#moment;
    const { size } = this.#terminal;
    if (moment === undefined) {
      this.#terminal.draw(drawTop(undefined, this.#state, size, this.#news));
      return;
    }
    const { snapshot, eventsPerSecond } = moment;
    const history = this.#history.length > 0 ? this.#history : [snapshot.totals.netBytes];
    const tasks = this.#state.isTasks ? moment.tasks?.() : undefined;
    const lives = moment.lives?.();
    const ages = lives && agesOf(lives);
    const data = { snapshot, eventsPerSecond, history, stepMs: this.#stepMs, baseline: this.#baseline, tasks, ages };
    this.#terminal.draw(drawTop(data, this.#state, size, this.#news));
  }
}
