/**
 * The benchmark's input: a million or more real kmem events, kept between runs.
 *
 *   node bench/capture.mjs [--fresh] [--scale N] [--real-pointers]
 */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { cacheDirectory, readFacts, writeFacts } from "./capture/cache.mjs";
import { captureKernel } from "./capture/from-kernel.mjs";
import { repeatFixtures } from "./capture/from-fixtures.mjs";
import { parseOptions } from "./options.mjs";
import { accountFile } from "./peers/naive.mjs";

/**
 * @typedef {object} Input
 * @property {string} traceFile  ftrace text
 * @property {string | null} datFile  trace.dat with the same events; null: none could be made
 * @property {string | null} perfFile  perf.data of the same window; null: none could be made
 * @property {object} facts  what facts.json says
 * @property {string[]} caveats  what a reader of the results must know
 */

/**
 * @param {{ fresh: boolean, scale: number, realPointers: boolean }} options
 * @param {(message: string) => void} say progress, for stderr
 * @returns {Promise<Input>}
 */
export async function ensureInput({ fresh, scale, realPointers }, say) {
  const kind = `kernel${realPointers ? "-real-pointers" : ""}${scale === 1 ? "" : `-x${scale}`}`;
  const directory = emptyUnlessCached(kind, fresh);
  let facts = readFacts(directory);
  if (facts !== null) return describe(directory, facts);

  say("capturing this kernel (about a minute; kept for the next run)…");
  const captured = await captureKernel(directory, { scale, realPointers, say });
  if (captured.facts) return describe(directory, await finish(directory, captured.facts, say));

  say(`this kernel cannot be captured (${captured.reason}): repeating the fixtures instead`);
  const standIn = emptyUnlessCached("fixture", fresh);
  facts = readFacts(standIn);
  if (facts === null) {
    const repeated = repeatFixtures(standIn);
    if (!repeated.facts) throw new Error(`no input: ${captured.reason}; ${repeated.reason}`);
    facts = await finish(standIn, { ...repeated.facts, because: captured.reason }, say);
  }
  return describe(standIn, facts);
}

function emptyUnlessCached(kind, fresh) {
  const directory = cacheDirectory(kind);
  if (fresh) rmSync(directory, { recursive: true, force: true });
  // Real kernel addresses and task names: nobody else's business.
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return directory;
}

/** Counts what was captured, by the slow and independent way: facts.json then says what the input is like. */
async function finish(directory, facts, say) {
  say("counting what was captured…");
  const { totals } = await accountFile(join(directory, "trace.txt"));
  const complete = { ...facts, account: totals };
  writeFacts(directory, complete);
  return complete;
}

function describe(directory, facts) {
  const caveats = [];
  if (facts.source === "fixture")
    caveats.push(`the input is a fixture repeated ${facts.repeats} times, not a capture: ${facts.because}`);
  if (facts.perf === null) caveats.push("there is no perf.data: perf kmem cannot be compared");
  else if (facts.perf.lostRecords > 0)
    caveats.push(`perf lost events: ${facts.perf.lostRecords} LOST records in perf.data`);
  // Real captures have 3-20 %. A busy stranger (QEMU's writev is one) makes the input cheaper to account than real ones.
  const nullShare = facts.account.nullFrees / facts.trace.lines;
  if (nullShare > 0.25)
    caveats.push(`${(100 * nullShare).toFixed(0)} % of the events free NULL: retake with --fresh on a quiet machine`);
  if (facts.trace.lines < 1_000_000) caveats.push(`only ${facts.trace.lines} lines: too few for steady figures`);
  return {
    traceFile: join(directory, "trace.txt"),
    datFile: facts.dat === undefined ? null : join(directory, "trace.dat"),
    perfFile: facts.perf === null ? null : join(directory, "perf.data"),
    facts,
    caveats,
  };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const input = await ensureInput(parseOptions(process.argv.slice(2)), (message) => console.error(message));
  console.log(JSON.stringify(input, null, 2));
}
