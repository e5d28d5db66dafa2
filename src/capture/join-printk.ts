/**
 * One boot's console and trace as one account: the console's `tp_printk` lines from before anybody could read the ring buffer,
 * and the ring buffer's events, each event once.
 *
 * What both hold is taken from the trace, which knows CPU and pointer; what the trace lacks is taken from the console, and
 * stands before the next event that both hold. So the console is read to its end first, and the trace is held until its
 * clock has passed the console's last event; from then on batches pass as they come:
 *
 *     const join = new PrintkJoin(callSites);
 *     for await (const chunk of consoleLog) join.readConsole(chunk);
 *     join.endConsole();
 *     for await (const chunk of tracePipe) ledger.apply(join.push(chunk));
 *     ledger.apply(join.end());
 */
import { PrintkDecoder, type PrintkBatch } from "../ftrace/printk-decoder.ts";
import { TextDecoder } from "../ftrace/text-decoder.ts";
import type { CallSiteTable } from "../model/call-site-table.ts";
import { type EventBatch, EventKind } from "../model/event-batch.ts";
import { LineClass } from "../model/line-tally.ts";
import type { Decoder } from "../model/ports.ts";
import { NO_POINTER } from "../model/no-value.ts";
import type { TaskTable } from "../model/task-table.ts";
import type { PrintkFacts } from "../model/printk.ts";
import { type Alignment, alignPrintk } from "./align-printk.ts";
import { ConsoleIndex, pointersDiffer } from "./console-index.ts";
import { EventStore } from "./event-store.ts";
import { fitClocks } from "./fit-clocks.ts";
import { judgeLosses } from "./printk-losses.ts";

/** How far the trace's clock must be behind the console's last event before none of that time can follow. */
const BEHIND_END_NS = 2e9;
/** The same where no event tells how the clocks relate. */
const BEHIND_END_UNRELATED_NS = 10e9;
/** Events held before the clocks are compared for the first time; then at each doubling. */
const FIRST_FIT_EVENTS = 4096;
const NOTHING = new EventStore();

export class PrintkJoin implements Decoder {
  readonly #sites: CallSiteTable;
  readonly #traceDecoder: TextDecoder;
  readonly #consoleDecoder: PrintkDecoder;
  readonly #console = new EventStore();
  /** Bytes of the line of each event of the console. */
  readonly #lineBytes: number[] = [];
  /** Places on the console at which messages were lost. */
  readonly #drops: number[] = [];
  #trace = new EventStore();
  #index: ConsoleIndex | undefined;
  #traceEndNs = -Infinity;
  #nextFit = FIRST_FIT_EVENTS;
  /** How far behind the console's end, by the trace's clock, the trace has passed it: as far as is known. */
  #passedAtNs = BEHIND_END_NS;
  #joined = false;
  #facts: PrintkFacts = {
    events: 0,
    matched: 0,
    consoleOnly: 0,
    traceOnly: 0,
    recoveredEvents: 0,
    droppedMessages: 0,
    clockOffsetNs: null,
  };

  /** @param tasks where given, batches say whose the trace's allocations are; a console does not */
  constructor(sites: CallSiteTable, tasks?: TaskTable) {
    this.#sites = sites;
    this.#traceDecoder = new TextDecoder(sites, { tasks });
    this.#consoleDecoder = new PrintkDecoder(sites);
  }

  /** How the two were joined: whole when {@link joined}. */
  get facts(): PrintkFacts {
    return this.#facts;
  }

  /** True when the trace has passed the console's end: batches come as the trace's decoder makes them. */
  get joined(): boolean {
    return this.#joined;
  }

  readConsole(chunk: Uint8Array): void {
    this.#keepConsole(this.#consoleDecoder.push(chunk));
  }

  endConsole(): void {
    this.#keepConsole(this.#consoleDecoder.end());
    const { length } = this.#console;
    this.#facts = { ...this.#facts, events: length, consoleOnly: length };
  }

  #keepConsole(batch: PrintkBatch): void {
    const before = this.#console.length;
    this.#console.append(batch);
    for (let i = 0; i < batch.length; i++) this.#lineBytes.push(batch.lineBytes[i]);
    for (const drop of batch.drops) {
      this.#drops.push(before + drop.at);
      this.#facts = { ...this.#facts, droppedMessages: this.#facts.droppedMessages + drop.messages };
    }
  }

  push(chunk: Uint8Array): EventBatch {
    return this.take(this.#traceDecoder.push(chunk));
  }

  end(): EventBatch {
    const last = this.#traceDecoder.end();
    if (this.#joined) return last;
    this.#trace.append(last);
    return this.finish();
  }

  /** What {@link push} does behind the decoder, for traces that come in several inputs. */
  take(batch: EventBatch): EventBatch {
    if (this.#joined) return batch;
    this.#trace.append(batch);
    for (let i = 0; i < batch.length; i++) this.#traceEndNs = Math.max(this.#traceEndNs, batch.timeNs[i]);
    return this.#hasPassedConsole() ? this.finish() : NOTHING;
  }

  /** Joins what is held, since no more comes that could be on the console. */
  finish(): EventBatch {
    if (this.#joined) return NOTHING;
    this.#joined = true;
    const console = this.#console;
    const trace = this.#trace;
    const alignment = alignPrintk(console, trace, this.#indexOf(console));
    if (pointersDiffer(console, trace)) translatePointers(console, trace, alignment);
    const out = merged(console, trace, alignment);
    out.tally.add(console.tally);
    out.tally.add(trace.tally);
    this.#countOnce(out, alignment);
    const losses = judgeLosses({ console, trace, drops: this.#drops, alignment });
    out.losses.push(...losses.remaining);
    // By the trace's clock; the console's are of its own.
    out.unread.push(...trace.unread);
    const matched = alignment.consoleOf.filter((i) => i >= 0).length;
    const lastMatched = alignment.consoleOf.findLastIndex((i) => i >= 0);
    this.#facts = {
      ...this.#facts,
      matched,
      consoleOnly: console.length - matched,
      traceOnly: lastMatched + 1 - matched,
      recoveredEvents: losses.recoveredEvents,
      clockOffsetNs: matched > 0 ? alignment.offsetNs : null,
    };
    this.#trace = NOTHING;
    this.#index = undefined;
    return out;
  }

  /** A line of the console whose event the trace holds is not the account's. */
  #countOnce({ tally }: EventStore, { traceOf }: Alignment): void {
    let bytes = 0;
    let lines = 0;
    for (const [i, j] of traceOf.entries()) {
      if (j < 0) continue;
      lines += 1;
      bytes += this.#lineBytes[i];
    }
    tally.lines[LineClass.event] -= lines;
    tally.bytes[LineClass.event] -= bytes;
    tally.lines[LineClass.printkEvent] += lines;
    tally.bytes[LineClass.printkEvent] += bytes;
  }

  #indexOf(console: EventStore): ConsoleIndex {
    return (this.#index ??= new ConsoleIndex(console, this.#sites, !pointersDiffer(console, this.#trace)));
  }

  #hasPassedConsole(): boolean {
    const console = this.#console;
    if (console.length === 0) return true;
    const behind = this.#traceEndNs - console.timeNs[console.length - 1];
    // Comparing the clocks costs a look at all that is held, so it is done where it may tell something new.
    if (behind <= this.#passedAtNs && this.#trace.length < this.#nextFit) return false;
    if (this.#trace.length >= this.#nextFit) this.#nextFit = this.#trace.length * 2;
    const fit = fitClocks(console, this.#trace, this.#indexOf(console));
    this.#passedAtNs = fit === undefined ? BEHIND_END_UNRELATED_NS : BEHIND_END_NS - fit.offsetNs;
    return behind > this.#passedAtNs;
  }
}

/**
 * Gives the console's events the trace's pointers, where an event that both hold tells. Other pointers still say which of the
 * console's frees ends which of its objects; an object that is alive when the console ends cannot be followed into the trace.
 */
function translatePointers(console: EventStore, trace: EventStore, { traceOf }: Alignment): void {
  const keyOf = (i: number) => `${console.ptrHigh[i].toString()},${console.ptrLow[i].toString()}`;
  const known = new Map<string, number>();
  for (const [i, j] of traceOf.entries()) if (j >= 0) known.set(keyOf(i), j);
  const endsLater = new Set<string>();
  for (let i = console.length - 1; i >= 0; i--) {
    const key = keyOf(i);
    const j = known.get(key);
    if (j !== undefined) {
      console.ptrLow[i] = trace.ptrLow[j];
      console.ptrHigh[i] = trace.ptrHigh[j];
      continue;
    }
    const isAllocation = console.kind[i] <= EventKind.cacheAlloc;
    if (isAllocation && !endsLater.has(key)) console.ptrLow[i] = console.ptrHigh[i] = NO_POINTER;
    endsLater.add(key);
  }
}

/** All events of both, those of the console that the trace lacks where they belong; without losses and tally. */
function merged(console: EventStore, trace: EventStore, { consoleOf, traceOf, offsetNs }: Alignment): EventStore {
  const out = new EventStore();
  const before = placesInTrace(console, trace, { consoleOf, traceOf, offsetNs });
  const alone = [...traceOf.keys()].filter((i) => traceOf[i] < 0).sort((a, b) => before[a] - before[b] || a - b);
  let next = 0;
  let mark = 0;
  for (let j = 0; j <= trace.length; j++) {
    for (; next < alone.length && before[alone[next]] <= j; next++) {
      out.copy(console, alone[next]);
      out.timeNs[out.length - 1] = Math.max(0, console.timeNs[alone[next]] - (offsetNs ?? 0));
    }
    for (; mark < trace.marks.length && trace.marks[mark].at <= j; mark++)
      out.marks.push({ ...trace.marks[mark], at: out.length });
    if (j < trace.length) out.copy(trace, j);
  }
  return out;
}

/**
 * For each event of the console the event of the trace before which it belongs: the next one that both hold, unless the
 * trace's clock says that it was earlier still. Events are printed after they are stamped, so the clock errs to the late side.
 */
function placesInTrace(console: EventBatch, trace: EventBatch, { traceOf, offsetNs }: Alignment): Int32Array {
  const places = new Int32Array(console.length);
  const latest = new Float64Array(trace.length);
  for (let j = 0; j < trace.length; j++) latest[j] = Math.max(trace.timeNs[j], j > 0 ? latest[j - 1] : -Infinity);
  let next = trace.length;
  for (let i = console.length - 1; i >= 0; i--) {
    if (traceOf[i] >= 0) next = traceOf[i];
    places[i] = Math.min(next, firstLater(latest, console.timeNs[i] - (offsetNs ?? 0)));
  }
  return places;
}

/** Where in ascending `times` the first one is later than `time`. */
function firstLater(times: Float64Array, time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] > time) high = middle;
    else low = middle + 1;
  }
  return low;
}
