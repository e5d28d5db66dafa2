/**
 * Which event of the trace is which line of the console: two views of one sequence.
 *
 * With `tp_printk` the kernel prints each event when it commits it to the ring buffer (kernel/trace/trace_events.c,
 * output_printk), so both hold the same events, but neither need hold all: the ring buffer overwrites its oldest, CPU by CPU,
 * and a console loses messages. Both stamp by the scheduler's clock, printk a little later: measured on 6.1 with 2 CPUs,
 * -3 to +100 ms, 99 % within 0.1 ms, and up to 64 places apart, because a CPU waits until another has printed.
 *
 * An event is known again by kind, call site, sizes and, where the console could print it, pointer; and by its time. Equal ones
 * within the clocks' difference are told apart by the order of their CPU's events, which both views keep.
 */
import type { EventBatch } from "../model/event-batch.ts";
import type { CandidateList } from "./candidate-list.ts";
import type { ConsoleIndex } from "./console-index.ts";
import { type ClockFit, fitClocks } from "./fit-clocks.ts";

export interface Alignment {
  /** For each event of the trace, the console's that it is, or -1. */
  readonly consoleOf: Int32Array;
  /** For each event of the console, the trace's that it is, or -1. */
  readonly traceOf: Int32Array;
  /** The console's clock less the trace's, ns; null where nothing tells, and then nothing is matched. */
  readonly offsetNs: number | null;
}

/** Places by which the order of one CPU's events may differ: an interrupt prints before the event it interrupted does. */
const SLACK_PLACES = 64;

export function alignPrintk(console: EventBatch, trace: EventBatch, index: ConsoleIndex): Alignment {
  const fit = fitClocks(console, trace, index);
  if (fit === undefined) {
    const consoleOf = new Int32Array(trace.length).fill(-1);
    return { consoleOf, traceOf: new Int32Array(console.length).fill(-1), offsetNs: null };
  }
  const matching = new Matching(console, trace, index, fit);
  matching.matchUnique();
  for (const run of matching.gaps()) matching.matchBetween(run);
  for (const run of matching.gaps()) matching.matchLate(run);
  return { consoleOf: matching.consoleOf, traceOf: matching.traceOf, offsetNs: fit.offsetNs };
}

/** Events of one CPU, in order, that have no match yet, between two that have. */
interface Gap {
  readonly events: readonly number[];
  /** Places on the console of those two; undefined where the trace of that CPU begins or ends. */
  readonly after: number | undefined;
  readonly before: number | undefined;
}

/** Places of one list, `[from, to)`. */
interface Range {
  readonly list: CandidateList;
  readonly from: number;
  readonly to: number;
}

class Matching {
  readonly consoleOf: Int32Array;
  readonly traceOf: Int32Array;
  readonly #console: EventBatch;
  readonly #trace: EventBatch;
  readonly #index: ConsoleIndex;
  readonly #fit: ClockFit;

  constructor(console: EventBatch, trace: EventBatch, index: ConsoleIndex, fit: ClockFit) {
    this.consoleOf = new Int32Array(trace.length).fill(-1);
    this.traceOf = new Int32Array(console.length).fill(-1);
    this.#console = console;
    this.#trace = trace;
    this.#index = index;
    this.#fit = fit;
  }

  /** Events with a single candidate of their time, of which they are the only one as well: they hold the rest in order. */
  matchUnique(): void {
    const single: { readonly j: number; readonly list: CandidateList; readonly at: number }[] = [];
    /** For each list, at each of its places how many events more, or less, may be it than at the one before. */
    const suitors = new Map<CandidateList, Int32Array>();
    for (let j = 0; j < this.#trace.length; j++) {
      const ranges = this.#ofItsTime(j).filter(({ from, to }) => to > from);
      for (const { list, from, to } of ranges) {
        let change = suitors.get(list);
        if (change === undefined) suitors.set(list, (change = new Int32Array(list.length + 1)));
        change[from] += 1;
        change[to] -= 1;
      }
      if (ranges.length === 1 && ranges[0].to === ranges[0].from + 1)
        single.push({ j, list: ranges[0].list, at: ranges[0].from });
    }
    for (const changes of suitors.values()) for (let at = 1; at < changes.length; at++) changes[at] += changes[at - 1];
    for (const { j, list, at } of single) if (suitors.get(list)?.[at] === 1) this.#match(j, list, at);
  }

  /**
   * Equal events in order. Where the CPU's trace begins, from its first match backwards: what the ring buffer has overwritten
   * may be equal to what it holds, and was earlier. Without any match to hold on to, by their time.
   */
  matchBetween({ events, after, before }: Gap): void {
    if (after === undefined && before === undefined) this.#matchByTime(events);
    else if (after === undefined) this.#matchBackwards(events, before ?? Infinity);
    else this.#matchForwards(events, after, before ?? Infinity);
  }

  #matchForwards(events: readonly number[], after: number, before: number): void {
    let low = after;
    for (const j of events) {
      const found = firstOf(this.#ofItsTime(j).map((range) => within(range, low, before)));
      if (found !== undefined) low = this.#match(j, found.list, found.at);
    }
  }

  #matchBackwards(events: readonly number[], before: number): void {
    let high = before;
    for (const j of [...events].reverse()) {
      const found = lastOf(this.#ofItsTime(j).map((range) => within(range, -1, high)));
      if (found !== undefined) high = this.#match(j, found.list, found.at);
    }
  }

  #matchByTime(events: readonly number[]): void {
    const { timeNs } = this.#console;
    for (const j of events) {
      const time = this.#trace.timeNs[j] + this.#fit.offsetNs;
      const ranges = this.#ofItsTime(j);
      const middles = ranges.map(({ list }) => list.beginOf((place) => timeNs[place] >= time));
      const later = firstOf(ranges.map((range, n) => ({ ...range, from: middles[n] })));
      const earlier = lastOf(ranges.map((range, n) => ({ ...range, to: middles[n] })));
      const distance = (found: Found | undefined) =>
        found === undefined ? Infinity : Math.abs(timeNs[found.list.places[found.at]] - time);
      const found = distance(earlier) < distance(later) ? earlier : later;
      if (found !== undefined) this.#match(j, found.list, found.at);
    }
  }

  /** Those that printk was late for, or early, stand near the neighbours that they have on their CPU. */
  matchLate({ events, after, before }: Gap): void {
    if (after === undefined || before === undefined) return;
    for (const j of events) {
      const ranges = this.#index
        .candidates(this.#trace, j)
        .map((list) => within({ list, from: 0, to: list.length }, after - SLACK_PLACES, before + SLACK_PLACES));
      const found = firstOf(ranges);
      if (found !== undefined) this.#match(j, found.list, found.at);
    }
  }

  gaps(): Gap[] {
    const { cpu, length } = this.#trace;
    const gaps: Gap[] = [];
    const open = new Map<number, { events: number[]; after: number | undefined }>();
    for (let j = 0; j < length; j++) {
      let gap = open.get(cpu[j]);
      if (gap === undefined) open.set(cpu[j], (gap = { events: [], after: undefined }));
      const place = this.consoleOf[j];
      if (place < 0) gap.events.push(j);
      else {
        if (gap.events.length > 0) gaps.push({ ...gap, before: place });
        open.set(cpu[j], { events: [], after: place });
      }
    }
    for (const gap of open.values()) if (gap.events.length > 0) gaps.push({ ...gap, before: undefined });
    return gaps;
  }

  /** What event `j` may be, as far as the clocks allow. */
  #ofItsTime(j: number): Range[] {
    const { timeNs } = this.#console;
    const { offsetNs, slackNs } = this.#fit;
    const time = this.#trace.timeNs[j] + offsetNs;
    return this.#index.candidates(this.#trace, j).map((list) => ({
      list,
      from: list.beginOf((place) => timeNs[place] >= time - slackNs),
      to: list.beginOf((place) => timeNs[place] > time + slackNs),
    }));
  }

  /** Returns the place on the console. */
  #match(j: number, list: CandidateList, at: number): number {
    const i = list.take(at);
    this.consoleOf[j] = i;
    this.traceOf[i] = j;
    return i;
  }
}

/** What of a range stands on the console behind `low` and before `high`. */
function within({ list, from, to }: Range, low: number, high: number): Range {
  return {
    list,
    from: Math.max(
      from,
      list.beginOf((place) => place > low),
    ),
    to: Math.min(
      to,
      list.beginOf((place) => place >= high),
    ),
  };
}

interface Found {
  readonly list: CandidateList;
  readonly at: number;
}

/** The free candidate that comes first on the console. */
function firstOf(ranges: readonly Range[]): Found | undefined {
  const free = ranges.map(({ list, from, to }) => ({ list, at: list.firstFree(from, to) })).filter(isFound);
  return free.sort((a, b) => a.list.places[a.at] - b.list.places[b.at])[0];
}

/** The free candidate that comes last on the console. */
function lastOf(ranges: readonly Range[]): Found | undefined {
  const free = ranges.map(({ list, from, to }) => ({ list, at: list.lastFree(from, to) })).filter(isFound);
  return free.sort((a, b) => b.list.places[b.at] - a.list.places[a.at])[0];
}

function isFound(found: { readonly list: CandidateList; readonly at: number | undefined }): found is Found {
  return found.at !== undefined;
}
