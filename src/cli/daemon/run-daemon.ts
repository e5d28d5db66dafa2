/** `kmemtap daemon`: one registry, one server and one set of sinks for many targets, until SIGTERM. */
import { ExitCode, KmemtapError, messageOf } from "../../model/errors.ts";
import { parseListenAddress } from "../../server/access/listen-address.ts";
import { addMetrics } from "../../server/metrics.ts";
import { TargetRegistry } from "../../server/registry.ts";
import { serve } from "../../server/serve.ts";
import { accessOf } from "../access-options.ts";
import { type Config, loadConfig } from "../config.ts";
import { createLogger, type Logger } from "../logger.ts";
import { say } from "../say.ts";
import { openSinks } from "../sinks/open-sinks.ts";
import { ServiceManager } from "./service-manager.ts";
import { checkedTargets, TargetSet } from "./target-set.ts";

export interface DaemonOptions {
  readonly config?: string;
  readonly serve?: string;
}

const DEFAULT_PORT = 8642;

export async function runDaemon(options: DaemonOptions): Promise<ExitCode> {
  const config = loadConfig(options.config);
  checkedTargets(config);
  const logger = createLogger(config, "info");
  const manager = new ServiceManager();
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
  const outputs = await openSinks(config, (text) => logger.warn(text));
  const registry = new TargetRegistry();
  const targets = new TargetSet(registry, outputs, logger);
  const server = await serve(registry, {
    ...parseListenAddress(options.serve ?? config.serve, DEFAULT_PORT),
    access: accessOf(config.access, {}),
    logger: logger.child({ room: "server" }),
    anyPort: false,
    routes: (app) => addMetrics(app, registry, config.metrics),
  });
  const onSignal = () => targets.ask("SIGUSR1");
  const reloads = new Reloads(options, config, targets, logger, manager);
  let isWritten = true;
  try {
    await targets.apply(config);
    process.on("SIGHUP", reloads.ask);
    process.on("SIGUSR1", onSignal);
    say(`${String(targets.size)} targets at ${server.url}`);
    manager.keepAlive();
    await manager.say("--ready", `--status=${String(targets.size)} targets at ${server.url}`);
    await stopped;
    logger.info("stopping: the last snapshots are written, and the targets restored");
    await manager.say("STOPPING=1");
    await reloads.done();
    isWritten = await targets.stop();
    return isWritten ? ExitCode.done : ExitCode.targetFailed;
  } finally {
    process.off("SIGHUP", reloads.ask);
    process.off("SIGUSR1", onSignal);
    registry.close();
    await server.close();
    await outputs.close();
    manager.end();
    // A file system that does not answer would hold the process for ever.
    if (!isWritten) setTimeout(() => process.exit(ExitCode.targetFailed), GRACE_MS).unref();
  }
}

const GRACE_MS = 1000;

/** What all targets share, and viewers and collectors hold on to, is made once; another value of it is said to need a restart. */
const OF_ITS_START = ["serve", "access", "metrics", "pyroscope", "nats", "logLevel", "logFormat"] as const;

/** One after the other: a target that is being stopped takes its time. */
class Reloads {
  readonly #options: DaemonOptions;
  readonly #first: Config;
  readonly #targets: TargetSet;
  readonly #logger: Logger;
  readonly #manager: ServiceManager;
  #last: Promise<void> = Promise.resolve();

  constructor(options: DaemonOptions, first: Config, targets: TargetSet, logger: Logger, manager: ServiceManager) {
    this.#options = options;
    this.#first = first;
    this.#targets = targets;
    this.#logger = logger;
    this.#manager = manager;
  }

  readonly ask = (): void => {
    this.#last = this.#last.then(() => this.#reload());
  };

  done(): Promise<void> {
    return this.#last;
  }

  async #reload(): Promise<void> {
    await this.#manager.say("RELOADING=1");
    try {
      const config = loadConfig(this.#options.config);
      await this.#targets.apply(config);
      for (const name of OF_ITS_START)
        if (JSON.stringify(config[name]) !== JSON.stringify(this.#first[name]))
          this.#logger.warn(`${name} is as it was: restart kmemtap to change it`);
      this.#logger.info(`the configuration was read again: ${String(this.#targets.size)} targets`);
    } catch (thrown) {
      // What runs is worth more than what was mistyped.
      const help = thrown instanceof KmemtapError ? (thrown.nextStep ?? "") : "";
      this.#logger.error(`the configuration stays as it was: ${messageOf(thrown)}; ${help}`);
    }
    await this.#manager.say("--ready");
  }
}
