import type { Moment } from "../headless/moment.ts";
import { agesOf } from "../../format/ages.ts";
import { drawTop, roomOn } from "./draw-top.ts";
import { netOf } from "./looks.ts";
import type { Terminal } from "./terminal.ts";
import type { TopData } from "./top-data.ts";
import { INITIAL, press, type TopState } from "./top-state.ts";

/** Points of the course of net bytes that are kept, one a tick: more than any terminal is wide. */
const MAX_HISTORY = 1000;
/** What is said stands for so long, and for so many ticks: time to read it, and to see it. */
const NEWS_MS = 8000;
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
  /** The last at the end, each with the ticks that it still stands. */
  #news: { readonly text: string; readonly ticks: number }[] = [];

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
    this.#news.push({ text, ticks: Math.max(NEWS_TICKS, Math.ceil(NEWS_MS / this.#stepMs)) });
    this.draw();
  }

  press(key: string): void {
    const before = this.#state;
    this.#state = press(before, key, this.#room);
    if (this.#state.isOver && !before.isOver) this.#end();
    if (this.#state.baselines !== before.baselines && this.#moment !== undefined) this.#baseline = netOf(this.#moment);
    this.#held = this.#state.isPaused ? (this.#held ?? this.#moment) : undefined;
    this.draw();
  }

  tick(): void {
    if (this.#moment !== undefined) this.#history.push(this.#moment.snapshot.totals.netBytes);
    if (this.#history.length > MAX_HISTORY) this.#history.shift();
    this.#news = this.#news.map(({ text, ticks }) => ({ text, ticks: ticks - 1 })).filter(({ ticks }) => ticks > 0);
    this.draw();
  }

  draw(): void {
    const news = this.#news.map(({ text }) => text);
    this.#terminal.draw(drawTop(this.#data(), this.#state, this.#terminal.size, news));
  }

  /** Rows that a key scrolls by a page. */
  get #room(): number {
    const news = this.#news.map(({ text }) => text);
    return roomOn(this.#data(), this.#state, this.#terminal.size, news);
  }

  #data(): TopData | undefined {
    const moment = this.#held ?? this.#moment;
    if (moment === undefined) return undefined;
    const { snapshot, eventsPerSecond } = moment;
    const history = this.#history.length > 0 ? this.#history : [snapshot.totals.netBytes];
    const tasks = this.#state.isTasks ? moment.tasks?.() : undefined;
    const lives = moment.lives?.();
    const ages = lives && agesOf(lives);
    return { snapshot, eventsPerSecond, history, stepMs: this.#stepMs, baseline: this.#baseline, tasks, ages };
  }
}
