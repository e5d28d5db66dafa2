/** A target that does not exist, as the server sees one: so many callers, so many updates a second. */
import { Observable } from "rxjs";

const DIRECTORIES = [
  "fs/ext4",
  "fs/proc",
  "kernel/fork",
  "mm",
  "net/core",
  "drivers/tty",
  "block",
  "lib",
  "security/apparmor",
  "fs/fat",
];
/** Of the rows, those that change between two updates. */
const CHANGED = 0.1;

/** @returns updates as a live session makes them, as long as somebody listens */
export function generate({ callers, updatesPerSecond }) {
  return new Observable((subscriber) => {
    let rows = Array.from({ length: callers }, (_, i) => rowOf(i));
    const history = [];
    let tick = 0;
    const timer = setInterval(() => {
      tick += 1;
      rows = rows.map((row) => (Math.random() < CHANGED ? grown(row) : row));
      const sorted = [...rows].sort((a, b) => b.netBytes - a.netBytes);
      const totals = totalsOf(rows);
      const point = [tick / updatesPerSecond, totals.netBytes, totals.netRequestedBytes, totals.liveObjects];
      history.push(point);
      subscriber.next(updateOf({ sorted, totals, history, point, tick }));
    }, 1000 / updatesPerSecond);
    return () => clearInterval(timer);
  });
}

function rowOf(i) {
  const name = `bench_function_${i.toString(36)}`;
  const module = i % 7 === 0 ? ` [mod${i % 5}]` : "";
  const directory = DIRECTORIES[i % DIRECTORIES.length];
  const bytes = 64 * (1 + (i % 50));
  return {
    callSite: `${name}+0x${(16 + (i % 200)).toString(16)}/0x400${module}`,
    caller: `${name}+0x${(16 + (i % 200)).toString(16)}${module}`,
    allocs: 10,
    frees: 0,
    impliedFrees: 0,
    totalBytes: bytes * 10,
    requestedBytes: bytes * 9,
    netBytes: bytes * 10,
    netRequestedBytes: bytes * 9,
    wasteBytes: bytes,
    peakNetBytes: bytes * 10,
    liveObjects: 10,
    source: { file: `${directory}/file${i % 9}.c`, line: i, function: name, module: null, chain: [] },
  };
}

function grown(row) {
  const bytes = 64 * (1 + Math.floor(Math.random() * 8));
  const netBytes = row.netBytes + bytes;
  return {
    ...row,
    allocs: row.allocs + 1,
    totalBytes: row.totalBytes + bytes,
    requestedBytes: row.requestedBytes + bytes - 8,
    netBytes,
    netRequestedBytes: row.netRequestedBytes + bytes - 8,
    wasteBytes: row.wasteBytes + 8,
    peakNetBytes: netBytes,
    liveObjects: row.liveObjects + 1,
  };
}

function totalsOf(rows) {
  const names = [
    "allocs",
    "frees",
    "impliedFrees",
    "totalBytes",
    "requestedBytes",
    "netBytes",
    "netRequestedBytes",
    "wasteBytes",
    "peakNetBytes",
    "liveObjects",
  ];
  return {
    ...Object.fromEntries(names.map((name) => [name, rows.reduce((sum, row) => sum + row[name], 0)])),
    callSites: rows.length,
  };
}

function updateOf({ sorted, totals, history, point, tick }) {
  const nowMs = Date.now();
  const input = { bytes: tick * 1e5, events: { lines: tick * 1000, bytes: tick * 1e5 }, ignored: {}, rejected: {} };
  const loss = {
    ...{ lostEvents: 0, lostUncounted: 0, histDropped: 0, unmatchedFrees: 0, impliedFrees: 0, rejected: 0 },
    ...{ damagedInput: [], perCpu: [] },
  };
  return {
    link: {
      ...{ status: "streaming", sinceMs: nowMs - tick * 100, detail: "events are arriving", nowMs },
      ...{ bytesPerSecond: 1e6, eventsPerSecond: 1e4, lag: null, milestone: null },
    },
    snapshot: {
      ...{ schema: "kmemtap.snapshot/1", exact: true, filter: "all", totals, loss, input, callers: sorted },
      source: { label: "bench", recording: false, run: 1 },
      window: { firstEventNs: 0, lastEventNs: point[0] * 1e9 },
    },
    ...{
      history,
      newPoints: [point],
      alerts: [],
      newAlerts: [],
      marks: [],
      newMarks: [],
      previousRuns: [],
      began: true,
    },
  };
}
