/**
 * Frees that raise no event, told by probes (docs/hidden-frees.md): one record of kvfree_call_rcu is an object, one of
 * kmem_cache_free_bulk as many as its array holds. They enter a batch as frees like others.
 */
import { EventKind } from "../model/event-batch.ts";
import { LineClass } from "../model/line-tally.ts";
import type { EventColumns } from "./event-columns.ts";

/** A 64-bit number. */
export interface Wide {
  readonly low: number;
  readonly high: number;
}

/** kvfree_call_rcu's second argument is the object's offset before its rcu_head where it is below this, in Linux up to 6.1 (linux/rcupdate.h). */
const OFFSETS = 4096;

/** The object that kvfree_call_rcu is asked to free: both arguments as they are, whatever the kernel's version. */
export function rcuObject(head: Wide, second: Wide): Wide {
  if (second.high !== 0 || second.low >= OFFSETS) return second;
  return { low: (head.low - second.low) >>> 0, high: (head.high - (head.low < second.low ? 1 : 0)) >>> 0 };
}

/** Where and when a record was written, and its bytes in the input. */
export interface ProbedAt {
  readonly site: number;
  readonly cpu: number;
  readonly timeNs: number;
  readonly bytes: number;
}

export function addRcuFree(columns: EventColumns, head: Wide, second: Wide, at: ProbedAt): void {
  const object = rcuObject(head, second);
  columns.tally.probed.rcuFrees += 1;
  addFrees(columns, EventKind.rcuFree, [object], at);
}

/** @param count all that were freed; those beyond `objects` are counted, and not followed */
export function addBulkFree(
  columns: EventColumns,
  hasCache: boolean,
  count: number,
  objects: readonly Wide[],
  at: ProbedAt,
): void {
  columns.tally.probed.bulkFrees += count;
  // Without a cache: nearly all are kfree_rcu's, and those that do not stand here have been freed by it already.
  if (hasCache) columns.tally.probed.notFollowed += count - objects.length;
  addFrees(columns, EventKind.bulkFree, objects, at);
}

function addFrees(columns: EventColumns, kind: EventKind, objects: readonly Wide[], at: ProbedAt): void {
  const { tally } = columns;
  const freed = objects.filter(({ low, high }) => (low | high) !== 0);
  tally.bytes[freed.length > 0 ? LineClass.event : LineClass.nullFree] += at.bytes;
  tally.lines[freed.length > 0 ? LineClass.event : LineClass.nullFree] += Math.max(1, freed.length);
  columns.reserve(freed.length);
  for (const { low, high } of freed) {
    const i = columns.length++;
    columns.kind[i] = kind;
    columns.ptrLow[i] = low;
    columns.ptrHigh[i] = high;
    columns.callSite[i] = at.site;
    columns.cpu[i] = at.cpu;
    columns.timeNs[i] = at.timeNs;
    columns.bytesReq[i] = columns.bytesAlloc[i] = 0;
  }
}
