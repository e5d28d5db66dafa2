import { Writable } from "node:stream";
import { pino } from "pino";
import { PinoPretty } from "pino-pretty";
import type { Config } from "./config.ts";
import { clearStatus } from "./status-line.ts";

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
    PinoPretty({ destination: terminal(), ignore: "pid,hostname", translateTime: "SYS:HH:MM:ss.l" }),
  );
}

/** Standard error, with the status line out of the way. */
function terminal(): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      clearStatus();
      process.stderr.write(chunk, () => {
        done();
      });
    },
  });
}
