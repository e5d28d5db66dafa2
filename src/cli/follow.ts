/** A session with what every command does beside it: the log, the alerts' sinks, and what an overrun calls for. */
import { finalize, identity, type Observable, share, tap } from "rxjs";
import { AlertPace } from "../capture/alert-pace.ts";
import { liveSources } from "../capture/live-sources.ts";
import type { KernelChoice } from "../capture/with-sources.ts";
import type { LiveOptions } from "../capture/live-options.ts";
import { liveSession } from "../capture/live-session.ts";
import type { LiveUpdate } from "../capture/live-update.ts";
import type { ByteSource } from "../model/ports.ts";
import type { Alert } from "../model/wire.ts";
import type { AgentSource } from "../target/agent/agent-source.ts";
import type { WantedMode } from "../target/agent/choose-mode.ts";
import { lossNotice } from "../report/loss-notice.ts";
import { alertSinks, type AlertSinks } from "./alert-sinks.ts";
import type { OverrunPolicy } from "./arm-words.ts";
import type { Config } from "./config.ts";
import type { Logger } from "./logger.ts";

export interface FollowOptions extends Pick<
  LiveOptions,
  | "after"
  | "console"
  | "filter"
  | "helpWords"
  | "lifetimes"
  | "notes"
  | "phases"
  | "record"
  | "replayed"
  | "reports"
  | "tasks"
  | "told"
  | "workload"
  | "wrappers"
  | "stackRows"
> {
  readonly config: Config;
  readonly logger: Logger;
  readonly agent?: AgentSource | undefined;
  /** What the operator asked for: only "auto" may step down to sums made in the kernel. */
  readonly mode?: WantedMode;
  /** What the live objects may take, MiB; else as configured. */
  readonly memoryMb?: number | undefined;
  readonly onOverrun?: OverrunPolicy | undefined;
  /** The caller says itself that the target is armed. */
  readonly tellsArmed?: boolean;
  /** The caller says itself what it failed with, and what becomes of it. */
  readonly tellsFailure?: boolean;
  /** The kernel that callers are looked up in. */
  readonly kernel?: KernelChoice | undefined;
}

export interface Followed {
  readonly updates: Observable<LiveUpdate>;
  readonly sinks: AlertSinks;
  /** The last update so far. */
  readonly last: () => LiveUpdate | undefined;
}

export function follow(source: ByteSource, options: FollowOptions): Followed {
  const { config, logger, agent, after, console, filter, kernel, notes, phases, record, reports, workload } = options;
  const sinks = alertSinks(config.alerts, (text) => logger.warn(text));
  let last: LiveUpdate | undefined;
  const pace = new AlertPace();
  const tell = (alerts: readonly Alert[]) => {
    for (const { level, text, help, cpu, events } of alerts) {
      const line = help === "" ? text : `${text}; what helps: ${help}`;
      logger[level === "info" ? "info" : "warn"]({ alert: level, cpu, events }, line);
    }
    if (last !== undefined && alerts.some(({ level }) => level === "lost"))
      logger.warn(lossNotice(last.snapshot) ?? "events were lost");
    for (const alert of alerts) sinks.send(source.label, alert);
  };
  const { infoFill, warningFill, warningSeconds } = config.overrun;
  const updates = liveSession(source, {
    snapshotMs: config.snapshotMs,
    memoryMb: options.memoryMb ?? config.memoryMb,
    wrappers: options.wrappers,
    stackRows: options.stackRows,
    told: options.told,
    replayed: options.replayed,
    lifetimes: options.lifetimes ?? config.lifetimes,
    tasks: options.tasks ?? config.tasks,
    silentAfterMs: config.silentAfterMs,
    helpWords: options.helpWords,
    thresholds: { infoFill, warningFill, warningSeconds },
    ...(agent === undefined ? {} : { agent }),
    ...(after === undefined ? {} : { after }),
    ...(notes === undefined ? {} : { notes }),
    ...(phases === undefined ? {} : { phases }),
    ...(console === undefined ? {} : { console }),
    ...(filter === undefined ? {} : { filter }),
    ...(reports === undefined ? {} : { reports }),
    ...(record === undefined ? {} : { record }),
    ...(workload === undefined ? {} : { workload }),
  }).pipe(
    kernel === undefined ? identity : liveSources(kernel, (text) => logger.warn(text)),
    tap((update) => (last = update)),
    logged(logger, options),
    tap(({ newAlerts }) => {
      tell(pace.take(newAlerts, Date.now()));
      if (agent !== undefined) react(agent, newAlerts, options);
    }),
    tap({ finalize: () => tell(pace.rest()) }),
    finalize(() => logger.debug("the session is over")),
    // The page and whoever waits for the end both subscribe: what is done beside is done once.
    share(),
  );
  return { updates, sinks, last: () => last };
}

/** What an overrun, or one that is near, calls for. Growing is the agent's own affair: it must not wait for the link. */
function react(
  agent: AgentSource,
  alerts: readonly Alert[],
  { helpWords, logger, mode, onOverrun }: FollowOptions,
): void {
  const worst = alerts.find(({ level }) => level === "lost") ?? alerts.find(({ level }) => level === "warning");
  if (worst === undefined || worst.cpu === null) return;
  if (onOverrun === "stop" && worst.level === "lost") {
    const asked = helpWords === "configuration" ? "onOverrun: stop" : "--on-overrun stop";
    logger.error(`stopping: events were lost (${asked})`);
    agent.stop();
    return;
  }
  const { plan } = agent;
  if (mode !== "auto" || plan === undefined || plan.mode === "hist" || plan.bytesPerSecond === undefined) return;
  if (!plan.facts.hist || !plan.facts.synthetic || !plan.facts.tools.has("awk")) return;
  logger.warn("the link falls behind: stepping down to sums made in the target's kernel, a new account");
  agent.switchTo("hist");
}

/**
 * Logs what changes: a new run, the link's state, findings.
 *
 * @param tells what somebody else says
 */
function logged(
  logger: Logger,
  tells: Pick<FollowOptions, "tellsArmed" | "tellsFailure">,
): (updates: Observable<LiveUpdate>) => Observable<LiveUpdate> {
  let run = 0;
  let status = "";
  let milestone: string | null = null;
  let mode: string | undefined;
  let recording = false;
  const told = new Set<string>();
  return tap(({ link, snapshot, began }) => {
    if (snapshot.source.run !== run) {
      run = snapshot.source.run;
      mode = undefined;
      recording = false;
      logger.info({ run, label: snapshot.source.label }, run === 1 ? "watching" : "a new account");
    }
    if (snapshot.mode !== mode && snapshot.mode !== undefined) {
      mode = snapshot.mode;
      logger.info({ mode, linux: snapshot.release }, `mode ${mode}: ${snapshot.modeReason ?? ""}`);
    }
    // Bytes arrive while a target is being armed: only this says that what happens now is recorded.
    if (mode !== undefined && began && !recording) {
      recording = true;
      if (tells.tellsArmed !== true) logger.info("armed: recording");
    }
    for (const finding of snapshot.findings ?? []) {
      if (told.has(finding)) continue;
      told.add(finding);
      logger.warn(finding);
    }
    if (link.status !== status) {
      status = link.status;
      const level = status === "failed" ? "error" : status === "silent" ? "warn" : "info";
      if (status !== "failed" || tells.tellsFailure !== true) logger[level]({ status }, link.detail);
    }
    if (link.milestone !== milestone) {
      milestone = link.milestone;
      logger.info({ guest: milestone }, "guest");
    }
  });
}
