/**
 * What is still lost when a console and a trace are put together.
 *
 * Events that the ring buffer overwrote are on the console, if the console goes on, with nothing lost, from before them to
 * after them: proven when the event behind the loss on its CPU, and the one before it if there is any, are on both. Messages
 * that the console lost are in the trace in the same manner.
 */
import type { EventBatch, LossMark } from "../model/event-batch.ts";
import { LineClass } from "../model/line-tally.ts";
import type { Alignment } from "./align-printk.ts";

export interface JoinedParts {
  readonly console: EventBatch;
  readonly trace: EventBatch;
  /** Places on the console, ascending, at which messages were lost: before the event there. */
  readonly drops: readonly number[];
  readonly alignment: Alignment;
}

export interface JoinedLosses {
  /** What neither has. */
  readonly remaining: readonly LossMark[];
  /** Events that the ring buffer lost and the console has. */
  readonly recoveredEvents: number;
}

export function judgeLosses(parts: JoinedParts): JoinedLosses {
  const { console, trace } = parts;
  const ends = consoleEnds(parts);
  const remaining: LossMark[] = [];
  let recoveredEvents = 0;
  let traceHasAll = true;
  for (const loss of trace.losses) {
    const { events } = loss;
    const found =
      events !== undefined && (loss.cpu === undefined ? holdsBeginning(parts, ends) : holdsGap(parts, loss));
    if (found) recoveredEvents += events;
    else {
      traceHasAll = false;
      remaining.push(loss);
    }
  }
  // More than the console has alone, it has not found: NULL frees are events of the ring buffer as well.
  if (recoveredEvents > aloneOnConsole(parts))
    return { remaining: [...trace.losses, ...console.losses], recoveredEvents: 0 };
  // The console's drops come in the order of its losses.
  for (const [n, drop] of parts.drops.entries()) {
    if (!traceHasAll || !isInTrace(parts, drop, ends)) remaining.push(console.losses[n]);
  }
  return { remaining, recoveredEvents };
}

/** By CPU, the place on the console of the first event that its ring buffer holds; -1 where the console lacks it. */
function consoleEnds({ trace, alignment }: JoinedParts): Map<number, number> {
  const ends = new Map<number, number>();
  for (let j = 0; j < trace.length; j++) {
    if (!ends.has(trace.cpu[j])) ends.set(trace.cpu[j], alignment.consoleOf[j]);
  }
  return ends;
}

/** What was overwritten before a `trace` file was read: older than all it holds, on each CPU. */
function holdsBeginning({ drops }: JoinedParts, ends: ReadonlyMap<number, number>): boolean {
  const places = [...ends.values()];
  return places.length > 0 && places.every((place) => place >= 0) && !drops.some((drop) => drop <= Math.max(...places));
}

/** `CPU:1 [LOST 157 EVENTS]`, which stands before that CPU's next event. */
function holdsGap({ trace, drops, alignment }: JoinedParts, { cpu, timeNs }: LossMark): boolean {
  let from = 0;
  for (let j = 0; j < trace.length; j++) {
    if (trace.cpu[j] !== cpu) continue;
    const place = alignment.consoleOf[j];
    if (trace.timeNs[j] > timeNs)
      return from >= 0 && place >= from && !drops.some((drop) => drop >= from && drop <= place);
    from = place;
  }
  return false;
}

function aloneOnConsole({ console, alignment }: JoinedParts): number {
  const { lines } = console.tally;
  const none = lines[LineClass.nullFree] + lines[LineClass.failedAllocation];
  return alignment.traceOf.filter((j) => j < 0).length + none;
}

/** The trace goes on over what the console lost: it holds the events before and behind, and every CPU began earlier. */
function isInTrace({ alignment, console }: JoinedParts, drop: number, ends: ReadonlyMap<number, number>): boolean {
  if (drop === 0 || drop >= console.length) return false;
  if (alignment.traceOf[drop - 1] < 0 || alignment.traceOf[drop] < 0) return false;
  return [...ends.values()].every((place) => place >= 0 && place < drop);
}
