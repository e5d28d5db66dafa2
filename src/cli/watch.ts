/** What `live` and `demo` have in common: a session, its server, its log, and a clean end. */
import { type Observable, tap } from "rxjs";
import { liveSession, type LiveUpdate } from "../capture/live-session.ts";
import { ExitCode } from "../model/errors.ts";
import type { ByteSource, TargetReport } from "../model/ports.ts";
import type { AccountFilter } from "../model/snapshot.ts";
import { lossNotice } from "../report/loss-notice.ts";
import { parseListenAddress } from "../server/local-only.ts";
import { serve } from "../server/serve.ts";
import type { Config } from "./config.ts";
import { createLogger, type Logger } from "./logger.ts";

export interface WatchOptions {
  readonly config: Config;
  /** Resolves when the operator ends it: {@link untilStopped}, asked for before anything is made that must be removed. */
  readonly stopped: Promise<void>;
  /** Where to serve, as the operator gave it; undefined takes the configuration's and any port when that one is taken. */
  readonly serve?: string | undefined;
  readonly filter?: AccountFilter;
  readonly strict?: boolean;
  readonly reports?: Observable<TargetReport>;
  /** Called once the page can be opened. */
  readonly onReady: (url: string) => void;
}

const DEFAULT_PORT = 8642;

/** Watches the source until the operator ends it; the exit status. */
export async function watch(source: ByteSource, options: WatchOptions): Promise<ExitCode> {
  const { config, filter, reports } = options;
  const logger = createLogger(config.logLevel);
  const address = parseListenAddress(options.serve ?? config.serve, DEFAULT_PORT);
  let last: LiveUpdate | undefined;
  const updates = liveSession(source, {
    snapshotMs: config.snapshotMs,
    silentAfterMs: config.silentAfterMs,
    ...(filter === undefined ? {} : { filter }),
    ...(reports === undefined ? {} : { reports }),
  }).pipe(tap((update) => (last = update)));
  const server = await serve(updates.pipe(logged(logger)), {
    ...address,
    logger: logger.child({ room: "server" }, { level: "warn" }),
    anyPort: options.serve === undefined,
  });
  options.onReady(server.url);

  await options.stopped;
  await server.close();
  await source.close();
  if (last === undefined) return ExitCode.done;
  const { exact, totals } = last.snapshot;
  const { netBytes, liveObjects, callSites } = totals;
  logger.info({ netBytes, liveObjects, callSites, exact }, "stopped");
  if (last.link.status === "failed") return ExitCode.targetFailed;
  return options.strict === true && !exact ? ExitCode.eventsLost : ExitCode.done;
}

/** Resolves at Ctrl-C, at SIGTERM, and when the terminal goes away. */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve());
  });
}

/** Logs what changes: a new run, the link's state, a loss. */
function logged(logger: Logger): (updates: Observable<LiveUpdate>) => Observable<LiveUpdate> {
  let run = 0;
  let status = "";
  let milestone: string | null = null;
  return tap(({ link, snapshot, newAlerts }) => {
    if (snapshot.source.run !== run) {
      run = snapshot.source.run;
      logger.info({ run, target: snapshot.source.label }, run === 1 ? "watching" : "a new boot: a new account");
    }
    if (link.status !== status) {
      status = link.status;
      const level = status === "failed" ? "error" : status === "silent" ? "warn" : "info";
      logger[level]({ status }, link.detail);
    }
    if (link.milestone !== milestone) {
      milestone = link.milestone;
      logger.info({ guest: milestone }, "guest");
    }
    if (newAlerts.length > 0) logger.warn({ alerts: newAlerts }, lossNotice(snapshot) ?? "events were lost");
  });
}
