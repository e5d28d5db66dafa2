/**
 * What the log has of those who act, and of those who are not let in: who, from where, what, and why not. Never a token. What somebody sent stands there as
 * text of one line, and whoever is refused again and again has a line with a count.
 */
import type { FastifyBaseLogger } from "fastify";
import { visibleName } from "../../model/printable.ts";
import type { ControlAction } from "../../model/wire-request.ts";

export interface Actor {
  /** Of the token. */
  readonly name: string;
  readonly address: string;
}

/** What one of them does. */
export interface ActorLog {
  asked(target: string, action: ControlAction): void;
  /** @param what it was, as far as that could be read */
  refused(what: string, why: string): void;
}

/** How long the refusals of one that were said once are only counted. */
const PAUSE_MS = 10_000;
/** So many are counted each by itself; more are counted together. */
const MOST_COUNTED = 100;

interface Counted {
  text: string;
  count: number;
  readonly timer: NodeJS.Timeout;
}

export class ActLog {
  readonly #logger: Pick<FastifyBaseLogger, "info" | "warn">;
  readonly #pauseMs: number;
  readonly #counted = new Map<string, Counted>();

  constructor(logger: Pick<FastifyBaseLogger, "info" | "warn">, pauseMs = PAUSE_MS) {
    this.#logger = logger;
    this.#pauseMs = pauseMs;
  }

  of({ name, address }: Actor): ActorLog {
    const who = `${visibleName(name)} (${visibleName(address)})`;
    return {
      asked: (target, action) => this.#logger.info(`control by ${who}: ${controlInWords(target, action)}`),
      refused: (what, why) =>
        this.#warn(`control ${who}`, `control by ${who} refused: ${visibleName(what)}: ${visibleName(why)}`),
    };
  }

  /** @param route that was asked, as kmemtap calls it */
  refusedToken(address: string, route: string): void {
    this.#warn(`token ${address}`, `a wrong token from ${visibleName(address)}: ${route} was refused`);
  }

  /** Says what was only counted until now. */
  close(): void {
    for (const key of [...this.#counted.keys()]) this.#endPause(key);
    for (const { timer } of this.#counted.values()) clearTimeout(timer);
    this.#counted.clear();
  }

  #warn(who: string, text: string): void {
    const key = this.#counted.has(who) || this.#counted.size < MOST_COUNTED ? who : "others";
    const counted = this.#counted.get(key);
    if (counted !== undefined) {
      counted.text = text;
      counted.count += 1;
      return;
    }
    this.#logger.warn(text);
    const timer = setTimeout(() => this.#endPause(key), this.#pauseMs).unref();
    this.#counted.set(key, { text, count: 0, timer });
  }

  #endPause(key: string): void {
    const { text, count, timer } = this.#counted.get(key) ?? {};
    clearTimeout(timer);
    this.#counted.delete(key);
    if (text === undefined || count === undefined || count === 0) return;
    const seconds = String(this.#pauseMs / 1000);
    this.#logger.warn(`${text} (the last of ${String(count)} more within ${seconds} s)`);
    // Whoever goes on has a line a pause, not two.
    this.#counted.set(key, { text, count: 0, timer: setTimeout(() => this.#endPause(key), this.#pauseMs).unref() });
  }
}

/** `board: run load "insmod /tmp/x.ko", use "true", 3 rounds`, of one line whatever it holds. */
export function controlInWords(target: string, action: ControlAction): string {
  return visibleName(`${target}: ${action.kind}${argumentsOf(action)}`);
}

function argumentsOf(action: ControlAction): string {
  switch (action.kind) {
    case "mark":
      return ` "${action.text}"`;
    case "grow":
      return ` to ${String(action.bufferKb)} KiB a CPU`;
    case "run": {
      const phases = action.phases.map(({ name, command }) => `${name} "${command}"`);
      return ` ${[...phases, `${String(action.rounds ?? 1)} rounds`].join(", ")}`;
    }
    case "start":
    case "stop":
      return "";
  }
}
