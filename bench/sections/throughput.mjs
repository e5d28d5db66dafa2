/** Section: every peer over the same input, in interleaved rounds, medians. */
import { median, Measurer } from "../measure.mjs";
import { warmPageCache } from "../page-cache.mjs";
import { PEERS } from "../peers/index.mjs";
import { figure, table } from "../table.mjs";

/** A tool slower than this runs once: its own noise is small, and the rounds stay close together. */
const SLOW_SECONDS = 10;

/** @type {import('./index.mjs').Section} */
export const throughput = {
  name: "decoding, whole processes",
  async run({ input, options, say, accounts }) {
    const chosen = PEERS.filter((peer) => options.only === null || options.only.includes(peer.id));
    const rows = chosen.map((peer) => ({ peer, costs: [], trouble: peer.unavailable(input) }));
    for (const file of [input.traceFile, input.datFile, input.perfFile]) if (file !== null) warmPageCache(file);
    const measurer = new Measurer();
    try {
      // Round by round and not tool by tool: what else the machine does then falls on all of them alike.
      for (let round = 0; round < options.rounds; round++) {
        for (const row of rows) {
          if (row.trouble !== null || row.costs[0]?.wallSeconds > SLOW_SECONDS) continue;
          say(`round ${round + 1} of ${options.rounds}: ${row.peer.name}`);
          await measureOnce(row, input, measurer, accounts);
        }
      }
    } finally {
      measurer.close();
    }
    const results = withRatios(rows.map((row) => summarize(row, input)));
    return {
      data: results,
      measures: measuresOf(results),
      failed: results.some((result) => result.id.startsWith("kmemtap") && result.failed),
      report: render(results),
    };
  },
};

async function measureOnce(row, input, measurer, accounts) {
  try {
    const cost = await measurer.measure(row.peer.command(input));
    // Once is enough: the tools are deterministic, and the next measurement overwrites the output.
    if (row.costs.length === 0 && row.peer.readAccount)
      accounts.set(row.peer.id, row.peer.readAccount(cost.stdoutFile));
    row.costs.push(cost);
  } catch (error) {
    row.trouble = error.message;
    row.failed = true;
  }
}

function summarize({ peer, costs, trouble, failed = false }, input) {
  const base = { id: peer.id, name: peer.name, rounds: costs.length, trouble, failed };
  if (trouble !== null) return base;
  const events = peer.events?.(input) ?? input.facts.trace.lines;
  const cpuSeconds = median(costs.map((cost) => cost.cpuSeconds));
  const peaks = costs.map((cost) => cost.peakMiB).filter((peak) => peak !== null);
  return {
    ...base,
    events,
    cpuSeconds,
    wallSeconds: median(costs.map((cost) => cost.wallSeconds)),
    eventsPerCpuSecond: events / cpuSeconds,
    peakMiB: peaks.length > 0 ? median(peaks) : null,
    spread: Math.max(...costs.map((cost) => cost.cpuSeconds)) / Math.min(...costs.map((cost) => cost.cpuSeconds)),
  };
}

/** Absolute figures move from machine to machine, ratios within one run hardly do. */
function withRatios(results) {
  const of = (id) => results.find((result) => result.id === id && result.trouble === null);
  const [grep, mawk, perf] = [of("grep"), of("mawk"), of("perf")];
  return results.map((result) => {
    if (result.trouble !== null) return result;
    return {
      ...result,
      // CPU for the same text: smaller is better.
      timesGrepCpu: grep && result.id !== "perf" ? result.cpuSeconds / grep.cpuSeconds : null,
      // Speed, larger is better; by events/s, as perf.data holds slightly other events.
      timesMawkSpeed: mawk ? result.eventsPerCpuSecond / mawk.eventsPerCpuSecond : null,
      timesPerfSpeed: perf ? result.eventsPerCpuSecond / perf.eventsPerCpuSecond : null,
    };
  });
}

/** What the targets ask of the product; absent when it was not measured. */
function measuresOf(results) {
  const of = (id) => results.find((result) => result.id === id && result.trouble === null);
  const [text, raw, hist] = [of("kmemtap"), of("kmemtap-raw"), of("trace-cmd-hist")];
  return {
    ...(text && {
      textTimesGrep: text.timesGrepCpu,
      textTimesPerf: text.timesPerfSpeed,
      textTimesMawk: text.timesMawkSpeed,
      textPeakMiB: text.peakMiB,
    }),
    ...(raw && {
      rawTimesGrep: raw.timesGrepCpu,
      rawTimesPerf: raw.timesPerfSpeed,
      rawPeakMiB: raw.peakMiB,
      ...(hist && { rawTimesTraceCmdHist: raw.eventsPerCpuSecond / hist.eventsPerCpuSecond }),
    }),
  };
}

function render(results) {
  const header = [
    "tool",
    "CPU s",
    "wall s",
    "M events/s",
    "CPU × grep",
    "speed × mawk",
    "speed × perf",
    "peak MiB",
    "rounds",
    "spread",
  ];
  const cells = results.map((result) =>
    result.trouble === null
      ? [
          result.name,
          result.cpuSeconds.toFixed(3),
          result.wallSeconds.toFixed(3),
          // A rate of events would mislead for the floor: it does not look at any.
          result.id === "cat" ? "–" : figure(result.eventsPerCpuSecond / 1e6),
          figure(result.timesGrepCpu),
          result.id === "cat" ? "–" : figure(result.timesMawkSpeed),
          result.id === "cat" ? "–" : figure(result.timesPerfSpeed),
          figure(result.peakMiB),
          String(result.rounds),
          result.rounds > 1 ? `${Math.round((result.spread - 1) * 100)} %` : "–",
        ]
      : [result.name, ...Array(9).fill("–")],
  );
  const troubles = results
    .filter((result) => result.trouble !== null)
    .map((result) => `${result.name}: ${result.trouble}`);
  const legend =
    "CPU s: user + system of the whole process, median; events/s are per CPU second; spread: slowest round over fastest";
  return [table(header, cells), legend, ...troubles].join("\n");
}
