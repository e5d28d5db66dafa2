import { Writable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { pino } from "pino";
import { PinoPretty } from "pino-pretty";
import type { Config } from "./config.ts";
import { sayThrough } from "./say.ts";
import { clearStatus, heldTerminal } from "./status-line.ts";

export type Logger = ReturnType<typeof createLogger>;

/**
 * Logs to stderr, so that results have stdout to themselves: lines of text, or of JSON (`logFormat: json`), as what is said beside the log
 * ({@link sayThrough}) then is, too.
 */
export function createLogger({ logLevel: level, logFormat }: Pick<Config, "logLevel" | "logFormat">) {
  if (logFormat === "json") {
    const logger = pino({ level }, standardError());
    sayThrough((text) => logger.info(text));
    return logger;
  }
  const form = { ignore: "pid,hostname", translateTime: "SYS:HH:MM:ss.l" };
  // Without a terminal an entry is a line: what reads it reads lines.
  return pino(
    { level },
    process.stderr.isTTY
      ? PinoPretty({ ...form, destination: terminal() })
      : PinoPretty({ ...form, destination: standardError(), colorize: false, singleLine: true }),
  );
}

function standardError() {
  const destination = pino.destination({ fd: 2, sync: true });
  // A full disk under the log must not end a capture.
  destination.on("error", () => undefined);
  return destination;
}

/** Standard error, with the status line out of the way. */
function terminal(): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      const take = heldTerminal();
      if (take !== undefined) {
        take(messageIn(chunk.toString()));
        done();
        return;
      }
      clearStatus();
      process.stderr.write(chunk, () => {
        done();
      });
    },
  });
}

/** Of what pino-pretty writes the message: what comes before it and the fields below it are for a log. */
function messageIn(entry: string): string {
  const [first = ""] = stripVTControlCharacters(entry).trim().split("\n", 1);
  return first.replace(/^\[[^\]]*\] [A-Z]+: /, "");
}
