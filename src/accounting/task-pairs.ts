/**
 * Pairs of a task and a call site as small integers, for a ledger whose rows are those of pairs.
 *
 * Beyond the most that are kept, what another pair allocates is the other tasks', whose pairs always find room: there are no more than call sites.
 */
import type { CallSiteTable } from "../model/call-site-table.ts";
import { OTHER_TASKS } from "../model/task-table.ts";
import type { LedgerSites } from "./ledger-options.ts";

/** All that frees: a free is charged to the pair that allocated, whoever frees. */
export const FREEING_PAIR = 0;
const FIRST = 1;

export class TaskPairs implements LedgerSites {
  readonly #callSites: CallSiteTable;
  readonly #most: number;
  #size = FIRST;
  #tasks = new Uint32Array(1024);
  #sites = new Uint32Array(1024);
  /** Open addressing: a pair, or 0 where free. */
  #slots = new Uint32Array(4096);

  constructor(callSites: CallSiteTable, most: number) {
    this.#callSites = callSites;
    this.#most = most;
  }

  get size(): number {
    return this.#size;
  }

  taskOf(pair: number): number {
    return this.#tasks[pair];
  }

  text(pair: number): string {
    return this.#callSites.text(this.#sites[pair]);
  }

  caller(pair: number): string {
    return this.#callSites.caller(this.#sites[pair]);
  }

  asksForZeros(pair: number): boolean | undefined {
    return this.#callSites.asksForZeros(this.#sites[pair]);
  }

  freesTo(pair: number): string | undefined {
    return this.#callSites.freesTo(this.#sites[pair]);
  }

  ranks(): Uint32Array {
    const ranks = this.#callSites.ranks();
    return Uint32Array.from({ length: this.#size }, (_, pair) => ranks[this.#sites[pair]]);
  }

  idOf(task: number, site: number): number {
    const mask = this.#slots.length - 1;
    let slot = slotOf(task, site) & mask;
    for (let pair = this.#slots[slot]; pair !== 0; pair = this.#slots[slot]) {
      if (this.#sites[pair] === site && this.#tasks[pair] === task) return pair;
      slot = (slot + 1) & mask;
    }
    if (this.#size >= this.#most && task !== OTHER_TASKS) return this.idOf(OTHER_TASKS, site);
    return this.#add(task, site, slot);
  }

  #add(task: number, site: number, slot: number): number {
    const pair = this.#size++;
    if (pair === this.#tasks.length) {
      this.#tasks = doubled(this.#tasks);
      this.#sites = doubled(this.#sites);
    }
    this.#tasks[pair] = task;
    this.#sites[pair] = site;
    this.#slots[slot] = pair;
    if (this.#size * 2 > this.#slots.length) this.#growSlots();
    return pair;
  }

  #growSlots(): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let pair = FIRST; pair < this.#size; pair++) {
      let slot = slotOf(this.#tasks[pair], this.#sites[pair]) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = pair;
    }
    this.#slots = slots;
  }
}

function slotOf(task: number, site: number): number {
  const hash = Math.imul(task, 0x9e3779b1) ^ Math.imul(site, 0x85ebca6b);
  return hash ^ (hash >>> 15);
}

function doubled(column: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const longer = new Uint32Array(column.length * 2);
  longer.set(column);
  return longer;
}
