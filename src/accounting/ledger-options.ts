/** What a ledger is asked for, and what it knows for those that make something of it. */
import type { CallSiteTable } from "../model/call-site-table.ts";
import { EventKind } from "../model/event-batch.ts";
import type { LineTally } from "../model/line-tally.ts";
import type { AccountFilter } from "../model/snapshot.ts";
import type { WrapperList } from "../model/wrapper-list.ts";
import type { HiddenObjects } from "./hidden-objects.ts";
import { BYTES_AN_OBJECT } from "./ledger-core.ts";
import type { LossAccount } from "./loss-account.ts";
import type { WrapperMarks } from "./wrapper-marks.ts";

export interface LedgerOptions {
  readonly filter?: AccountFilter;
  /** Keeps sums per phase of a workload: {@link EventLedger.enterPhase}. */
  readonly phases?: boolean;
  /** Remembers when each live object was allocated, for its age: 12 bytes an object. */
  readonly objects?: boolean;
  /** Live objects that are followed at the same time; what is allocated beyond them is counted, and not followed. */
  readonly maxObjects?: number | undefined;
  /** Functions whose rows are marked: they allocate for their callers. */
  readonly wrappers?: WrapperList | undefined;
}

const DEFAULT_MEMORY_MB = 1024;

/** Live objects that so many MiB hold, at the most that each of them takes. */
export function maxObjectsIn(memoryMb = DEFAULT_MEMORY_MB): number {
  return Math.floor((memoryMb * 2 ** 20) / BYTES_AN_OBJECT);
}

/** Bit {@link EventKind}: does an account hold allocations, and unmatched frees, of this kind? */
export function countedKinds(filter: AccountFilter): number {
  const malloc = filter === "cache" ? 0 : (1 << EventKind.kmalloc) | (1 << EventKind.kfree) | (1 << EventKind.rcuFree);
  const cache =
    filter === "malloc" ? 0 : (1 << EventKind.cacheAlloc) | (1 << EventKind.cacheFree) | (1 << EventKind.bulkFree);
  return malloc | cache;
}

/** What a ledger knows, for {@link composeSnapshot}. */
export interface LedgerState {
  readonly filter: AccountFilter;
  readonly sums: Float64Array;
  readonly callSites: LedgerSites;
  readonly netBytes: number;
  readonly peakNetBytes: number;
  readonly unmatchedFrees: number;
  readonly firstEventNs: number | null;
  readonly lastEventNs: number | null;
  readonly tally: LineTally;
  readonly loss: LossAccount;
  readonly hidden: HiddenObjects;
  readonly untracked: HiddenObjects;
  readonly wrappers: WrapperMarks | undefined;
}

/** What a ledger's rows are of: call sites, or what stands in their place. */
export type LedgerSites = Pick<CallSiteTable, "size" | "text" | "caller" | "freesTo" | "asksForZeros" | "ranks">;
