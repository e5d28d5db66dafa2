/**
 * Charges allocations by their stacks: a stage between a decoder and the account.
 *
 * The kernel writes a stack just behind its event, on the same CPU; only interrupts come in between, each with events and stacks
 * of its own, so that of the allocations that wait for a stack the youngest whose call site is among the frames is meant. An
 * event is held back until its stack is there, and with it all that comes behind, since the order matters to the account; but
 * not for long, and not past a line of the agent, which somebody waits for: without its stack it is charged to its call site,
 * and counted.
 *
 * As long as no stack has come, batches pass as they are. The stacks of a stream that does not say beforehand that it has some
 * begin with the first one, whose own allocation has passed already: it counts as one without.
 */
import { type EventBatch, EventKind, type StackMark } from "../model/event-batch.ts";
import type { StackTable } from "../model/stack-table.ts";
import { HeldEvents } from "./held-events.ts";

/** A task, a soft interrupt, a hard one and an NMI: no more can be interrupted at a time (kernel/trace/trace.c, TRACE_CTX_*). */
const MAX_WAITING = 4;
/** A stack is written within microseconds, and the interrupts' time; but a virtual machine may stand still in between. */
const PATIENCE_NS = 1e9;
/** Events that are held back at most, some 50 bytes each. */
const MAX_HELD = 1 << 20;

/** What became of allocations and of stacks. */
export interface JoinCounts {
  /** Allocations with a stack, charged by it. */
  charged: number;
  /** Allocations without one, charged to their call site. */
  stackless: number;
  /** Stacks without an allocation: of frees, of what was filtered out, of lost events. */
  unmatched: number;
}

export class StackJoin {
  readonly counts: JoinCounts = { charged: 0, stackless: 0, unmatched: 0 };
  readonly #stacks: StackTable;
  /** Events that are held back, behind those that were given out last. */
  readonly #held = new HeldEvents();
  #given = 0;
  #marks: EventBatch["marks"] = [];
  /** By CPU: places of allocations that wait for their stack, oldest first. */
  readonly #waiting = new Map<number, number[]>();
  #isActive: boolean;

  /** @param isExpected the stream has stacks from its first event on */
  constructor(stacks: StackTable, isExpected = false) {
    this.#stacks = stacks;
    this.#isActive = isExpected;
  }

  /** Events whose stacks are known, of this batch and of those before. Valid until the next call. */
  take(batch: EventBatch): EventBatch {
    return this.#enter(batch) ? this.#give(batch, this.#firstWaiting()) : batch;
  }

  /** As {@link take}, with all that is held back: nothing more comes. */
  end(batch: EventBatch): EventBatch {
    if (!this.#enter(batch)) return batch;
    for (const waiting of this.#waiting.values()) this.#giveUp(waiting, waiting.length);
    return this.#give(batch, this.#held.length);
  }

  /** False for a batch that may pass as it is. */
  #enter(batch: EventBatch): boolean {
    const { stacks = [] } = batch;
    if (this.#isActive) {
      this.#drop();
      this.#append(batch, 0, stacks);
      return true;
    }
    if (stacks.length === 0) return false;
    this.#isActive = true;
    // What comes before the first stack has none.
    const first = stacks[0].at;
    this.#held.addRange(batch, 0, first);
    this.counts.unmatched += 1;
    this.#append(batch, first, stacks.slice(1));
    return true;
  }

  #append(batch: EventBatch, from: number, stacks: readonly StackMark[]): void {
    const base = this.#held.length - from;
    this.#held.addRange(batch, from, batch.length);
    const marks = batch.marks.map((mark) => ({ ...mark, at: Math.max(0, mark.at + base) }));
    this.#marks = [...this.#marks, ...marks];
    let at = from;
    let next = 0;
    const expectUpTo = (end: number) => {
      for (; at < end; at++) this.#expect(at + base);
    };
    for (const stack of stacks) {
      for (; next < marks.length && batch.marks[next].at < stack.at; next++) {
        expectUpTo(batch.marks[next].at);
        this.#giveUpBefore(Infinity);
      }
      expectUpTo(stack.at);
      this.#resolve(stack);
    }
    if (next < marks.length) {
      expectUpTo(batch.marks[marks.length - 1].at);
      this.#giveUpBefore(Infinity);
    }
    expectUpTo(batch.length);
    const { length, timeNs } = this.#held;
    if (length > 0) this.#giveUpBefore(length > MAX_HELD ? Infinity : timeNs[length - 1] - PATIENCE_NS);
  }

  /** An event: if it is an allocation, its stack is still to come. */
  #expect(place: number): void {
    const { cpu, kind } = this.#held;
    if (kind[place] > EventKind.cacheAlloc) return;
    let waiting = this.#waiting.get(cpu[place]);
    if (waiting === undefined) this.#waiting.set(cpu[place], (waiting = []));
    if (waiting.length === MAX_WAITING) this.#giveUp(waiting, 1);
    waiting.push(place);
  }

  #resolve({ cpu, frames }: StackMark): void {
    const waiting = this.#waiting.get(cpu) ?? [];
    const { callSite, stack } = this.#held;
    for (let i = waiting.length - 1; i >= 0; i--) {
      const place = waiting[i];
      const from = this.#stacks.find(frames, callSite[place]);
      if (from < 0) continue;
      // What interrupted it has ended, with or without a stack.
      this.counts.stackless += waiting.length - 1 - i;
      waiting.length = i;
      const { id, charge } = this.#stacks.add(frames, from);
      stack[place] = id;
      callSite[place] = charge.site;
      this.counts.charged += 1;
      return;
    }
    this.counts.unmatched += 1;
  }

  #giveUp(waiting: number[], count: number): void {
    this.counts.stackless += count;
    waiting.splice(0, count);
  }

  #giveUpBefore(timeNs: number): void {
    for (const waiting of this.#waiting.values())
      while (waiting.length > 0 && this.#held.timeNs[waiting[0]] < timeNs) this.#giveUp(waiting, 1);
  }

  #firstWaiting(): number {
    let first = this.#held.length;
    for (const waiting of this.#waiting.values()) if (waiting.length > 0) first = Math.min(first, waiting[0]);
    return first;
  }

  /** The events before `place`, with what the batch says of the input. */
  #give({ losses, unread, tally }: EventBatch, place: number): EventBatch {
    const { kind, ptrLow, ptrHigh, callSite, bytesReq, bytesAlloc, cpu, timeNs, stack, task } = this.#held;
    const marks = this.#marks.filter(({ at }) => at <= place);
    this.#marks = this.#marks.filter(({ at }) => at > place);
    this.#given = place;
    const columns = { kind, ptrLow, ptrHigh, callSite, bytesReq, bytesAlloc, cpu, timeNs, stack, task };
    return { length: place, ...columns, losses, unread, marks, tally };
  }

  /** Forgets the events that were given out. */
  #drop(): void {
    const given = this.#given;
    if (given === 0) return;
    this.#held.drop(given);
    this.#marks = this.#marks.map((mark) => ({ ...mark, at: mark.at - given }));
    for (const [cpu, waiting] of this.#waiting)
      this.#waiting.set(
        cpu,
        waiting.map((place) => place - given),
      );
    this.#given = 0;
  }
}
