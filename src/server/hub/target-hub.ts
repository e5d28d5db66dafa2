/**
 * All who watch one target.
 *
 * Those that keep up and have the same view share one text; one that is slow skips messages and then gets all that changed since,
 * and nothing is ever queued for anybody.
 */
import { hasDelivered, isOver } from "../../capture/update-state.ts";
import type { LiveUpdate } from "../../capture/live-update.ts";
import type { LiveSizes } from "../../model/caller-filter.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { Tasks } from "../../model/tasks.ts";
import type { ChangesMessage, SnapshotMessage, TargetSummary } from "../../model/wire.ts";
import type { View } from "../../model/wire-request.ts";
import { WorkShare } from "../access/work-share.ts";
import { RunLog } from "./run-log.ts";
import { OrderedRows, ViewRows } from "./view-rows.ts";

/** What the hub needs of a connection; a WebSocket has it. */
export interface ViewerSocket {
  /** Bytes handed to the socket that the network has not taken yet. */
  readonly bufferedAmount: number;
  send(text: string): void;
}

export interface Subscription {
  readonly view: View;
  /** Milliseconds at least between two messages. */
  readonly paceMs: number;
  /** Who asks: viewers of one share what time there is for one. */
  readonly who?: string;
}

interface Viewer {
  readonly who: string;
  readonly key: string;
  readonly rows: ViewRows;
  readonly paceMs: number;
  /** Number of the last message sent; 0 asks for a whole snapshot. */
  sentSeq: number;
  sentMs: number;
}

export type TargetPhase = Pick<TargetSummary, "state" | "detail">;

/** A viewer with more than this outstanding gets nothing until it has caught up. */
const MAX_BUFFERED_BYTES = 256 * 1024;
/** Kept for others who need the same. */
const MAX_TEXTS = 16;
/** Of the trace clock: what a trend is of. */
const TREND_S = 60;

export class TargetHub {
  readonly id: string;
  readonly label: string;
  readonly #share: WorkShare;
  readonly #viewers = new Map<ViewerSocket, Viewer>();
  #views = new Map<string, ViewRows>();
  #latest: LiveUpdate | undefined;
  #ordered = new OrderedRows([]);
  #log = new RunLog(0);
  #seq = 0;
  /** When the last point of the history came. */
  #pointMs = 0;
  #run = 0;
  /** Messages already written for this number, by view and what they are relative to. */
  readonly #texts = new Map<string, string>();
  /** Something has come of it, in this run or one before. */
  #isReached = false;
  /** Why it failed last. */
  #why = "";
  /** What is said of it while its updates do not. */
  #phase: TargetPhase | undefined = { state: "starting", detail: "" };

  /** @param share of time for what viewers are sent */
  constructor(id: string, label: string, share = new WorkShare()) {
    this.id = id;
    this.label = label;
    this.#share = share;
  }

  /** The last update; undefined before the first. */
  get latest(): LiveUpdate | undefined {
    return this.#latest;
  }

  /** What every caller's sums were in the course of this run. */
  get moments(): RunLog["moments"] {
    return this.#log.moments;
  }

  /** And every task's, where they are kept. */
  get taskMoments(): RunLog["taskMoments"] {
    return this.#log.taskMoments;
  }

  /** And every kernel stack's, where the trace has some. */
  get stackMoments(): RunLog["stackMoments"] {
    return this.#log.stackMoments;
  }

  /** Nothing more comes of the source. */
  get #isOver(): boolean {
    const { link } = this.#latest ?? {};
    return link !== undefined && isOver({ link });
  }

  /** False while nothing has come of it, in any run: its sums are no account. */
  get isReached(): boolean {
    return this.#isReached;
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  /** The account of this run, or of an earlier one that is kept. */
  snapshotOf(run: number | undefined): Snapshot | undefined {
    if (run === undefined || run === this.#latest?.snapshot.source.run) return this.#latest?.snapshot;
    return this.#latest?.previousRuns.find(({ summary }) => summary.run === run)?.snapshot;
  }

  /** Sizes of the live objects of this run, by call site, as they are now; undefined where only sums are made, in the target's kernel. */
  kinds(): LiveSizes | undefined {
    if (this.#latest?.snapshot.mode === "hist") return undefined;
    const inside = this.#latest?.inside?.();
    return inside && new Map(inside.callers.map(({ callSite, sizes }) => [callSite, sizes]));
  }

  /** Who allocated what is held in this run, as it was with its last update; undefined where that is not kept. */
  tasks(): Tasks | undefined {
    return this.#latest?.tasks?.();
  }

  summary(): Omit<TargetSummary, "actions"> {
    const { link, snapshot, history = [], alerts = [] } = this.#latest ?? {};
    return {
      id: this.id,
      label: this.label,
      ...(this.#phase ?? phaseOf(this.#latest, this.#isReached)),
      link: link?.status ?? null,
      netBytes: snapshot?.totals.netBytes ?? 0,
      bytesPerSecond: this.#isOver ? 0 : trendOf(history, performance.now() - this.#pointMs),
      exact: this.#isReached ? (snapshot?.exact ?? true) : true,
      alerts: alerts.length,
      ...(!this.#isReached && this.#why !== "" && { neverReached: this.#why }),
    };
  }

  /** Says how the target is until its next update does. */
  say(phase: TargetPhase): void {
    this.#phase = phase;
    if (phase.state === "failed") this.#why = phase.detail;
  }

  /** As the viewer wants it from now on: a whole snapshot follows, at once unless others want much as well. */
  subscribe(socket: ViewerSocket, { view, paceMs, who = "" }: Subscription): void {
    const key = JSON.stringify([view.order, view.descending, view.limit, view.filter]);
    let rows = this.#views.get(key);
    if (rows === undefined) this.#views.set(key, (rows = new ViewRows(view)));
    const viewer = { who, key, rows, paceMs, sentSeq: 0, sentMs: 0 };
    this.#viewers.set(socket, viewer);
    this.#dropViews();
    if (this.#latest !== undefined && isRoomFor(socket) && this.#share.isIdle())
      this.#share.use(
        [viewer],
        () => who,
        () => this.#send(socket, viewer),
      );
  }

  unsubscribe(socket: ViewerSocket): void {
    if (this.#viewers.delete(socket)) this.#dropViews();
  }

  /** The viewer lost track: it gets a whole snapshot with the next message, however often it asks until then. */
  resync(socket: ViewerSocket): boolean {
    const viewer = this.#viewers.get(socket);
    if (viewer === undefined) return false;
    viewer.sentSeq = 0;
    return true;
  }

  /**
   * Sends to those that have not got everything, have room again, and whose pace allows it. To be called now and then: when a
   * source has ended, nothing more is published, and a viewer that was slow then still has to see the end. Where there is no time for
   * all of them, some are late.
   */
  sendToLate(): void {
    if (this.#latest === undefined) return;
    const nowMs = performance.now();
    const due = [...this.#viewers].filter(([socket, { sentSeq, sentMs, paceMs }]) => {
      const isDue = sentSeq === 0 || nowMs - sentMs >= paceMs;
      return sentSeq < this.#seq && isDue && isRoomFor(socket);
    });
    this.#share.use(
      due,
      ([, { who }]) => who,
      ([socket, viewer]) => this.#send(socket, viewer),
    );
  }

  publish(update: LiveUpdate): void {
    this.#latest = update;
    this.#phase = undefined;
    this.#isReached ||= hasDelivered(update);
    // Who tries it again says when, at once.
    if (update.link.status === "failed") this.#why = update.link.detail;
    if (update.newPoints.length > 0) this.#pointMs = performance.now();
    this.#seq += 1;
    this.#texts.clear();
    const { run } = update.snapshot.source;
    if (run !== this.#run) {
      this.#run = run;
      this.#log = new RunLog(this.#seq);
      for (const rows of this.#views.values()) rows.clear();
    }
    this.#log.take(this.#seq, update);
    const tasks = () => this.tasks();
    this.#ordered = new OrderedRows(update.snapshot.callers, { kinds: () => this.kinds(), tasks });
    // As they are now, of which the snapshot is: who is late gets them with it.
    if ([...this.#views.values()].some((view) => view.isOfTasks)) tasks();
    this.sendToLate();
  }

  #dropViews(): void {
    const used = new Set([...this.#viewers.values()].map(({ key }) => key));
    for (const key of this.#views.keys()) if (!used.has(key)) this.#views.delete(key);
  }

  #send(socket: ViewerSocket, viewer: Viewer): void {
    const since = viewer.sentSeq >= this.#log.oldestSeq ? viewer.sentSeq : 0;
    const key = `${since} ${viewer.key}`;
    let text = this.#isOver ? undefined : this.#texts.get(key);
    if (text === undefined) {
      viewer.rows.refresh(this.#seq, this.#ordered);
      const message = since === 0 ? this.#snapshotMessage(viewer.rows) : this.#changesMessage(viewer.rows, since);
      text = JSON.stringify(message);
      if (this.#texts.size >= MAX_TEXTS) this.#texts.clear();
      this.#texts.set(key, text);
    }
    socket.send(text);
    viewer.sentSeq = this.#seq;
    viewer.sentMs = performance.now();
    // The last of those who wait: the next time others are before it.
    this.#viewers.delete(socket);
    this.#viewers.set(socket, viewer);
  }

  #snapshotMessage(view: ViewRows): SnapshotMessage {
    const { link, snapshot, history, marks, alerts, previousRuns, progress } = this.#current();
    return {
      type: "snapshot",
      target: this.id,
      seq: this.#seq,
      // The source may have ended long ago: the viewer counts from now.
      link: { ...link, nowMs: Date.now() },
      snapshot: { ...snapshot, callers: [...view.rows] },
      ...(view.others !== undefined && { others: view.others }),
      history: [...history],
      series: this.#log.series,
      marks: [...marks],
      alerts: [...alerts],
      ...(progress !== undefined && { workload: progress }),
      previousRuns: previousRuns.map(({ summary }) => summary),
    };
  }

  #changesMessage(view: ViewRows, since: number): ChangesMessage {
    const update = this.#current();
    const { link, snapshot } = update;
    const { exact, window, totals, loss, input } = snapshot;
    const gone = view.goneSince(since);
    return {
      type: "changes",
      target: this.id,
      seq: this.#seq,
      since,
      link,
      exact,
      window,
      totals,
      loss,
      input,
      callers: view.rows.filter(
        ({ callSite }) =>
          (view.changedAt(callSite) ?? this.#log.changedAt(callSite)) > since || view.enteredAt(callSite) > since,
      ),
      ...(gone.length > 0 && { gone }),
      ...(view.others !== undefined && { others: view.others }),
      ...this.#log.since(since, update),
    };
  }

  #current(): LiveUpdate {
    if (this.#latest === undefined) throw new Error("nothing was published yet");
    return this.#latest;
  }
}

function isRoomFor(socket: ViewerSocket): boolean {
  return socket.bufferedAmount <= MAX_BUFFERED_BYTES;
}

/** @param isReached something has come of it, in this run or one before: until then nothing of it is accounted, though nothing has failed */
function phaseOf(update: LiveUpdate | undefined, isReached: boolean): TargetPhase {
  if (update === undefined) return { state: "starting", detail: "" };
  const { status, detail } = update.link;
  if (status === "ended" || status === "failed") return { state: status, detail };
  return { state: update.began && isReached ? "running" : "starting", detail };
}

/**
 * Bytes a second between now and the point a minute before, or the first there is.
 *
 * @param idleMs since the last point: no point comes while nothing happens, but the trace clock goes on
 */
function trendOf(history: LiveUpdate["history"], idleMs: number): number {
  const last = history.at(-1);
  if (last === undefined) return 0;
  // What is less than a second is how updates are spaced.
  const now = last[0] + Math.floor(idleMs / 1000);
  const from = history.findLast(([time]) => time <= now - TREND_S) ?? history[0];
  return now > from[0] ? (last[1] - from[1]) / (now - from[0]) : 0;
}
