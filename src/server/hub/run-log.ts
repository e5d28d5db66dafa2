/**
 * One run of a target as its viewers follow it: each row, fact, point, mark and alert with the number of the message at
 * which it last changed.
 */
import type { LiveUpdate } from "../../capture/live-update.ts";
import type { CallerRow } from "../../model/snapshot.ts";
import { type TargetFacts, targetFactsSchema } from "../../model/target-facts.ts";
import type { ChangesMessage, HistoryPoint, Mark, Alert } from "../../model/wire.ts";
import { Moments } from "./moments.ts";
import { type Numbered, newerThan } from "./numbered.ts";
import { SeriesBoard } from "./series.ts";
import { stackRows } from "./stack-rows.ts";
import { taskRows } from "./task-rows.ts";

/** Changes kept by number; a viewer further behind gets a whole snapshot. */
const MAX_NUMBERED = 4000;
const TARGET_FACTS = Object.keys(targetFactsSchema.shape) as (keyof TargetFacts)[];
/** Parts of a snapshot that are sent when they change. */
const PARTS = [...TARGET_FACTS, "symbols", "stacks"] as const;
/** And of an update, beside its snapshot. */
const WORKLOAD = "workload";
type Part = (typeof PARTS)[number] | typeof WORKLOAD;

type Logged = Pick<ChangesMessage, "points" | "series" | "seriesPoints" | "marks" | "alerts" | "facts"> &
  Pick<ChangesMessage, "symbols" | "stacks" | "workload">;

export class RunLog {
  readonly moments = new Moments();
  /** The same of {@link taskRows tasks}, where they are kept. */
  readonly taskMoments = new Moments();
  /** The same of {@link stackRows stacks}, where the trace has some. */
  readonly stackMoments = new Moments();
  readonly #board = new SeriesBoard(this.moments);
  readonly #rows = new Map<string, Numbered<CallerRow>>();
  /** By name; compared as JSON, because the stats of 64 CPUs are the same objects' values again between two polls. */
  readonly #parts = new Map<Part, Numbered<string>>();
  #points: Numbered<HistoryPoint>[] = [];
  #seriesPoints: Numbered<number[]>[] = [];
  /** Since when the series goes on by points alone. */
  #seriesSeq = 0;
  #marks: Numbered<Mark>[] = [];
  #alerts: Numbered<Alert>[] = [];
  /** Viewers must be at least this far for changes to be enough. */
  #oldestSeq: number;

  /** @param seq of the run's first message */
  constructor(seq: number) {
    this.#oldestSeq = seq;
  }

  get oldestSeq(): number {
    return this.#oldestSeq;
  }

  get series(): SeriesBoard["series"] {
    return this.#board.series;
  }

  take(seq: number, update: LiveUpdate): void {
    const { snapshot, newPoints, newMarks, newAlerts, history } = update;
    for (const row of snapshot.callers) {
      const known = this.#rows.get(row.callSite);
      if (known === undefined || !sameRow(known.value, row)) this.#rows.set(row.callSite, { seq, value: row });
    }
    for (const part of PARTS) this.#notePart(seq, part, snapshot[part]);
    this.#notePart(seq, WORKLOAD, update.progress);
    for (const point of newPoints) this.#points.push({ seq, value: point });
    for (const mark of newMarks) this.#marks.push({ seq, value: mark });
    for (const alert of newAlerts) this.#alerts.push({ seq, value: alert });
    const time = history.at(-1)?.[0];
    if (time !== undefined) {
      this.#takeMoment(seq, time, snapshot.callers);
      // Tasks and stacks are put together when they are asked for: not for every update.
      const tasks = this.taskMoments.isDue(time) ? update.tasks?.() : undefined;
      if (tasks !== undefined) this.taskMoments.take(time, taskRows(tasks));
      const stacks = this.stackMoments.isDue(time) ? update.stacks?.() : undefined;
      if (stacks !== undefined) this.stackMoments.take(time, stackRows(stacks));
    }
    this.#forgetOld();
  }

  /** Message number at which a row last changed. */
  changedAt(callSite: string): number {
    return this.#rows.get(callSite)?.seq ?? 0;
  }

  since(since: number, { snapshot, progress }: Pick<LiveUpdate, "snapshot" | "progress">): Logged {
    const changed = [...this.#parts].filter(([, { seq }]) => seq > since).map(([part]) => part);
    const facts = TARGET_FACTS.filter((fact) => changed.includes(fact));
    const isSeriesNew = since < this.#seriesSeq;
    return {
      ...(facts.length > 0 && { facts: Object.fromEntries(facts.map((fact) => [fact, snapshot[fact]])) }),
      ...(changed.includes("symbols") && { symbols: snapshot.symbols }),
      ...(changed.includes("stacks") && { stacks: snapshot.stacks }),
      ...(changed.includes(WORKLOAD) && { workload: progress }),
      points: newerThan(this.#points, since),
      ...(isSeriesNew && { series: this.series }),
      seriesPoints: isSeriesNew ? [] : newerThan(this.#seriesPoints, since),
      marks: newerThan(this.#marks, since),
      alerts: newerThan(this.#alerts, since),
    };
  }

  #takeMoment(seq: number, time: number, rows: readonly CallerRow[]): void {
    const outcome = this.moments.take(time, rows);
    if (outcome === "none") return;
    const point = this.#board.follow(outcome === "thinned", rows);
    if (point !== undefined) this.#seriesPoints.push({ seq, value: point });
    else {
      this.#seriesPoints = [];
      this.#seriesSeq = seq;
    }
  }

  #notePart(seq: number, part: Part, content: unknown): void {
    const value = JSON.stringify(content) as string | undefined;
    if (this.#parts.get(part)?.value === value) return;
    if (value !== undefined) this.#parts.set(part, { seq, value });
    else {
      // Changes cannot say that something is gone: whoever was told of it needs a whole snapshot.
      this.#parts.delete(part);
      this.#oldestSeq = seq;
    }
  }

  #forgetOld(): void {
    for (const numbered of [this.#points, this.#marks, this.#alerts]) {
      const excess = numbered.length - MAX_NUMBERED;
      if (excess > 0) this.#oldestSeq = Math.max(this.#oldestSeq, numbered[excess].seq);
    }
    const oldest = this.#oldestSeq;
    this.#points = forget(this.#points, oldest);
    this.#marks = forget(this.#marks, oldest);
    this.#alerts = forget(this.#alerts, oldest);
  }
}

function forget<T>(numbered: Numbered<T>[], oldest: number): Numbered<T>[] {
  return numbered.length > 0 && numbered[0].seq <= oldest ? numbered.filter(({ seq }) => seq > oldest) : numbered;
}

/** All of a row follows from these: what it allocated, what was freed, and what is left, and may not be. */
export function sameRow(a: CallerRow, b: CallerRow): boolean {
  // What is known of a call site's source is one object as long as it is the same.
  const isSame = a.frees === b.frees && a.impliedFrees === b.impliedFrees && a.netBytes === b.netBytes;
  return isSame && a.allocs === b.allocs && a.source === b.source && a.doubtfulObjects === b.doubtfulObjects;
}
