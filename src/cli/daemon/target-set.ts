/** The daemon's targets, as the configuration names them; another reading of it changes those alone that it changed. */
import { join } from "node:path";
import { tap } from "rxjs";
import type { LiveUpdate } from "../../capture/live-update.ts";
import { ExitCode, KmemtapError } from "../../model/errors.ts";
import type { TargetRegistry } from "../../server/registry.ts";
import { armOptions, withTargetOptions } from "../arm-options.ts";
import type { Config } from "../config.ts";
import { parseCondition } from "../headless/condition.ts";
import { DumpFiles } from "../headless/dump-files.ts";
import { MomentDump } from "../headless/dump-moments.ts";
import { Triggers } from "../headless/triggers.ts";
import { liveFootprint } from "../live-footprint.ts";
import type { Logger } from "../logger.ts";
import { kernelOf, parseTarget } from "../parse-target.ts";
import type { Sink } from "../sinks/sink.ts";
import { wrappersOf } from "../wrappers.ts";
import { WatchedTarget } from "./watched-target.ts";

interface Member {
  readonly target: WatchedTarget;
  /** What it was started with; another is another target. */
  readonly settings: string;
  /** Absent where no files are written. */
  readonly dump: MomentDump | undefined;
}

export class TargetSet {
  readonly #registry: TargetRegistry;
  readonly #outputs: Sink;
  readonly #logger: Logger;
  readonly #members = new Map<string, Member>();
  /** Of those that are no longer watched as they were: a name's runs are numbered as long as the daemon runs. */
  readonly #before = new Map<string, LiveUpdate>();

  constructor(registry: TargetRegistry, outputs: Sink, logger: Logger) {
    this.#registry = registry;
    this.#outputs = outputs;
    this.#logger = logger;
  }

  /** @throws {KmemtapError} `config/invalid`, before anything is changed */
  async apply(config: Config): Promise<void> {
    const wanted = new Map(checkedTargets(config).map((id) => [id, settingsOf(id, config)]));
    const leaving = [...this.#members].filter(([id, { settings }]) => wanted.get(id) !== settings);
    await Promise.all(leaving.map(([id, member]) => this.#remove(id, member)));
    for (const [id, settings] of wanted) if (!this.#members.has(id)) this.#add(id, settings, config);
  }

  /** Each writes a snapshot: with its next update, or what it came to, where it has ended. */
  ask(why: string): void {
    for (const { dump } of this.#members.values()) dump?.ask(why);
  }

  get size(): number {
    return this.#members.size;
  }

  /** @returns whether the last snapshot of each was written */
  async stop(): Promise<boolean> {
    const written = await Promise.all([...this.#members.values()].map(({ target }) => target.stop()));
    return written.every(Boolean);
  }

  #add(id: string, settings: string, config: Config): void {
    const logger = this.#logger.child({ target: id });
    const { directory, formats, everyMs, atOverrun, when } = config.daemon;
    const triggers = new Triggers({ everyMs, atOverrun, conditions: when.map(parseCondition) });
    const onTrouble = (text: string) => logger.error(`${text}; the capture goes on`);
    const files =
      directory === undefined
        ? undefined
        : new DumpFiles({ directory: join(directory, id), name: id, formats, onTrouble });
    void files?.prepare();
    const dump = files && new MomentDump(triggers, files);
    const target = new WatchedTarget(id, { config, logger, dump, after: this.#before.get(id) });
    const updates = target.updates.pipe(tap((update) => this.#outputs.take(id, update)));
    const kernel = kernelOf(id, config);
    const footprint = kernel === undefined ? undefined : liveFootprint(kernel);
    const hub = this.#registry.add({ id, label: id, updates, control: target, footprint });
    target.onPhase = (phase) => hub.say(phase);
    this.#members.set(id, { target, settings, dump });
    logger.info("watching it");
    target.start();
  }

  async #remove(id: string, { target }: Member): Promise<void> {
    this.#logger.info({ target: id }, "no longer watching it as it was");
    await target.stop();
    if (target.last !== undefined) this.#before.set(id, target.last);
    this.#registry.remove(id);
    this.#members.delete(id);
  }
}

/**
 * The names of the targets that are to be watched.
 *
 * @throws {KmemtapError} where one of them, or what they are watched with, is mistyped
 */
export function checkedTargets(config: Config): string[] {
  const names = targetsOf(config);
  for (const name of names) parseTarget(name, config);
  config.daemon.when.map(parseCondition);
  wrappersOf(config.wrappers);
  return names;
}

function targetsOf({ daemon, targets }: Config): string[] {
  const names = Object.keys(targets);
  const wanted = daemon.targets === "all" ? names : [...new Set(daemon.targets)];
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown === undefined && wanted.length > 0) return wanted;
  const message = unknown === undefined ? "no targets to watch" : `daemon.targets: there is no target ${unknown}`;
  throw new KmemtapError("config/invalid", message, {
    nextStep: "name them under targets: in the configuration",
    exitCode: ExitCode.wrongUse,
  });
}

/** All that a target depends on; where and how it is served is not its own, nor are ring buffers of one that kmemtap does not arm. */
function settingsOf(id: string, config: Config): string {
  const { directory, everyMs, formats, atOverrun, when } = config.daemon;
  const { alerts, lifetimes, memoryMb, overrun, pyroscope, silentAfterMs, snapshotMs, targets, tasks, wrappers } =
    config;
  const { infoFill, warningFill, warningSeconds } = overrun;
  const files = { directory, everyMs, formats, atOverrun, when };
  const reading = {
    infoFill,
    lifetimes,
    memoryMb,
    silentAfterMs,
    snapshotMs,
    tasks,
    warningFill,
    warningSeconds,
    wrappers,
  };
  const isArmed = !["file", "replay", "qemu"].includes(parseTarget(id, config).kind);
  const armed = isArmed ? armOptions(withTargetOptions({}, id, config), config) : undefined;
  return JSON.stringify([targets[id], files, reading, armed, alerts, pyroscope !== undefined]);
}
