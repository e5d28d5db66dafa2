/** What `live` and `demo` have in common: a session, its server, its log, and a clean end. */
import { type Observable, tap } from "rxjs";
import type { ToldWorkload, WorkloadListener } from "../capture/live-options.ts";
import { MAX_STACK_ROWS } from "../capture/stack-charging.ts";
import { ExitCode } from "../model/errors.ts";
import type { ByteSource, TargetReport } from "../model/ports.ts";
import type { AccountFilter } from "../model/snapshot.ts";
import type { WrapperList } from "../model/wrapper-list.ts";
import type { AgentSource } from "../target/agent/agent-source.ts";
import type { WantedMode } from "../target/agent/choose-mode.ts";
import { parseListenAddress } from "../server/access/listen-address.ts";
import { addMetrics } from "../server/metrics.ts";
import { TargetRegistry } from "../server/registry.ts";
import { serve } from "../server/serve.ts";
import type { KernelChoice } from "../capture/with-sources.ts";
import type { CaptureRecorder } from "../capture/capture-recorder.ts";
import { accessOf, type AccessOptions } from "./access-options.ts";
import type { OverrunPolicy } from "./arm-words.ts";
import type { Config } from "./config.ts";
import { finishCapture } from "./finish-capture.ts";
import { follow } from "./follow.ts";
import { liveFootprint } from "./live-footprint.ts";
import { LiveTarget } from "./live-target.ts";
import { createLogger } from "./logger.ts";
import type { OpenTarget } from "./open-target.ts";
import { openSinks } from "./sinks/open-sinks.ts";

export interface WatchOptions {
  readonly config: Config;
  /** Resolves when the operator ends it: `untilStopped`, asked for before anything is made that must be removed. */
  readonly stopped: Promise<void>;
  /** Where to serve, as the operator gave it; undefined takes the configuration's and any port when that one is taken. */
  readonly serve?: string | undefined;
  readonly access?: AccessOptions | undefined;
  /** What its URLs call it: its name in the configuration, or "target". */
  readonly id?: string | undefined;
  readonly filter?: AccountFilter;
  readonly strict?: boolean;
  readonly verbose?: boolean | undefined;
  readonly reports?: Observable<TargetReport>;
  readonly console?: () => AsyncIterable<Uint8Array>;
  /** The source, where kmemtap armed it: it is stopped and restored in the end. */
  readonly agent?: AgentSource;
  readonly mode?: WantedMode;
  readonly onOverrun?: OverrunPolicy | undefined;
  readonly memoryMb?: number | undefined;
  readonly wrappers?: WrapperList | undefined;
  readonly kernel?: KernelChoice | undefined;
  readonly record?: CaptureRecorder | undefined;
  /** Opens the target anew, for who starts it again after a stop; absent where that makes no sense. */
  readonly reopen?: (() => Promise<OpenTarget>) | undefined;
  /** Keeps who frees what, and for how long it lived; else as configured. */
  readonly lifetimes?: boolean | undefined;
  /** Keeps which task allocated what; else as configured. */
  readonly tasks?: boolean | undefined;
  /** Of a recording: the workloads that ran when it was made. */
  readonly replayed?: WorkloadListener;
  /** What the source says of a workload of its own. */
  readonly told?: ToldWorkload | undefined;
  /** Called once the page can be opened. */
  readonly onReady: (url: string) => void;
}

const DEFAULT_PORT = 8642;

/** Watches the source until the operator ends it; the exit status. */
export async function watch(source: ByteSource, options: WatchOptions): Promise<ExitCode> {
  const { config } = options;
  const logger = createLogger(config, "info", options.verbose);
  const address = parseListenAddress(options.serve ?? config.serve, DEFAULT_PORT);
  const id = options.id ?? "target";
  const outputs = await openSinks(config, (text) => logger.warn(text));
  // Profiles are of stacks, where there are any.
  const stackRows = config.pyroscope === undefined ? undefined : MAX_STACK_ROWS;
  const registry = new TargetRegistry();
  const server = await serve(registry, {
    ...address,
    access: accessOf(config.access, options.access ?? {}),
    logger: logger.child({ room: "server" }),
    anyPort: options.serve === undefined,
    routes: (app) => addMetrics(app, registry, config.metrics),
  });
  const target = new LiveTarget(
    { source, close: () => source.close(), ...pick(options) },
    {
      label: source.label,
      reopen: options.reopen,
      follow: (opened, extras) => follow(opened.source, { ...options, ...pick(opened), ...extras, logger, stackRows }),
      onTrouble: (text) => logger.warn(text),
    },
  );
  const hub = registry.add({
    id,
    label: source.label,
    updates: target.updates.pipe(tap((update) => outputs.take(id, update))),
    control: target,
    footprint: options.kernel === undefined ? undefined : liveFootprint(options.kernel.kernel),
  });
  target.onPhase = (phase) => hub.say(phase);
  const port = Number(new URL(server.url).port);
  if (address.port !== 0 && port !== address.port)
    logger.warn(`port ${address.port} is taken: the page is at ${String(port)} (--serve chooses one)`);
  options.onReady(server.url);

  // A target that could not even be armed is no state to be watched.
  const cannot = target.session.over.then((update) =>
    update?.failure !== undefined && !update.began ? update.failure : undefined,
  );
  const failure = await Promise.race([options.stopped.then(() => undefined), failed(cannot)]);
  if (failure !== undefined) {
    registry.close();
    await server.close();
    await outputs.close();
    throw failure;
  }
  const { over, last, sinks, target: opened } = target.session;
  if (opened.agent !== undefined && last()?.failure === undefined && !target.isOver) {
    logger.info("stopping: what the target recorded is read to its end, then it is restored");
    await finishCapture(opened.agent, over, last, logger);
  }
  target.close();
  registry.close();
  await server.close();
  await opened.close();
  await Promise.all([sinks.drain(), outputs.close()]);
  const update = last();
  if (update === undefined) return ExitCode.done;
  const { exact, totals } = update.snapshot;
  const { netBytes, liveObjects, callSites } = totals;
  logger.info({ netBytes, liveObjects, callSites, exact }, "stopped");
  if (update.link.status === "failed") return ExitCode.targetFailed;
  return options.strict === true && !exact ? ExitCode.eventsLost : ExitCode.done;
}

/** What a session is given of what was opened; nothing of it is undefined. */
function pick({ agent, replayed, reports }: Pick<OpenTarget, "agent" | "replayed" | "reports">) {
  return {
    ...(agent !== undefined && { agent }),
    ...(replayed !== undefined && { replayed }),
    ...(reports !== undefined && { reports }),
  };
}

/** Resolves to the failure, and not at all where there is none. */
async function failed(failure: Promise<Error | undefined>): Promise<Error> {
  const known = await failure;
  return known ?? new Promise<never>(() => undefined);
}
