/** Whom accounts and alerts are sent to while a capture goes on. None ever holds it up. */
import type { LiveUpdate } from "../../capture/live-update.ts";
import { ExitCode, KmemtapError, messageOf } from "../../model/errors.ts";
import { readFileSync } from "node:fs";

export interface Sink {
  /** @param target its id */
  take(target: string, update: LiveUpdate): void;
  /** Sends what there is time for; the rest is kept or given up, as the sink has it. */
  close(): Promise<void>;
}

/** The first line of a file of the configuration. */
export function secretIn(setting: string, path: string): string {
  try {
    return readFileSync(path, "utf8").split("\n", 1)[0].trim();
  } catch (cause) {
    throw new KmemtapError("config/invalid", `${setting}: ${messageOf(cause)}`, {
      nextStep: "give a file that this user can read, with the token on its first line",
      exitCode: ExitCode.wrongUse,
      cause,
    });
  }
}

/** True at most once in `everyMs` for each target, from the first time on. */
export class Pace {
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
