/**
 * Which task allocated what is held: a second ledger beside the first, whose rows are pairs of a task and a call site. So its sums follow the
 * same rules and add up to the same totals, and who does not ask pays nothing.
 */
import type { CallSiteTable } from "../model/call-site-table.ts";
import { type EventBatch, EventKind } from "../model/event-batch.ts";
import type { AccountFilter, CallerRow } from "../model/snapshot.ts";
import { NO_TASK, type TaskTable } from "../model/task-table.ts";
import { EventLedger } from "./ledger.ts";
import { FREEING_PAIR, TaskPairs } from "./task-pairs.ts";

/** Each takes some 130 bytes: 32 MiB. */
const MOST_PAIRS = 1 << 18;

export interface TaskOptions {
  readonly filter: AccountFilter;
  /** Live objects that are followed. */
  readonly maxObjects: number;
  /** Pairs of a task and a call site that are told apart. */
  readonly maxPairs?: number;
}

export class TaskAccount {
  readonly tasks: TaskTable;
  readonly #pairs: TaskPairs;
  readonly #ledger: EventLedger;
  #column = new Uint32Array(0);

  /** @param tasks which the batches' column is of */
  constructor(tasks: TaskTable, callSites: CallSiteTable, { filter, maxObjects, maxPairs = MOST_PAIRS }: TaskOptions) {
    this.tasks = tasks;
    this.#pairs = new TaskPairs(callSites, maxPairs);
    this.#ledger = new EventLedger(this.#pairs, { filter, maxObjects });
  }

  apply(batch: EventBatch): void {
    const { length, kind, callSite, task } = batch;
    if (this.#column.length < length) this.#column = new Uint32Array(2 * length);
    for (let i = 0; i < length; i++) {
      this.#column[i] =
        kind[i] > EventKind.cacheAlloc ? FREEING_PAIR : this.#pairs.idOf(task?.[i] ?? NO_TASK, callSite[i]);
    }
    this.#ledger.applyRange({ ...batch, callSite: this.#column }, 0, length);
  }

  /** By task: what each of its call sites allocated, the most net bytes first. O(pairs). */
  byTask(): Map<number, CallerRow[]> {
    const tasks = new Map<number, CallerRow[]>();
    for (const [pair, row] of this.#ledger.rows()) {
      const task = this.#pairs.taskOf(pair);
      const rows = tasks.get(task);
      if (rows === undefined) tasks.set(task, [row]);
      else rows.push(row);
    }
    return tasks;
  }
}
