/** The wire protocol's other end: a message and the page before it give the page after it. Pure. */
import type { CallerRow, Snapshot } from "../../model/snapshot.ts";
import type { TargetFacts } from "../../model/target-facts.ts";
import type { Alert, ChangesMessage, Series, ServerMessage, SnapshotMessage } from "../../model/wire.ts";
import type { ViewerRequest } from "../../model/wire-request.ts";
import type { Account, PageState, TargetState } from "./page-state.ts";
import { thinHistory } from "./thin-history.ts";

type HelloMessage = Extract<ServerMessage, { type: "hello" }>;

/** Spelled out, not imported: importing the value would put the schema library into the page. The type keeps it true. */
const PROTOCOL: HelloMessage["protocol"] = "kmemtap.wire/2";

/** A page may stay open for days: past this many points the history is thinned to half, peaks kept. */
export const HISTORY_LIMIT = 20_000;
/** Older alerts go first; the loss block's sums per CPU keep what they said. */
export const ALERT_LIMIT = 2_000;
export const MARK_LIMIT = 2_000;

export interface Outcome {
  readonly state: PageState;
  /** What to say back to the server; null mostly. */
  readonly reply: ViewerRequest | null;
}

/** @param nowMs wall clock of this viewer */
export function applyMessage(state: PageState, message: ServerMessage, nowMs: number): Outcome {
  if (state.problem !== null) return { state, reply: null };
  switch (message.type) {
    case "hello":
      return follow(greet(state, message));
    case "targets":
      return state.target === null
        ? follow({ ...state, targets: message.targets })
        : { state: { ...state, targets: message.targets }, reply: null };
    case "snapshot":
      if (message.target !== state.target) return { state, reply: null };
      return { state: replaceAccount(state, message, nowMs), reply: null };
    case "changes":
      if (message.target !== state.target) return { state, reply: null };
      return applyChanges(state, message, nowMs);
    case "reply":
      // Nothing was asked for that is answered.
      return { state, reply: null };
    default:
      // A newer server of the same protocol may say more; what this page does not know cannot alter the account.
      return { state, reply: null };
  }
}

function greet(state: PageState, hello: HelloMessage): PageState {
  // The type says that they are equal; the server that sent it may be of another version than this page.
  const spoken: string = hello.protocol;
  const { rights, targets } = hello;
  if (spoken === PROTOCOL) return { ...state, serverVersion: hello.version, sync: "none", rights, targets };
  return {
    ...state,
    serverVersion: hello.version,
    sync: "none",
    problem: `This page speaks ${PROTOCOL}, but kmemtap ${hello.version} at the other end speaks ${spoken}. Reload the page to get the one that belongs to it.`,
  };
}

/** Another target: nothing of the one before is shown for it. */
export function showTarget(state: PageState, target: string): { state: PageState; said: ViewerRequest[] } {
  if (target === state.target || !state.targets.some(({ id }) => id === target)) return { state, said: [] };
  const leave: ViewerRequest[] = state.target === null ? [] : [{ type: "unsubscribe", target: state.target }];
  return {
    state: { ...state, target, account: null, sync: "none", seq: 0 },
    said: [...leave, { type: "subscribe", target }],
  };
}

/** Subscribes to the target that is shown, or to the first there is: a server that was started again may have others. */
function follow(state: PageState): Outcome {
  if (state.problem !== null) return { state, reply: null };
  const target = (state.targets.find(({ id }) => id === state.target) ?? state.targets.at(0))?.id;
  if (target === undefined) return { state, reply: null };
  return { state: { ...state, target }, reply: { type: "subscribe", target } };
}

function replaceAccount(state: PageState, message: SnapshotMessage, nowMs: number): PageState {
  const account: Account = {
    ...splitSnapshot(message.snapshot),
    link: message.link,
    receivedMs: nowMs,
    history: thinHistory(message.history, HISTORY_LIMIT),
    series: message.series,
    marks: message.marks.slice(-MARK_LIMIT),
    others: message.others,
    alerts: message.alerts.slice(-ALERT_LIMIT),
    previousRuns: message.previousRuns,
    workload: message.workload,
  };
  return { ...state, account, seq: message.seq, sync: "current" };
}

/** What the target adds, apart from the account, and callers by call site. */
function splitSnapshot(snapshot: Snapshot) {
  const { callers, mode, modeReason, link, cpus, histMaps, gaps, findings, ...others } = snapshot;
  const { disorderedEvents, reconciliation, functionCounts, printk, release, buildId, bootId, ...rest } = others;
  // Spelled out, as the protocol is; the type asks for every fact there is.
  const target: Record<keyof TargetFacts, unknown> & TargetState = {
    mode,
    modeReason,
    link,
    cpus,
    histMaps,
    gaps,
    findings,
    disorderedEvents,
    reconciliation,
    functionCounts,
    printk,
    release,
    buildId,
    bootId,
  };
  return { ...rest, callers: new Map(callers.map((row) => [row.callSite, row])), target };
}

function applyChanges(state: PageState, message: ChangesMessage, nowMs: number): Outcome {
  // One question is enough: what was under way when it was asked is dropped until the answer comes.
  if (state.sync === "asked") return { state, reply: null };
  if (state.sync === "none" || state.account === null || message.since !== state.seq) {
    return { state: { ...state, sync: "asked" }, reply: { type: "resync", target: message.target } };
  }
  const before = state.account;
  const account: Account = {
    ...before,
    link: message.link,
    receivedMs: nowMs,
    exact: message.exact,
    window: message.window,
    totals: message.totals,
    loss: message.loss,
    input: message.input,
    target: message.facts === undefined ? before.target : { ...before.target, ...message.facts },
    ...(message.symbols !== undefined && { symbols: message.symbols }),
    ...(message.stacks !== undefined && { stacks: message.stacks }),
    callers: mergeCallers(before.callers, message.callers, message.gone ?? []),
    others: message.others,
    series: appendSeries(message.series ?? before.series, message.seriesPoints),
    marks: message.marks.length === 0 ? before.marks : before.marks.concat(message.marks).slice(-MARK_LIMIT),
    history: message.points.length === 0 ? before.history : appendHistory(before.history, message.points),
    alerts: message.alerts.length === 0 ? before.alerts : appendAlerts(before.alerts, message.alerts),
    workload: message.workload ?? before.workload,
  };
  return { state: { ...state, account, seq: message.seq }, reply: null };
}

function mergeCallers(
  before: ReadonlyMap<string, CallerRow>,
  changed: readonly CallerRow[],
  gone: readonly string[],
): ReadonlyMap<string, CallerRow> {
  // The same map when nothing changed, so that the table need not sort again.
  if (changed.length === 0 && gone.length === 0) return before;
  const merged = new Map(before);
  for (const row of changed) merged.set(row.callSite, row);
  for (const callSite of gone) merged.delete(callSite);
  return merged;
}

/** A point has the time, then the net of each caller, then of each directory. The server thins: it then sends a whole one. */
function appendSeries(before: Series, points: readonly (readonly number[])[]): Series {
  if (points.length === 0) return before;
  const grown = (lines: Series["callers"], from: number) =>
    lines.map(({ name, net }, i) => ({ name, net: net.concat(points.map((point) => point[from + i] ?? 0)) }));
  return {
    times: before.times.concat(points.map(([time]) => time)),
    callers: grown(before.callers, 1),
    directories: grown(before.directories, 1 + before.callers.length),
  };
}

function appendHistory(before: Account["history"], points: Account["history"]): Account["history"] {
  const joined = before.concat(points);
  return joined.length > HISTORY_LIMIT ? thinHistory(joined, HISTORY_LIMIT / 2) : joined;
}

function appendAlerts(before: readonly Alert[], alerts: readonly Alert[]): readonly Alert[] {
  return before.concat(alerts).slice(-ALERT_LIMIT);
}
