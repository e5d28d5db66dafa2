/**
 * What each kernel stack holds: beside the ledger, whose rows are of the frames that stacks charge. Kept only where the trace has
 * stacks, since it follows every live object once more.
 */
import type { CallSiteTable } from "../model/call-site-table.ts";
import { type EventBatch, EventKind } from "../model/event-batch.ts";
import { functionOf } from "../model/function-name.ts";
import { NO_POINTER } from "../model/no-value.ts";
import type { AccountFilter, Snapshot, StackRow, Via } from "../model/snapshot.ts";
import type { StackName, StackSums } from "../model/stack-sums.ts";
import type { StackTable } from "../model/stack-table.ts";
import { countedKinds } from "./ledger-options.ts";
import { DOOMED, LedgerCore } from "./ledger-core.ts";
import { Column, ROW } from "./site-rows.ts";

export interface StackAccountOptions {
  readonly filter: AccountFilter;
  readonly maxObjects: number;
}

export class StackAccount {
  readonly #callSites: CallSiteTable;
  readonly #stacks: StackTable;
  readonly #options: StackAccountOptions;
  /** Its call sites are the ids of stacks. */
  #core: LedgerCore | undefined;
  /** Allocations of a stack that are not followed. */
  readonly #unfollowed = new Map<number, number>();

  constructor(callSites: CallSiteTable, stacks: StackTable, options: StackAccountOptions) {
    this.#callSites = callSites;
    this.#stacks = stacks;
    this.#options = options;
  }

  apply(batch: EventBatch): void {
    const { stack } = batch;
    if (stack === undefined) return;
    const { filter, maxObjects } = this.#options;
    const core = (this.#core ??= new LedgerCore(countedKinds(filter), maxObjects));
    core.prepare(this.#stacks.size, batch.length);
    const byStack = { ...batch, callSite: stack };
    for (let at = 0; at < batch.length; at += core.capacity) {
      const events = Math.min(batch.length - at, core.capacity);
      core.load(byStack, at, at + events);
      for (let i = core.apply(0, events); i < events; i = core.apply(i + 1, events))
        this.#applyUnusual(core, byStack, at + i);
    }
  }

  /** Hidden pointers are not followed, nor what is beyond the objects that there is memory for, unless it takes another's place. */
  #applyUnusual(core: LedgerCore, batch: EventBatch, i: number): void {
    const { kind, ptrLow, ptrHigh, callSite, bytesReq, bytesAlloc } = batch;
    if (kind[i] > EventKind.cacheAlloc) return;
    const isCounted = ((countedKinds(this.#options.filter) >> kind[i]) & 1) !== 0;
    const held = (ptrLow[i] | ptrHigh[i]) === NO_POINTER ? -1 : core.take(ptrLow[i], ptrHigh[i]);
    if (held >= 0) {
      if (held !== DOOMED) core.close(held, false);
      const objectClass = core.classOf(callSite[i], bytesReq[i], bytesAlloc[i], kind[i]);
      core.set(ptrLow[i], ptrHigh[i], objectClass);
      core.open(objectClass);
    } else if (isCounted) {
      core.countOnly(callSite[i], bytesReq[i], bytesAlloc[i]);
      this.#unfollowed.set(callSite[i], (this.#unfollowed.get(callSite[i]) ?? 0) + 1);
    }
  }

  /** Of every stack that allocated, in no order. What had none is not among them. */
  sums(): StackSums[] {
    if (this.#core === undefined) return [];
    const { sums } = this.#core;
    const all: StackSums[] = [];
    for (let id = 1; id * ROW < sums.length; id++) {
      const value = (column: number) => sums[id * ROW + column];
      const allocs = value(Column.allocs);
      if (allocs === 0) continue;
      const unfollowed = this.#unfollowed.get(id) ?? 0;
      const frees = value(Column.frees);
      const liveObjects = allocs - frees - value(Column.impliedFrees) - unfollowed;
      const [totalBytes, netBytes] = [value(Column.totalBytes), value(Column.netBytes)];
      all.push({ id, allocs, frees, totalBytes, netBytes, liveObjects });
    }
    return all;
  }

  /** The snapshot's rows with the wrappers through which they allocated. */
  withVia(callers: Snapshot["callers"]): Snapshot["callers"] {
    const bySite = new Map<string, Map<string, Via>>();
    for (const { id, allocs, totalBytes, netBytes } of this.sums()) {
      const { site, via } = this.#stacks.charge(id);
      if (via === undefined) continue;
      const callSite = this.#callSites.text(site);
      const ways = bySite.get(callSite) ?? new Map<string, Via>();
      bySite.set(callSite, ways);
      const way = ways.get(via) ?? { function: via, allocs: 0, totalBytes: 0, netBytes: 0 };
      way.allocs += allocs;
      way.totalBytes += totalBytes;
      way.netBytes += netBytes;
      ways.set(via, way);
    }
    if (bySite.size === 0) return callers;
    return callers.map((row) => {
      const ways = bySite.get(row.callSite);
      if (ways === undefined) return row;
      return {
        ...row,
        via: [...ways.values()].sort((a, b) => b.totalBytes - a.totalBytes || (a.function < b.function ? -1 : 1)),
      };
    });
  }

  /** The stacks that hold the most. */
  rows(most: number): StackRow[] {
    const largest = this.sums().sort((a, b) => b.netBytes - a.netBytes || b.totalBytes - a.totalBytes || a.id - b.id);
    return largest.slice(0, most).map(({ id, allocs, totalBytes, netBytes, liveObjects }) => ({
      ...this.nameOf(id),
      ...{ allocs, totalBytes, netBytes, liveObjects },
    }));
  }

  /** How a stack is told. */
  nameOf(id: number): StackName {
    return {
      frames: this.#stacks.frames(id).map((frame) => this.#callSites.text(frame)),
      caller: this.#callSites.caller(this.#stacks.charge(id).site),
    };
  }

  /** Of each stack that allocated: its functions, the outermost first, the call site that it charges, and its bytes. */
  named(): { functions: string[]; callSite: string; totalBytes: number; netBytes: number }[] {
    return this.sums().map(({ id, totalBytes, netBytes }) => {
      const functions = this.#stacks.frames(id).map((frame) => labelOf(this.#callSites.text(frame)));
      const callSite = this.#callSites.text(this.#stacks.charge(id).site);
      return { functions: functions.reverse(), callSite, totalBytes, netBytes };
    });
  }
}

/** `ext4_fill [ext4]`. */
function labelOf(callSite: string): string {
  const { name, module } = functionOf(callSite);
  return module === null ? name : `${name} [${module}]`;
}
