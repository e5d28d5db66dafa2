/**
 * What is done to nearly every record, in WebAssembly (assembly/raw.ts): the usual records of all CPUs, merged by time. Here is how the
 * rest of the room gets at it.
 */
import { columnsOf, type TaskExports, tasksOf } from "../../wasm/columns.ts";
import { instantiate, type WasmGlobal } from "../../wasm/instantiate.ts";
import { RAW_WASM } from "../../wasm/raw-module.ts";
import { LineClass } from "../../model/line-tally.ts";
import type { EventColumns } from "../event-columns.ts";
import type { PageFormat } from "./event-format.ts";
import type { RawTasks } from "./raw-tasks.ts";
import type { RecordLayout } from "./record-layouts.ts";
import { LAYOUT_WORDS, usualLayouts } from "./usual-layouts.ts";

interface RawExports extends TaskExports {
  readonly MAX_LANES: WasmGlobal;
  readonly sums: WasmGlobal;
  readonly order: WasmGlobal;
  readonly mayBeOwn: WasmGlobal;
  placeForLayouts(count: number): number;
  addLane(
    cpu: number,
    layouts: number,
    layoutCount: number,
    pages: number,
    pageBytes: number,
    commitOffset: number,
    dataOffset: number,
  ): number;
  placeForPages(lane: number, count: number): number;
  lend(lane: number, page: number, at: number, end: number, nowNs: number): number;
  hold(lane: number, timeNs: number): void;
  release(lane: number): void;
  pageOf(lane: number): number;
  atOf(lane: number): number;
  endOf(lane: number): number;
  nowOf(lane: number): number;
  recordsOf(lane: number): number;
  takeLaneEvents(lane: number): number;
  merge(lanes: number, limitNs: number): number;
  takeEvents(): number;
  findSite(low: number, high: number): number;
  addSite(low: number, high: number, id: number): void;
  clearSites(): void;
}

/** Places of assembly/raw.ts, `sums`. */
const Sum = { eventBytes: 0, nullFrees: 1, nullFreeBytes: 2, disordered: 3, youngestNs: 4, pageBytes: 5 } as const;
const SUMS = 6;
const FULL = -2;

/** How far a lane came in its pages. */
export interface LanePlace {
  /** Of those shown, the one that is open, and the offset in it where its data ends. */
  readonly page: number;
  readonly end: number;
  /** Offset in the page of the record that comes next. */
  readonly at: number;
  /** Time of the record before it. */
  readonly nowNs: number;
  /** Records that were taken. */
  readonly records: number;
}

/** Pids that somebody looks for. */
export interface SeenPids {
  /** By a pid's low 16 bits: nonzero where it may be one of them. */
  readonly seen: Uint8Array;
  /** Grows with every change of {@link seen}. */
  readonly changes: number;
}

/** A lane is what a CPU's stream lends: the page that it has open, and some behind it. Streams number their lanes. */
export class RawCore {
  readonly #wasm = instantiate(RAW_WASM) as RawExports;
  readonly #into: EventColumns;
  readonly #tasks: RawTasks | undefined;
  #views: Views;
  readonly #layouts = new WeakMap<readonly unknown[], { readonly at: number; readonly count: number }>();

  /** By lane. */
  readonly #cpus: number[] = [];
  /** Of the pids that the core was shown last. */
  #pidChanges = -1;

  /**
   * @param into where the events go
   * @param tasks says whose they are, where that is asked for
   */
  constructor(into: EventColumns, tasks?: RawTasks) {
    this.#into = into;
    this.#tasks = tasks;
    this.#views = this.#newViews();
  }

  /** Events that came behind a younger one. */
  get disordered(): number {
    return this.#current().sums[Sum.disordered];
  }

  /** An event was given out past this room. */
  passed(timeNs: number): void {
    const { sums } = this.#current();
    if (timeNs < sums[Sum.youngestNs]) sums[Sum.disordered] += 1;
    else sums[Sum.youngestNs] = timeNs;
  }

  /** @param pages of which at most so many are shown at a time */
  addLane(cpu: number, page: PageFormat, layouts: readonly (RecordLayout | undefined)[], pages: number): number {
    let placed = this.#layouts.get(layouts);
    if (placed === undefined) {
      const table = usualLayouts(layouts);
      placed = { at: this.#wasm.placeForLayouts(layouts.length), count: table.length / LAYOUT_WORDS };
      new Int32Array(this.#wasm.memory.buffer, placed.at, table.length).set(table);
      this.#layouts.set(layouts, placed);
    }
    const { commitOffset, dataOffset, dataSize } = page;
    this.#cpus.push(cpu);
    return this.#wasm.addLane(cpu, placed.at, placed.count, pages, dataOffset + dataSize, commitOffset, dataOffset);
  }

  /** Shows the lane other pages: the one that is open, and those behind it that it may open itself. */
  show(lane: number, pages: Uint8Array, count: number): void {
    this.#current().bytes.set(pages, this.#wasm.placeForPages(lane, count));
  }

  /** Records `[at, end)` of a page shown are next, `nowNs` is the time before them. False, and nothing happens, where the next one is not a usual one. */
  lend(lane: number, page: number, at: number, end: number, nowNs: number): boolean {
    return this.#wasm.lend(lane, page, at, end, nowNs) !== 0;
  }

  /** The lane's next record is of this time, and its stream's to take. */
  hold(lane: number, timeNs: number): void {
    this.#wasm.hold(lane, timeNs);
  }

  /** Gives the lane back to its stream. */
  release(lane: number): LanePlace {
    const wasm = this.#wasm;
    wasm.release(lane);
    return {
      page: wasm.pageOf(lane),
      at: wasm.atOf(lane),
      end: wasm.endOf(lane),
      nowNs: wasm.nowOf(lane),
      records: wasm.recordsOf(lane),
    };
  }

  /**
   * Begins a merge.
   *
   * @param lanes by rank: of records of the same time the first one's comes first
   * @param mayBeOwn of which the stream must look whose event it is: always the same ones
   */
  begin(lanes: readonly number[], mayBeOwn: SeenPids): void {
    const views = this.#current();
    views.order.set(lanes);
    if (this.#pidChanges === mayBeOwn.changes) return;
    views.mayBeOwn.set(mayBeOwn.seen);
    this.#pidChanges = mayBeOwn.changes;
  }

  /** Takes records of the first `lanes` lanes in order, none younger than `limitNs`; the lane that needs its stream, or undefined where there is none. */
  merge(lanes: number, limitNs: number): number | undefined {
    for (;;) {
      const needs = this.#wasm.merge(lanes, limitNs);
      if (needs !== FULL) return needs < 0 ? undefined : needs;
      this.flush();
    }
  }

  /** Puts what was merged behind the events that are there already. */
  flush(): void {
    const events = this.#wasm.takeEvents();
    const into = this.#into;
    const views = this.#current();
    const { sums } = views;
    const { lines, bytes } = into.tally;
    lines[LineClass.event] += events;
    bytes[LineClass.event] += sums[Sum.eventBytes];
    lines[LineClass.nullFree] += sums[Sum.nullFrees];
    bytes[LineClass.nullFree] += sums[Sum.nullFreeBytes];
    bytes[LineClass.padding] += sums[Sum.pageBytes];
    sums[Sum.eventBytes] = sums[Sum.nullFrees] = sums[Sum.nullFreeBytes] = sums[Sum.pageBytes] = 0;
    if (views.task !== undefined) this.#tasks?.ofPids(views.pids, events, views.task);
    into.copyFirst(views.columns, events);
    for (const [lane, cpu] of this.#cpus.entries()) into.countOn(cpu, this.#wasm.takeLaneEvents(lane));
  }

  /** The id of the call site at an address, or -1. */
  findSite(low: number, high: number): number {
    return this.#wasm.findSite(low, high);
  }

  addSite(low: number, high: number, id: number): void {
    this.#wasm.addSite(low, high, id);
  }

  clearSites(): void {
    this.#wasm.clearSites();
  }

  /** Views of the memory as it is now: it grows with lanes and call sites. */
  #current(): Views {
    if (this.#views.bytes.buffer !== this.#wasm.memory.buffer) this.#views = this.#newViews();
    return this.#views;
  }

  #newViews(): Views {
    return viewsOf(this.#wasm, this.#tasks === undefined ? undefined : new Uint32Array(this.#wasm.CAPACITY.value));
  }
}

type Views = ReturnType<typeof viewsOf>;

/** @param task where the ids of tasks go, which the module has as pids */
function viewsOf(wasm: RawExports, task: Uint32Array | undefined) {
  const { buffer } = wasm.memory;
  return {
    bytes: new Uint8Array(buffer),
    columns: task === undefined ? columnsOf(wasm) : { ...columnsOf(wasm), task },
    task,
    pids: tasksOf(wasm),
    sums: new Float64Array(buffer, wasm.sums.value, SUMS),
    order: new Uint32Array(buffer, wasm.order.value, wasm.MAX_LANES.value),
    mayBeOwn: new Uint8Array(buffer, wasm.mayBeOwn.value, 1 << 16),
  };
}
