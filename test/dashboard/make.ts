/** Messages as a server would send them, with only what a test is about spelled out. */
import type { CallerRow, Snapshot, Totals } from "../../src/model/snapshot.ts";
import type { Loss } from "../../src/model/loss.ts";
import type { Alert, ChangesMessage, LinkState, SnapshotMessage, TargetSummary } from "../../src/model/wire.ts";

export function row(callSite: string, part: Partial<CallerRow> = {}): CallerRow {
  return {
    callSite,
    caller: callSite.replace(/\/0x[0-9a-f]+/, ""),
    allocs: 1,
    frees: 0,
    impliedFrees: 0,
    totalBytes: 64,
    requestedBytes: 60,
    netBytes: 64,
    netRequestedBytes: 60,
    wasteBytes: 4,
    peakNetBytes: 64,
    liveObjects: 1,
    ...part,
  };
}

export const totals: Totals = {
  allocs: 1,
  frees: 0,
  impliedFrees: 0,
  totalBytes: 64,
  requestedBytes: 60,
  netBytes: 64,
  netRequestedBytes: 60,
  wasteBytes: 4,
  peakNetBytes: 64,
  liveObjects: 1,
  callSites: 1,
};

export const noLoss: Loss = {
  lostEvents: 0,
  lostUncounted: 0,
  histDropped: 0,
  unmatchedFrees: 0,
  impliedFrees: 0,
  rejected: 0,
  damagedInput: [],
  perCpu: [],
};

export const link: LinkState = {
  status: "streaming",
  sinceMs: 0,
  detail: "",
  nowMs: 0,
  bytesPerSecond: 0,
  eventsPerSecond: 0,
  idleSeconds: 0,
  lag: null,
  milestone: null,
};

export const summary: TargetSummary = {
  id: "target",
  label: "test",
  state: "running",
  detail: "",
  link: "streaming",
  netBytes: 64,
  bytesPerSecond: 0,
  exact: true,
  alerts: 0,
  actions: ["mark"],
};

export function alert(part: Partial<Alert> = {}): Alert {
  return {
    level: "lost",
    atMs: 5,
    timeNs: 2e9,
    cpu: 1,
    events: 10,
    text: "CPU 1 lost 10 events",
    help: "a larger buffer",
    ...part,
  };
}

const input: Snapshot["input"] = { bytes: 0, events: { lines: 0, bytes: 0 }, ignored: {}, rejected: {} };
const window: Snapshot["window"] = { firstEventNs: null, lastEventNs: null };

export function snapshotMessage(
  seq: number,
  callers: CallerRow[],
  part: Partial<SnapshotMessage> = {},
): SnapshotMessage {
  return {
    type: "snapshot",
    target: "target",
    seq,
    link,
    snapshot: {
      schema: "kmemtap.snapshot/1",
      exact: true,
      source: { label: "test", recording: false, run: 1 },
      filter: "all",
      window,
      totals,
      loss: noLoss,
      input,
      callers,
    },
    history: [],
    series: { times: [], callers: [], directories: [] },
    marks: [],
    alerts: [],
    previousRuns: [],
    ...part,
  };
}

export function changesMessage(
  since: number,
  seq: number,
  callers: CallerRow[],
  part: Partial<ChangesMessage> = {},
): ChangesMessage {
  return {
    type: "changes",
    target: "target",
    seq,
    since,
    link,
    exact: true,
    window,
    totals,
    loss: noLoss,
    input,
    callers,
    points: [],
    seriesPoints: [],
    marks: [],
    alerts: [],
    ...part,
  };
}
