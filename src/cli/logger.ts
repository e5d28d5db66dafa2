import { Writable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { pino } from "pino";
import { PinoPretty } from "pino-pretty";
import type { Config } from "./config.ts";
import { sayThrough } from "./say.ts";
import { clearStatus, heldTerminal } from "./status-line.ts";

export type Logger = ReturnType<typeof createLogger>;

/** Of commands that go on (`info`), and of those that end by themselves, whose result is what one waits for (`warn`). */
export type UsualLevel = "info" | "warn";

/**
 * Logs to stderr, so that results have stdout to themselves: lines of text, or of JSON (`logFormat: json`), as what is said beside the log
 * ({@link sayThrough}) then is, too.
 *
 * @param usual what is logged where neither configuration nor `-v` says
 */
export function createLogger(config: Pick<Config, "logLevel" | "logFormat">, usual: UsualLevel, isVerbose = false) {
  const { logLevel, logFormat } = config;
  const level = isVerbose ? (usual === "info" ? "debug" : "info") : logLevel === "auto" ? usual : logLevel;
  if (logFormat === "json") {
    const logger = pino({ level }, standardError());
    // What is said is said in either form, unless somebody has asked for less.
    const said = logLevel === "auto" ? logger.child({}, { level: "info" }) : logger;
    sayThrough((text) => said.info(text));
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
