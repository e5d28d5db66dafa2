/** A target of the daemon: watched, tried again when it fails, written and stopped by itself. What happens to it is no business of the others. */
import { setTimeout as sleep } from "node:timers/promises";
import { lastValueFrom, Subject, tap } from "rxjs";
import { AgentEar } from "../../capture/agent-ear.ts";
import { MAX_STACK_ROWS } from "../../capture/stack-charging.ts";
import type { LiveUpdate } from "../../capture/live-update.ts";
import { messageOf } from "../../model/errors.ts";
import { ACTION_KINDS, type ActionKind } from "../../model/action-kinds.ts";
import type { ControlAction } from "../../model/wire-request.ts";
import type { TargetPhase } from "../../server/hub/target-hub.ts";
import type { TargetControl } from "../../server/registry.ts";
import { actionsOf, actOnSession, agentOf, type ControlledSession, notOn } from "../control/act-on-session.ts";
import { cannot } from "../control/cannot.ts";
import { type ArmCommandOptions, armOptions, withTargetOptions } from "../arm-options.ts";
import type { Config } from "../config.ts";
import { finishCapture } from "../finish-capture.ts";
import { follow } from "../follow.ts";
import type { MomentDump } from "../headless/dump-moments.ts";
import { momentOf } from "../headless/moment.ts";
import { kernelChoiceOf } from "../kernel-option.ts";
import type { Logger } from "../logger.ts";
import { type OpenTarget, openTarget } from "../open-target.ts";
import { kernelOf, parseTarget } from "../parse-target.ts";
import { wrappersOf } from "../wrappers.ts";
import { unlessAborted } from "../../transport/unless-aborted.ts";

export interface WatchedTargetOptions {
  readonly config: Config;
  readonly logger: Logger;
  /** Of the target of this name that it takes the place of: its runs come before. */
  readonly after?: LiveUpdate | undefined;
  /** Absent where no files are written. */
  readonly dump?: MomentDump | undefined;
}

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 60_000;
/** A target that ran for so long before it failed is tried at once. */
const STEADY_MS = 60_000;
const SLABS_MS = 10_000;
/** Well within the time that systemd leaves between SIGTERM and SIGKILL. */
const LAST_WRITE_MS = 20_000;

export class WatchedTarget implements TargetControl {
  readonly id: string;
  /** Never fails and never ends: another attempt goes on as another run. */
  readonly updates = new Subject<LiveUpdate>();
  /** Told how it is while it has no updates. */
  onPhase: (phase: TargetPhase) => void = () => undefined;
  readonly #options: WatchedTargetOptions;
  readonly #stopping = new AbortController();
  readonly #notes = new Subject<string>();
  /** Of the attempt before, which the next one goes on from. */
  #last: LiveUpdate | undefined;
  #running: Promise<void> | undefined;
  #session: ControlledSession | undefined;
  /** By the last attempt that came so far. */
  #opened: OpenTarget | undefined;
  /** Somebody has stopped it, until {@link #resume} is called. */
  #halted: Promise<void> | undefined;
  #resume: (() => void) | undefined;

  constructor(id: string, options: WatchedTargetOptions) {
    this.id = id;
    this.#options = options;
    this.#last = options.after;
  }

  /** The last update of an account that began, for who follows it. */
  get last(): LiveUpdate | undefined {
    return this.#last;
  }

  start(): void {
    this.#running ??= this.#keepTrying();
  }

  /**
   * Restores the target and writes the last snapshot; never rejects.
   *
   * @returns false where its disk takes no files in time
   */
  async stop(): Promise<boolean> {
    const { dump, logger } = this.#options;
    this.#stopping.abort();
    await this.#running;
    const isWritten = (await dump?.end(LAST_WRITE_MS)) ?? true;
    if (!isWritten)
      logger.error(`the last snapshot is left out: its directory took no file for ${String(LAST_WRITE_MS / 1000)} s`);
    return isWritten;
  }

  /** What it is shows when it is open for the first time. */
  get actions(): readonly ActionKind[] {
    return this.#opened === undefined ? ACTION_KINDS : actionsOf(this.#opened.agent, true);
  }

  async perform(action: ControlAction): Promise<string | undefined> {
    if (action.kind === "start") {
      if (this.#resume === undefined) throw cannot(`${this.id} is captured already`, "stop it first");
      this.#resume();
      return "arming it again: a new run";
    }
    const session = this.#session;
    if (session === undefined) throw notOn(this.id);
    if (action.kind !== "stop") return actOnSession(session, action);
    const agent = agentOf(session, "its end");
    this.#session = undefined;
    this.#halted = new Promise((resolve) => (this.#resume = resolve));
    agent.stop();
    return "what the target recorded is read to its end, then it is restored";
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
      if (this.#halted !== undefined) {
        await this.#rest(this.#halted);
        continue;
      }
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

  /** Nothing is done until somebody starts it again, or the daemon stops. */
  async #rest(halted: Promise<void>): Promise<void> {
    this.#options.logger.info("stopped by an operator");
    this.onPhase({ state: "stopped", detail: "an operator stopped it" });
    await unlessAborted(halted, this.#stopping.signal);
    this.#halted = undefined;
    this.#resume = undefined;
    if (!this.#isStopping()) this.onPhase({ state: "starting", detail: "" });
  }

  /** One attempt: the last update, once the source has ended or failed, or the daemon stops. */
  async #watch(): Promise<LiveUpdate | undefined> {
    const { config, logger, dump } = this.#options;
    const options = withTargetOptions<ArmCommandOptions>({}, this.id, config);
    const armed = armOptions(options, config);
    const path = kernelOf(this.id, config);
    const kernel = path === undefined ? undefined : kernelChoiceOf({ kernel: path });
    const say = (text: string) => logger.info(text);
    // Nobody is there to be asked.
    const ask = () => Promise.resolve(undefined);
    const arm = { ...armed, ask, slabsMs: SLABS_MS, wait: false, scope: "system", reconnect: true, say } as const;
    const target = await openTarget(parseTarget(this.id, config), this.id, arm, true);
    try {
      const { source, agent, reports, replayed } = target;
      this.#opened = target;
      const ear = new AgentEar();
      const followed = follow(source, {
        config,
        logger,
        agent,
        kernel,
        notes: this.#notes,
        phases: ear,
        replayed,
        ...(this.#last !== undefined && { after: this.#last }),
        mode: armed.mode,
        onOverrun: options.onOverrun,
        helpWords: "configuration",
        tellsFailure: true,
        wrappers: wrappersOf(config.wrappers),
        stackRows:
          config.pyroscope === undefined && !config.daemon.formats.includes("pprof") ? undefined : MAX_STACK_ROWS,
        ...(reports === undefined ? {} : { reports }),
      });
      const taken = followed.updates.pipe(
        tap((update) => {
          if (update.began) this.#last = update;
          this.updates.next(update);
          const moment = momentOf(update, Date.now());
          if (moment !== undefined) dump?.take(moment);
        }),
      );
      const over = lastValueFrom(taken, { defaultValue: undefined });
      const ended = over.catch(() => undefined);
      this.#session = { label: this.id, agent, ear, notes: this.#notes, over: ended, isOn: true };
      await unlessAborted(ended, this.#stopping.signal);
      if (this.#isStopping()) {
        if (agent === undefined) await source.close();
        else await finishCapture(agent, over, followed.last, logger);
      }
      const last = await over;
      await followed.sinks.drain();
      return last;
    } finally {
      this.#session = undefined;
      await target.close();
    }
  }

  /** Asked anew: it comes about while something is awaited. */
  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }
}
