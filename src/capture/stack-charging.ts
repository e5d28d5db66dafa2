/** Kernel stacks in an account: the stage before it, that charges by them, and the account of each stack beside it. */
import { StackAccount, type StackAccountOptions } from "../accounting/stack-account.ts";
import { StackJoin } from "../ftrace/stack-join.ts";
import type { CallSiteTable } from "../model/call-site-table.ts";
import type { EventBatch } from "../model/event-batch.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { StackTable } from "../model/stack-table.ts";
import type { WrapperList } from "../model/wrapper-list.ts";

export interface StackOptions extends StackAccountOptions {
  readonly wrappers?: WrapperList | undefined;
  /** The trace has stacks from its first event on. */
  readonly isExpected?: boolean;
  /** Different stacks that are kept. */
  readonly max?: number | undefined;
  /** Stacks that a snapshot lists; none unless given. */
  readonly rows?: number | undefined;
}

/** Stacks in what `--json` prints. */
export const MAX_STACK_ROWS = 1000;

export class StackCharging {
  readonly account: StackAccount;
  readonly #join: StackJoin;
  readonly #stacks: StackTable;
  readonly #rows: number | undefined;

  constructor(callSites: CallSiteTable, options: StackOptions) {
    this.#stacks = new StackTable(callSites, options.wrappers, options.max);
    this.#join = new StackJoin(this.#stacks, options.isExpected);
    this.#rows = options.rows;
    this.account = new StackAccount(callSites, this.#stacks, options);
  }

  /** A decoder's batch, with its allocations charged by their stacks; events may come later than they came in. */
  take(batch: EventBatch): EventBatch {
    return this.#join.take(batch);
  }

  /** As {@link take}, for the last batch. */
  end(batch: EventBatch): EventBatch {
    return this.#join.end(batch);
  }

  /** True once the trace has shown a stack. */
  get any(): boolean {
    const { charged, unmatched } = this.#join.counts;
    return charged + unmatched > 0;
  }

  /** What a snapshot of the same events lacks. */
  complete(snapshot: Snapshot): Snapshot {
    if (!this.any) return snapshot;
    const { beyond, size } = this.#stacks;
    const rows = this.#rows === undefined ? {} : { rows: this.account.rows(this.#rows) };
    const stacks = { ...this.#join.counts, distinct: size - 1, beyond, ...rows };
    return { ...snapshot, callers: this.account.withVia(snapshot.callers), stacks };
  }
}
