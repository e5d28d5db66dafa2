/** When an account is written while a capture goes on. */
import type { Condition } from "./condition.ts";
import type { Moment } from "./moment.ts";

export interface TriggerOptions {
  /** Milliseconds; counted from the first moment on. */
  readonly everyMs?: number | undefined;
  readonly atOverrun?: boolean | undefined;
  readonly conditions?: readonly Condition[] | undefined;
}

/** What comes and goes, as a figure about its limit does, shall not fill the disk. */
const REST_MS = 5000;

export class Triggers {
  readonly #everyMs: number | undefined;
  readonly #edges: { readonly why: string; readonly edge: Edge; readonly holds: (moment: Moment) => boolean }[];
  #nextMs: number | undefined;
  #asked: string[] = [];

  constructor({ everyMs, atOverrun, conditions = [] }: TriggerOptions) {
    this.#everyMs = everyMs;
    this.#edges = conditions.map(({ text, holds }) => ({ why: text, edge: new Edge(), holds }));
    if (atOverrun === true)
      this.#edges.push({ why: "events were lost", edge: new Edge(), holds: ({ isLosing }) => isLosing });
  }

  /** The next moment is due, whatever it is. */
  ask(why: string): void {
    this.#asked.push(why);
  }

  /** Why this moment is to be written; nothing where it is not. */
  due(moment: Moment): string[] {
    const why = this.#asked;
    this.#asked = [];
    if (this.#isTime(moment.atMs)) why.push("the time has come");
    for (const { why: text, edge, holds } of this.#edges) if (edge.rises(holds(moment), moment.atMs)) why.push(text);
    return why;
  }

  #isTime(atMs: number): boolean {
    const every = this.#everyMs;
    if (every === undefined) return false;
    this.#nextMs ??= atMs + every;
    if (atMs < this.#nextMs) return false;
    // What a busy machine missed is not made up for.
    this.#nextMs += every * Math.ceil((atMs + 1 - this.#nextMs) / every);
    return true;
  }
}

/** True once when something begins to hold, and not again until it has ceased to. */
class Edge {
  #isArmed = true;
  #lastMs = -Infinity;

  rises(holds: boolean, atMs: number): boolean {
    if (!holds) this.#isArmed = true;
    if (!holds || !this.#isArmed || atMs - this.#lastMs < REST_MS) return false;
    this.#isArmed = false;
    this.#lastMs = atMs;
    return true;
  }
}
