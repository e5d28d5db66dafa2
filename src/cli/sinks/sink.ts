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
