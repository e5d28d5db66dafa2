/** A ledger's sums as the snapshot that every reader gets: O(call sites), whatever the number of live objects. */
import { IGNORED_REASONS, LineClass, type LineTally, REJECTED_REASONS } from "../model/line-tally.ts";
import { SNAPSHOT_SCHEMA } from "../model/schema-name.ts";
import type { CallerRow, InputAccount, Snapshot, SnapshotContext, Totals } from "../model/snapshot.ts";
import type { HiddenPointers, Untracked } from "../model/loss.ts";
import type { LedgerState } from "./ledger-options.ts";
import { Column, ROW } from "./site-rows.ts";

/** A double holds no larger integers one by one. No kernel allocates that much: sizes that came damaged and read all the same. */
const ROUNDED = `sizes add up to more than ${Number.MAX_SAFE_INTEGER} bytes, beyond which sums are rounded`;

export function composeSnapshot(state: LedgerState, context: SnapshotContext): Snapshot {
  const callers = callerRows(state).map(([, row]) => row);
  const rejected = state.tally.rejectedLines;
  const { lostEvents, lostUncounted } = state.loss;
  const totals = totalsOf(callers, state);
  // No other sum of bytes is larger.
  const rounded = totals.totalBytes > Number.MAX_SAFE_INTEGER ? [ROUNDED] : [];
  const damagedInput = [...(context.damagedInput ?? []), ...rounded];
  const hiddenPointers = state.hidden.sum();
  const untracked = state.untracked.sum();
  return {
    schema: SNAPSHOT_SCHEMA,
    exact:
      lostEvents === 0 &&
      lostUncounted === 0 &&
      rejected === 0 &&
      damagedInput.length === 0 &&
      hiddenPointers === undefined &&
      untracked === undefined,
    source: context.source,
    filter: state.filter,
    window: { firstEventNs: state.firstEventNs, lastEventNs: state.lastEventNs },
    totals,
    loss: {
      lostEvents,
      lostUncounted,
      histDropped: 0,
      unmatchedFrees: state.unmatchedFrees,
      impliedFrees: totals.impliedFrees,
      rejected,
      damagedInput,
      perCpu: state.loss.perCpu(),
      ...(hiddenPointers !== undefined && { hiddenPointers }),
      ...(untracked !== undefined && { untracked: untrackedOf(untracked) }),
    },
    input: inputAccount(state.tally),
    ...probedFrees(state.tally),
    callers,
  };
}

function untrackedOf({ allocs, bytes, requestedBytes }: HiddenPointers): Untracked {
  return { allocs, bytes, requestedBytes };
}

/** Call sites that allocated, by net bytes, ties by caller. */
export function callerRows(state: LedgerState): (readonly [site: number, row: CallerRow])[] {
  const { sums, callSites } = state;
  const sites: number[] = [];
  // A call site that only frees has no row, nor has one past the sums: it was seen after the last batch.
  for (let site = 0; site < callSites.size; site++) if (sums[site * ROW + Column.allocs] > 0) sites.push(site);
  const ranks = callSites.ranks();
  const netBytes = (site: number) => sums[site * ROW + Column.netBytes];
  sites.sort((a, b) => netBytes(b) - netBytes(a) || ranks[a] - ranks[b]);
  return sites.map((site) => [site, callerRow(state, site)] as const);
}

function callerRow({ sums, callSites, hidden, untracked, wrappers }: LedgerState, site: number): CallerRow {
  const at = site * ROW;
  const allocs = sums[at + Column.allocs];
  const frees = sums[at + Column.frees];
  const impliedFrees = sums[at + Column.impliedFrees];
  const netBytes = sums[at + Column.netBytes];
  const netRequestedBytes = sums[at + Column.netRequestedBytes];
  const unfollowed = hidden.of(site);
  const beyond = untracked.of(site);
  return {
    callSite: callSites.text(site),
    caller: callSites.caller(site),
    allocs,
    frees,
    impliedFrees,
    totalBytes: sums[at + Column.totalBytes],
    requestedBytes: sums[at + Column.requestedBytes],
    netBytes,
    netRequestedBytes,
    wasteBytes: netBytes - netRequestedBytes,
    peakNetBytes: sums[at + Column.peakNetBytes],
    liveObjects: allocs - frees - impliedFrees - (unfollowed?.allocs ?? 0) - (beyond?.allocs ?? 0),
    ...(unfollowed !== undefined && { hiddenAllocs: unfollowed.allocs, hiddenBytes: unfollowed.bytes }),
    ...(beyond !== undefined && { untrackedAllocs: beyond.allocs, untrackedBytes: beyond.bytes }),
    ...(wrappers?.has(site) === true && { wrapper: true as const, sizes: wrappers.sizesOf(site) }),
  };
}

function totalsOf(callers: readonly CallerRow[], { netBytes, peakNetBytes }: LedgerState): Totals {
  return { ...addUp(callers), netBytes, peakNetBytes };
}

/** Sums of rows; there is none of their peaks, which were not at the same time. */
export function addUp(callers: readonly CallerRow[]): Omit<Totals, "peakNetBytes"> {
  const totals = {
    allocs: 0,
    frees: 0,
    impliedFrees: 0,
    totalBytes: 0,
    requestedBytes: 0,
    netBytes: 0,
    netRequestedBytes: 0,
    wasteBytes: 0,
    liveObjects: 0,
    callSites: callers.length,
  };
  for (const row of callers) {
    totals.allocs += row.allocs;
    totals.frees += row.frees;
    totals.impliedFrees += row.impliedFrees;
    totals.totalBytes += row.totalBytes;
    totals.requestedBytes += row.requestedBytes;
    totals.netBytes += row.netBytes;
    totals.netRequestedBytes += row.netRequestedBytes;
    totals.wasteBytes += row.wasteBytes;
    totals.liveObjects += row.liveObjects;
  }
  return totals;
}

/** Nothing where no probe said anything. */
function probedFrees({ probed }: LineTally): Pick<Snapshot, "probed"> {
  return probed.rcuFrees + probed.bulkFrees > 0 ? { probed: { ...probed } } : {};
}

function inputAccount(tally: LineTally): InputAccount {
  const of = (lineClass: LineClass) => ({ lines: tally.lines[lineClass], bytes: tally.bytes[lineClass] });
  const named = (reasons: readonly (keyof typeof LineClass)[]) =>
    Object.fromEntries(reasons.map((reason) => [reason, of(LineClass[reason])]));
  return {
    bytes: tally.totalBytes,
    events: of(LineClass.event),
    ignored: named(IGNORED_REASONS),
    rejected: named(REJECTED_REASONS),
  };
}
