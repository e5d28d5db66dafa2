/** A target of the daemon: watched, tried again when it fails, written and stopped by itself. What happens to it is no business of the others. */
import { setTimeout as sleep } from "node:timers/promises";
import { lastValueFrom, Subject, tap } from "rxjs";
import { MAX_STACK_ROWS } from "../../capture/stack-charging.ts";
import type { LiveUpdate } from "../../capture/live-session.ts";
import { messageOf } from "../../model/errors.ts";
import type { TargetPhase } from "../../server/hub/target-hub.ts";
import { armOptions } from "../arm-options.ts";
import type { Config } from "../config.ts";
import { finishCapture } from "../finish-capture.ts";
import { follow } from "../follow.ts";
import type { MomentDump } from "../headless/dump-moments.ts";
import { momentOf } from "../headless/moment.ts";
import type { Logger } from "../logger.ts";
import { openTarget } from "../open-target.ts";
import { parseTarget } from "../parse-target.ts";
import { wrappersOf } from "../wrappers.ts";

export interface WatchedTargetOptions {
  readonly config: Config;
  readonly logger: Logger;
  /** Absent where no files are written. */
  readonly dump?: MomentDump | undefined;
}

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 60_000;
/** A target that ran for so long before it failed is tried at once. */
const STEADY_MS = 60_000;
const SLABS_MS = 10_000;

export class WatchedTarget {
  readonly id: string;
  /** Never fails and never ends: another attempt goes on as another run. */
  readonly updates = new Subject<LiveUpdate>();
  /** Told how it is while it has no updates. */
  onPhase: (phase: TargetPhase) => void = () => undefined;
  readonly #options: WatchedTargetOptions;
  readonly #stopping = new AbortController();
  #runs = 0;
  #running: Promise<void> | undefined;

  constructor(id: string, options: WatchedTargetOptions) {
    this.id = id;
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#keepTrying();
  }

  /** Restores the target and writes the last snapshot; never rejects. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#options.dump?.end();
  }

  async #keepTrying(): Promise<void> {
    const { signal } = this.#stopping;
    const { logger } = this.#options;
    let retryMs = FIRST_RETRY_MS;
    while (!signal.aborted) {
      const beganMs = Date.now();
      const failure = await this.#watch().then(
        (update) => update?.failure,
        (thrown: unknown) => thrown,
      );
      if (this.#isStopping()) return;
      if (failure === undefined) {
        // A recording that was played to its end.
        logger.info("it has ended");
        return;
      }
      if (Date.now() - beganMs > STEADY_MS) retryMs = FIRST_RETRY_MS;
      const detail = `${messageOf(failure)}; tried again in ${String(retryMs / 1000)} s`;
      logger.error(detail);
      this.onPhase({ state: "failed", detail });
      await sleep(retryMs, undefined, { signal }).catch(() => undefined);
      retryMs = Math.min(LAST_RETRY_MS, retryMs * 2);
      if (!this.#isStopping()) this.onPhase({ state: "starting", detail: "" });
    }
  }

  /** One attempt: the last update, once the source has ended or failed, or the daemon stops. */
  async #watch(): Promise<LiveUpdate | undefined> {
    const { config, logger, dump } = this.#options;
    const armed = armOptions({}, config);
    const say = (text: string) => logger.info(text);
    // Nobody is there to be asked.
    const ask = () => Promise.resolve(undefined);
    const arm = { ...armed, ask, slabsMs: SLABS_MS, wait: false, scope: "system", reconnect: true, say } as const;
    const target = await openTarget(parseTarget(this.id, config), this.id, arm, true);
    const runsBefore = this.#runs;
    try {
      const { source, agent, reports } = target;
      const followed = follow(source, {
        config,
        logger,
        agent,
        mode: armed.mode,
        wrappers: wrappersOf(config.wrappers),
        stackRows:
          config.pyroscope === undefined && !config.daemon.formats.includes("pprof") ? undefined : MAX_STACK_ROWS,
        ...(reports === undefined ? {} : { reports }),
      });
      const numbered = followed.updates.pipe(
        tap((update) => {
          const { snapshot } = update;
          const run = snapshot.source.run + runsBefore;
          this.#runs = run;
          const whole = { ...update, snapshot: { ...snapshot, source: { ...snapshot.source, run } } };
          this.updates.next(whole);
          const moment = momentOf(whole, Date.now());
          if (moment !== undefined) dump?.take(moment);
        }),
      );
      const over = lastValueFrom(numbered, { defaultValue: undefined });
      await Promise.race([over.catch(() => undefined), aborted(this.#stopping.signal)]);
      if (this.#isStopping()) {
        if (agent === undefined) await source.close();
        else await finishCapture(agent, over, followed.last, logger);
      }
      const last = await over;
      await followed.sinks.drain();
      return last;
    } finally {
      await target.close();
    }
  }

  /** Asked anew: it comes about while something is awaited. */
  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else
      signal.addEventListener("abort", () => {
        resolve();
      });
  });
}
