/**
 * What is done to nearly every line, in WebAssembly (assembly/text.ts): the usual kmem events. It knows heads, call sites and endings of
 * lines that it was taught, by their text; here is how the rest of the room gets at it.
 */
import { LineClass } from "../model/line-tally.ts";
import { columnsOf, type TaskExports, tasksOf } from "../wasm/columns.ts";
import { instantiate, type WasmGlobal } from "../wasm/instantiate.ts";
import { TEXT_WASM } from "../wasm/text-module.ts";
import { SPACE } from "./ascii.ts";
import type { EventColumns } from "./event-columns.ts";
import { type EventPieces, StretchPlace } from "./event-pieces.ts";
import type { LineHead } from "./line-head.ts";

interface TextExports extends TaskExports {
  readonly WINDOW: WasmGlobal;
  readonly MAX_LINE: WasmGlobal;
  readonly text: WasmGlobal;
  readonly sums: WasmGlobal;
  read(from: number, to: number, pointerDigits: number): number;
  takeEvents(): number;
  readHeads(): void;
  teachHead(at: number, bytes: number, cpu: number, task: number): void;
  teachSite(at: number, bytes: number, id: number): void;
  teachStretch(place: number, site: number, at: number, bytes: number): void;
}

/** Places of assembly/text.ts, `sums`. */
const Sum = { eventBytes: 0, nullFrees: 1, nullFreeBytes: 2, clockNs: 3 } as const;
const SUMS = 4;

export class TextCore {
  readonly #wasm = instantiate(TEXT_WASM) as TextExports;
  readonly #into: EventColumns;
  readonly #window: number;
  readonly #maxLine: number;
  readonly #capacity: number;
  #views: Views;
  #bytes: Uint8Array = new Uint8Array(0);
  /** The module is shown the lines that begin in `[#from, #to)`, and what stands behind them up to `#shownEnd`. */
  #from = 0;
  #to = 0;
  #shownEnd = 0;

  /** @param into where the events go */
  constructor(into: EventColumns) {
    this.#into = into;
    if (into.task === undefined) this.#wasm.readHeads();
    this.#views = this.#newViews();
    this.#window = this.#wasm.WINDOW.value;
    this.#maxLine = this.#wasm.MAX_LINE.value;
    this.#capacity = this.#wasm.CAPACITY.value;
  }

  /** The buffer that positions refer to from now on. */
  attach(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#from = this.#to = 0;
  }

  /**
   * Takes lines from `at` on, as far as they are usual, up to `limit`, where a line begins. Leaves the clock of the last one in `head`.
   *
   * @param pointerDigits of this trace's pointers: 8 or 16
   * @returns where the first line begins that was not taken
   */
  read(at: number, limit: number, pointerDigits: number, head: LineHead): number {
    let p = at;
    while (p < limit) {
      if (p >= this.#to) this.#show(p, limit);
      const from = this.#from;
      const stopped = from + this.#wasm.read(p - from, this.#to - from, pointerDigits);
      if (stopped === p) break;
      p = stopped;
      const isFull = this.#flush(head) === this.#capacity;
      if (p < this.#to && !isFull) break;
    }
    return p;
  }

  /** Shows the module the lines from `at` on: all, or as many as there is room for. */
  #show(at: number, limit: number): void {
    const end = Math.min(at + this.#window, limit);
    this.#from = at;
    this.#to = end;
    this.#shownEnd = Math.min(end + this.#maxLine, limit);
    this.#current().text.set(this.#bytes.subarray(at, this.#shownEnd));
  }

  /** Puts what was read behind the events that are there already; how many were read. */
  #flush(head: LineHead): number {
    const events = this.#wasm.takeEvents();
    const { sums, columns } = this.#current();
    const { lines, bytes } = this.#into.tally;
    lines[LineClass.event] += events;
    bytes[LineClass.event] += sums[Sum.eventBytes];
    lines[LineClass.nullFree] += sums[Sum.nullFrees];
    bytes[LineClass.nullFree] += sums[Sum.nullFreeBytes];
    sums[Sum.eventBytes] = sums[Sum.nullFrees] = sums[Sum.nullFreeBytes] = 0;
    head.timeNs = sums[Sum.clockNs];
    this.#into.copyFirst(columns, events);
    return events;
  }

  /**
   * Teaches it the pieces of a line that was read elsewhere, and found to be an event or a free of NULL from its first byte to its last.
   *
   * @param at where the line begins, which was the first one that {@link read} did not take
   * @param head what its head says
   * @param task whose it is, where the batch has that
   */
  learn(at: number, next: number, head: LineHead, task: number, pieces: EventPieces): void {
    if (at < this.#from || at >= this.#to || next > this.#shownEnd) return;
    const from = this.#from;
    const wasm = this.#wasm;
    // With the space behind it, so that it is whole; where there is none, the clock has begun.
    if (this.#bytes[head.clockAt] === SPACE) wasm.teachHead(at - from, head.clockAt + 1 - at, head.cpu, task);
    const { site, siteAt, siteEnd, gapAt, gapEnd, tailPlace, tailAt } = pieces;
    if (site >= 0) wasm.teachSite(siteAt - from, siteEnd - siteAt, site);
    if (gapEnd > gapAt) wasm.teachStretch(StretchPlace.beforeSizes, site, gapAt - from, gapEnd - gapAt);
    wasm.teachStretch(tailPlace, site, tailAt - from, next - tailAt);
  }

  #current(): Views {
    if (this.#views.text.buffer !== this.#wasm.memory.buffer) this.#views = this.#newViews();
    return this.#views;
  }

  #newViews(): Views {
    return viewsOf(this.#wasm, this.#into.task !== undefined);
  }
}

type Views = ReturnType<typeof viewsOf>;

function viewsOf(wasm: TextExports, withTasks: boolean) {
  const { buffer } = wasm.memory;
  return {
    columns: withTasks ? { ...columnsOf(wasm), task: tasksOf(wasm) } : columnsOf(wasm),
    text: new Uint8Array(buffer, wasm.text.value, wasm.WINDOW.value + wasm.MAX_LINE.value),
    sums: new Float64Array(buffer, wasm.sums.value, SUMS),
  };
}
