/** A part of a trace by its clock: what is outside of it is counted as that, and not accounted. */
import type { EventBatch } from "../model/event-batch.ts";
import { ExitCode, KmemtapError } from "../model/errors.ts";
import { LineClass } from "../model/line-tally.ts";
import { EventStore } from "./event-store.ts";

/** Nanoseconds: of the trace clock, or since the first event. */
export interface TimeSpan {
  readonly fromNs: number;
  /** Not in it any more. */
  readonly toNs: number;
  readonly since: "first-event" | "clock";
}

export class TimeWindow {
  readonly #span: TimeSpan;
  readonly #inside = new EventStore();
  #originNs: number | undefined;
  #lastNs = -Infinity;

  constructor(span: TimeSpan) {
    this.#span = span;
    if (span.since === "clock") this.#originNs = 0;
  }

  /** By the trace clock; undefined until the first event is known. */
  get fromNs(): number | undefined {
    return this.#originNs === undefined ? undefined : this.#originNs + this.#span.fromNs;
  }

  get toNs(): number | undefined {
    return this.#originNs === undefined ? undefined : this.#originNs + this.#span.toNs;
  }

  /** True where what comes now is behind it. */
  get isPast(): boolean {
    return this.#lastNs >= (this.toNs ?? Infinity);
  }

  /**
   * How long the trace is of which this was a part, nanoseconds from its first event to its last; undefined where it is not told from there.
   *
   * @throws {KmemtapError} `cli/usage` where this begins behind the last event: an account of nothing would look exact
   */
  traceNs(): number | undefined {
    const { fromNs, since } = this.#span;
    if (since !== "first-event" || this.#originNs === undefined) return undefined;
    const traceNs = this.#lastNs - this.#originNs;
    if (fromNs <= traceNs) return traceNs;
    throw new KmemtapError("cli/usage", `--from ${secondsOf(fromNs)}: the trace ends at ${secondsOf(traceNs)}`, {
      nextStep: "times count from its first event",
      exitCode: ExitCode.wrongUse,
    });
  }

  /** What of the batch is within, valid until the next call. Bytes of events are divided as their numbers are. */
  clip(batch: EventBatch): EventBatch {
    const to = this.#inside;
    to.reset();
    to.tally.add(batch.tally);
    if (this.#originNs === undefined && batch.length > 0) this.#originNs = batch.timeNs[0];
    const { fromNs = Infinity, toNs = -Infinity } = this;
    // What was lost before a trace's first event is missing in a part that begins there.
    const lossesFromNs = this.#span.since === "first-event" && this.#span.fromNs === 0 ? -Infinity : fromNs;
    const isPast = ({ timeNs }: { readonly timeNs: number }) => timeNs >= (this.toNs ?? Infinity);
    to.losses.push(...batch.losses.filter((loss) => loss.timeNs >= lossesFromNs && !isPast(loss)));
    // Damage before it may have swallowed its first events.
    for (const { lineClass, bytes } of batch.unread.filter(isPast)) {
      to.tally.lines[lineClass] -= 1;
      to.tally.bytes[lineClass] -= bytes;
      to.tally.count(LineClass.outside, bytes);
    }
    to.unread.push(...batch.unread.filter((mark) => !isPast(mark)));
    let marks = 0;
    for (let i = 0; i < batch.length; i++) {
      while (marks < batch.marks.length && batch.marks[marks].at <= i)
        to.marks.push({ ...batch.marks[marks++], at: to.length });
      const timeNs = batch.timeNs[i];
      if (timeNs > this.#lastNs) this.#lastNs = timeNs;
      if (timeNs < fromNs || timeNs >= toNs) continue;
      to.copy(batch, i);
    }
    for (const mark of batch.marks.slice(marks)) to.marks.push({ ...mark, at: to.length });
    const outside = batch.length - to.length;
    if (outside === 0) return to;
    const { lines, bytes } = to.tally;
    const bytesOutside = Math.round((bytes[LineClass.event] * outside) / batch.length);
    lines[LineClass.event] -= outside;
    lines[LineClass.outside] += outside;
    bytes[LineClass.event] -= bytesOutside;
    bytes[LineClass.outside] += bytesOutside;
    return to;
  }
}

/** `4.3 s`; never later than it is. */
export function secondsOf(ns: number): string {
  return `${Math.floor(ns / 1e6) / 1000} s`;
}
