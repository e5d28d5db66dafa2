/** What one target's live session knows: the account of its run, what was told beside it, and the runs before. */
import type { ClockSpan } from "../accounting/workload-state.ts";
import { viewOfWorkload } from "../accounting/workload-view.ts";
import type { AgentMark } from "../model/event-batch.ts";
import type { Inside } from "../model/inside.ts";
import type { ByteSource, TargetReport } from "../model/ports.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Stacks } from "../model/stack-sums.ts";
import type { Alert, HistoryPoint } from "../model/wire.ts";
import type { WorkloadView } from "../model/workload-view.ts";
import { parseAgentLine } from "../target/agent/agent-line.ts";
import type { AgentSource } from "../target/agent/agent-source.ts";
import { History } from "./history.ts";
import { LinkMonitor } from "./link-monitor.ts";
import type { LiveOptions, ToldWorkload, WorkloadListener } from "./live-options.ts";
import type { LiveUpdate, PreviousRun } from "./live-update.ts";
import { lostAlerts } from "./lost-alert.ts";
import { Pacer } from "./pacer.ts";
import { RunAccount } from "./run-account.ts";
import { RunMarks } from "./run-marks.ts";
import { MAX_STACK_ROWS } from "./stack-charging.ts";
import { TargetState } from "./target-state.ts";
import type { PhaseChange } from "./workload-account.ts";

const MAX_PREVIOUS_RUNS = 5;
const MAX_ALERTS = 200;
const MAX_VIEWS = 10;
/** A file that is there already is read between two snapshots: its history is noted by the trace's own time. */
const MIN_POINT_S = 0.02;

/** Fed by live-session.ts, which says when. */
export class LiveAccount {
  readonly #source: ByteSource;
  readonly #options: LiveOptions;
  readonly #monitor: LinkMonitor;
  #account: RunAccount;
  #history = new History();
  #newPoints: HistoryPoint[] = [];
  /** When the last of them came. */
  #pointMs = Date.now();
  #alerts: Alert[] = [];
  #marks = new RunMarks();
  /** What the run before had still to say when it ended: why. */
  #lastWords: Alert[] = [];
  #previousRuns: PreviousRun[] = [];
  #failure: Error | undefined;

  constructor(source: ByteSource, options: LiveOptions) {
    this.#source = source;
    this.#options = options;
    this.#monitor = new LinkMonitor(Date.now(), options.silentAfterMs);
    const { after } = options;
    if (after !== undefined) this.#keep(after.snapshot, after.previousRuns);
    this.#account = this.#newAccount((after?.snapshot.source.run ?? 0) + 1);
  }

  #keep(snapshot: Snapshot, before: readonly PreviousRun[]): void {
    const { source, exact, totals } = snapshot;
    const summary = { run: source.run, endedMs: Date.now(), exact, totals };
    this.#previousRuns = [...before, { summary, snapshot }].slice(-MAX_PREVIOUS_RUNS);
  }

  #newAccount(run: number): RunAccount {
    const {
      agent,
      filter = "all",
      memoryMb,
      thresholds,
      workload,
      phases,
      told,
      wrappers,
      stackRows,
      lifetimes,
      tasks,
    } = this.#options;
    const console = run === 1 && this.#options.console !== undefined;
    if (agent === undefined) {
      const plain = { filter, memoryMb, console, wrappers, stackRows, lifetimes, tasks };
      if (told === undefined) return new RunAccount(run, plain);
      return new RunAccount(run, { ...plain, workload: "passing", onMark: (mark) => this.#hearTold(told, mark) });
    }
    const target = new TargetState(agent, thresholds, this.#options.helpWords);
    return new RunAccount(run, {
      filter,
      memoryMb,
      wrappers,
      stackRows,
      lifetimes,
      tasks,
      target,
      workload: workload !== undefined ? "whole" : phases !== undefined ? "passing" : undefined,
      onMark: (mark) => this.#hearAgent(agent, target, mark),
    });
  }

  #hearAgent(agent: AgentSource, target: TargetState, mark: AgentMark): PhaseChange | undefined {
    const line = parseAgentLine(mark.text, agent.nonce);
    if (line === undefined) return undefined;
    target.hear(line, mark.timeNs, Date.now());
    if (line === "damaged") {
      agent.hear(line);
      return undefined;
    }
    // A reading that does not add up is as good as a damaged line: it is asked for again.
    if (line.type === "tick-done" && target.readings.hist.unsure) agent.hear("damaged");
    agent.hear(line);
    this.#marks.hear(line, mark.timeNs);
    const { workload } = this.#account;
    const change = this.#listener?.hear(line, workload && { timeNs: mark.timeNs, account: workload });
    if (change !== undefined) {
      this.#marks.phase(change, mark.timeNs);
      this.#options.record?.phase(change, mark.timeNs);
    }
    return change;
  }

  #hearTold({ nonce, listener }: ToldWorkload, mark: AgentMark): PhaseChange | undefined {
    const line = parseAgentLine(mark.text, nonce);
    const change = line === undefined || line === "damaged" ? undefined : listener.hear(line);
    if (change !== undefined) this.#marks.phase(change, mark.timeNs);
    return change;
  }

  get #listener(): WorkloadListener | undefined {
    const { workload, phases, replayed, told } = this.#options;
    return workload ?? replayed ?? told?.listener ?? phases;
  }

  /** A workload that was run meanwhile is over: what comes now is none of it. */
  #leaveWorkload(): void {
    if (this.#listener?.isRunning === false) this.#account.workload?.leave();
  }

  /** The agent's lines that do not come through the stream, for as long as it runs. */
  async *besides(agent: AgentSource): AsyncGenerator<never> {
    for await (const line of agent.side) {
      this.#options.record?.side(line);
      this.#account.target?.hear(line, this.#account.lastEventNs ?? 0, Date.now());
      agent.hear(line);
      this.#listener?.hear(line);
    }
    yield* [];
  }

  /**
   * Chunk by chunk, all runs one after the other, each chunk accounted before it is passed on. A generator, not an
   * operator: `concatMap` would ask for the next run, and queue the next chunks, while this one is still being read.
   */
  async *chunks(): AsyncGenerator<Uint8Array> {
    const { runs, speed, over } = this.#source;
    for await (const stream of runs) {
      this.#beginRun();
      const account = this.#account;
      if (this.#options.console !== undefined) await account.readConsole(this.#options.console());
      const pacer = speed === undefined ? undefined : new Pacer(speed, over);
      try {
        let isRecorded = false;
        for await (const chunk of stream.bytes) {
          if (!isRecorded) this.#options.record?.run(this.#source.label, this.#options.agent);
          isRecorded = true;
          this.#leaveWorkload();
          account.push(chunk);
          this.#options.record?.chunk(chunk, account.position);
          if (account.wantsSymbols) this.#options.agent?.askSymbols();
          this.#note(account, MIN_POINT_S);
          yield chunk;
          await pacer?.hold(account.lastEventNs);
        }
      } finally {
        // Also when the stream fails: what it delivered is accounted to its last byte.
        account.end();
      }
    }
  }

  /** Adds a point to the history, if the trace's clock has moved on by `seconds` since the last one. */
  #note(account: RunAccount, seconds: number): void {
    const point = account.point(Date.now());
    if (point === undefined || point[0] - (this.#history.points.at(-1)?.[0] ?? -Infinity) < seconds) return;
    if (this.#history.points.length === 0 && this.#isNewBoot()) this.#marks.add("boot", point[0] * 1e9, "a new boot");
    if (this.#history.add(point)) this.#newPoints.push(point);
  }

  /** Of the same boot is what goes on in another mode. */
  #isNewBoot(): boolean {
    const before = this.#previousRuns.at(-1)?.snapshot;
    if (before === undefined) return false;
    return before.bootId === undefined || before.bootId !== this.#options.agent?.plan?.facts.bootId;
  }

  note(text: string): void {
    this.#marks.add("user", this.#account.lastEventNs ?? 0, text);
  }

  hear(report: TargetReport): void {
    this.#monitor.hear(report, Date.now());
  }

  end(failure?: Error): void {
    this.#failure = failure;
    if (failure !== undefined) this.#options.record?.failure(failure.message);
    this.#monitor.end(Date.now(), failure?.message);
  }

  update(): LiveUpdate {
    const nowMs = Date.now();
    const snapshot = this.#snapshot();
    this.#leaveWorkload();
    this.#note(this.#account, 0);
    const newPoints = this.#newPoints;
    this.#newPoints = [];
    if (newPoints.length > 0) this.#pointMs = nowMs;
    const losses = this.#account.takeLosses();
    const { target } = this.#account;
    const report = target?.takeReport();
    if (report !== undefined) this.#monitor.hear(report, nowMs);
    // The kernel's own counts say the same as the markers, and say it at once.
    const newAlerts = [
      ...this.#lastWords.splice(0),
      ...(target === undefined ? lostAlerts(losses, nowMs) : target.takeAlerts()),
    ];
    this.#alerts = [...this.#alerts, ...newAlerts].slice(-MAX_ALERTS);
    const account = this.#account;
    const freesNow = account.freesNow();
    const link = this.#monitor.state(account, nowMs);
    const isBehind = link.lag !== null && link.lag.waitingEvents > 0;
    // What is less than a second is how updates are spaced.
    const idleSeconds = isBehind ? 0 : Math.max(0, Math.floor((nowMs - this.#pointMs) / 1000));
    return {
      link: { ...link, idleSeconds },
      snapshot,
      history: this.#history.points,
      newPoints,
      alerts: this.#alerts,
      newAlerts,
      marks: this.#marks.all,
      newMarks: this.#marks.take(),
      previousRuns: this.#previousRuns,
      began: target === undefined || target.beganMs !== undefined,
      inside: insideOf(this.#account),
      lives: once(() => account.lives()),
      tasks: once(() => account.tasks()),
      stacks: once(() => stacksOf(account)),
      freeingCallSites: freesNow === undefined ? undefined : once(freesNow),
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
      ...this.#workload(snapshot),
    };
  }

  #workload(snapshot: Snapshot): Pick<LiveUpdate, "workload" | "progress" | "workloadView"> {
    const account = this.#account;
    if (account.workload === undefined) return {};
    const { progress } = account.workload;
    const target = this.#source.label;
    const workload: NonNullable<LiveUpdate["workload"]> = (scope, options) =>
      account.workloadResult({ target, scope, snapshot, ...options });
    if (progress === undefined || account.target?.mode === "hist") return { workload };
    // However many ask, it is composed once an update: the whole, and each part that is asked for.
    const views = new Map<string, WorkloadView>();
    const workloadView = (span?: ClockSpan): WorkloadView => {
      const key = span === undefined ? "" : `${String(span.fromNs)} ${String(span.toNs)}`;
      const options = { interrupted: false, addresses: false, span };
      const view = views.get(key) ?? viewOfWorkload(workload("system", options), progress, span);
      // Whoever asks for ever other parts of what is over gets them, but they are not kept.
      if (views.size < MAX_VIEWS) views.set(key, view);
      return view;
    };
    return { workload, progress, workloadView };
  }

  /** A file that begins anew is a new boot: the old account is kept as the previous run. */
  #beginRun(): void {
    if (this.#account.bytes === 0) return;
    const snapshot = this.#snapshot();
    this.#keep(snapshot, this.#previousRuns);
    this.#lastWords.push(...(this.#account.target?.takeAlerts() ?? []));
    this.#account = this.#newAccount(snapshot.source.run + 1);
    this.#history = new History();
    this.#newPoints = [];
    this.#alerts = [];
    this.#marks = new RunMarks();
    this.#monitor.restart(Date.now());
  }

  #snapshot(): Snapshot {
    return this.#account.snapshot(
      { label: this.#source.label, recording: this.#source.recording },
      ...(this.#failure === undefined ? [] : [this.#failure.message]),
    );
  }
}

/** However many viewers ask, it is made once an update. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

function insideOf(account: RunAccount): () => Inside {
  return () => account.inside(MAX_STACK_ROWS);
}

function stacksOf({ stacks }: RunAccount): Stacks | undefined {
  return stacks && { sums: stacks.sums(), nameOf: (id) => stacks.nameOf(id) };
}
