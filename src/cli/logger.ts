import { pino } from "pino";
import { PinoPretty } from "pino-pretty";
import type { Config } from "./config.ts";

export type Logger = ReturnType<typeof createLogger>;

/** Logs to stderr, so that results have stdout to themselves: for people on a terminal, JSON otherwise. */
export function createLogger(level: Config["logLevel"]) {
  if (!process.stderr.isTTY) {
    const destination = pino.destination({ fd: 2, sync: true });
    // A full disk under the log must not end a capture.
    destination.on("error", () => undefined);
    return pino({ level }, destination);
  }
  return pino(
    { level },
    PinoPretty({ destination: 2, sync: true, ignore: "pid,hostname", translateTime: "SYS:HH:MM:ss.l" }),
  );
}
