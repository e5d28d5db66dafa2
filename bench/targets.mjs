/**
 * What kmemtap promises (`must`) and hopes for (`aim`), and what was measured.
 *
 * All of the project's performance targets are listed, also those that no section measures yet: an absent row would look
 * like a kept promise.
 */
import { figure, table } from "./table.mjs";

const atMost = (must, aim) => ({ must, aim, sign: "≤", keeps: (value, limit) => value <= limit });
const atLeast = (must, aim) => ({ must, aim, sign: "≥", keeps: (value, limit) => value >= limit });

/** `measure` names a section's measure; where none has it, `elsewhere` says what shows it. The order is that of the tables in the project's performance notes. */
export const TARGETS = [
  { measure: "textTimesGrep", title: "text: CPU × grep -c", ...atMost(3.0, 2.0) },
  { measure: "textTimesGrep", title: "text: CPU × grep -c, with WebAssembly", ...atMost(null, 0.9) },
  { measure: "textTimesPerf", title: "text: × perf kmem's events/s", ...atLeast(1.0, null) },
  { measure: "textTimesTraceAnalyze", title: "text: × trace_analyze's port", ...atLeast(20, 30) },
  { measure: "textTimesMawk", title: "text: × mawk", ...atLeast(5, 8) },
  { measure: "tcpMillionEventsPerSecond", title: "text over loopback TCP, M events/s", ...atLeast(4, 6) },
  { measure: "rawTimesPerf", title: "raw, merged: × perf kmem", ...atLeast(2.5, 6) },
  { measure: "rawTimesTraceCmdHist", title: "raw, merged: × trace-cmd hist", ...atLeast(1.5, null) },
  { measure: "rawTimesGrep", title: "raw, merged: CPU × grep on the events' text", ...atMost(1.2, null) },
  {
    measure: "liveRawLost",
    elsewhere: "npm run bench:live",
    title: "live raw, saturated CPU: events lost",
    ...atMost(0, null),
  },
  {
    measure: "liveRawCores",
    elsewhere: "npm run bench:live",
    title: "live raw, saturated CPU: cores used",
    ...atMost(0.2, 0.1),
  },
  { measure: "textPeakMiB", title: "memory, 7 M events, MiB", ...atMost(110, 70) },
  { measure: "rawPeakMiB", title: "memory, 7 M events raw, MiB", ...atMost(110, 70) },
  { measure: "ledgerBytesPerLiveObject", title: "bytes a live object", ...atMost(24, 12) },
  { measure: "ledgerGrowPauseMs", title: "longest pause to grow, ms", ...atMost(20, 5) },
  { measure: "manyLiveMillionEventsPerSecond", title: "3 M live objects: M events/s", ...atLeast(2, null) },
  { measure: "manyLivePeakMiB", title: "3 M live objects: MiB", ...atMost(200, 120) },
  { measure: "snapshotMs", title: "snapshot at 10 k call sites, ms", ...atMost(5, 1) },
  { measure: "viewerP95Ms", elsewhere: "npm run bench:serve", title: "event to viewer, 95 %, ms", ...atMost(250, 100) },
  {
    measure: "uartExactEventsPerSecond",
    elsewhere: "proof slow-link",
    title: "UART at 115200: events/s with exact net",
    ...atLeast(20_000, 50_000),
  },
];

/** @param {Record<string, number | null>} measures by name, of all sections */
export function judge(measures) {
  return TARGETS.map(({ measure, title, must, aim, sign, keeps, elsewhere = "not measured here" }) => {
    const value = measures[measure] ?? null;
    const verdict = (limit) => (limit === null || value === null ? null : keeps(value, limit));
    return { measure, title, elsewhere, sign, must, aim, value, mustMet: verdict(must), aimMet: verdict(aim) };
  });
}

/** @param {ReturnType<typeof judge>} judged */
export function renderTargets(judged) {
  const rows = judged.map(({ title, elsewhere, sign, must, aim, value, mustMet, aimMet }) => [
    title,
    value === null ? elsewhere : figure(value),
    limit(sign, must),
    word(mustMet),
    limit(sign, aim),
    word(aimMet),
  ]);
  return table(["target", "measured", "must", "", "aim", ""], rows);
}

const limit = (sign, value) => (value === null ? "–" : `${sign} ${value}`);
const word = (met) => (met === null ? "" : met ? "met" : "MISSED");
