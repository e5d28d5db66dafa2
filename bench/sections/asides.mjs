/**
 * What is kept beside the account where it is asked for, and costs nothing where it is not: in nanoseconds an event, in this process, on
 * a real boot, with decoding and the plain account beside them.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { table } from "../table.mjs";

const BOOT = join(import.meta.dirname, "../../fixtures/6.1-amd64-demo/trace.txt.gz");
const CHUNK = 65_536;
const ROUNDS = 15;
const COLUMNS = ["kind", "ptrLow", "ptrHigh", "callSite", "bytesReq", "bytesAlloc", "cpu", "timeNs", "task"];

/** @returns {Promise<import('./index.mjs').SectionResult>} */
async function run({ say }) {
  const { EventLedger } = await import("../../build/accounting/ledger.js");
  const { LifetimeAccount } = await import("../../build/accounting/lifetimes.js");
  const { TaskAccount } = await import("../../build/accounting/task-account.js");
  const { TaskTable } = await import("../../build/model/task-table.js");
  const { TextDecoder } = await import("../../build/ftrace/text-decoder.js");
  const { CallSiteTable } = await import("../../build/model/call-site-table.js");
  const bytes = gunzipSync(readFileSync(BOOT));
  const callSites = new CallSiteTable();
  const batches = [];
  const tasks = new TaskTable();
  const decode = (take, options) => {
    const decoder = new TextDecoder(callSites, options);
    for (let at = 0; at < bytes.length; at += CHUNK) take(decoder.push(bytes.subarray(at, at + CHUNK)));
  };
  decode((batch) => batches.push(kept(batch)), { tasks });
  const events = batches.reduce((sum, { length }) => sum + length, 0);
  say(`${events} events of a boot, with and without what may be kept beside`);

  const perEvent = (make, apply) => (best(() => batches.forEach((batch) => apply(batch)), make) * 1e6) / events;
  let ledger;
  let lives;
  let byTask;
  const ignore = () => undefined;
  const measures = {
    decodeNs: (best(() => decode(ignore)) * 1e6) / events,
    decodeTasksNs: (best(() => decode(ignore, { tasks: new TaskTable() })) * 1e6) / events,
    ledgerNs: perEvent(
      () => (ledger = new EventLedger(callSites, { phases: true })),
      (batch) => ledger.applyRange(batch, 0, batch.length),
    ),
    inPhaseNs: perEvent(
      () => (ledger = new EventLedger(callSites, { phases: true })).enterPhase(1),
      (batch) => ledger.applyRange(batch, 0, batch.length),
    ),
    lifetimesNs: perEvent(
      () => (lives = new LifetimeAccount({ filter: "all", maxObjects: 1 << 24 })),
      (batch) => lives.apply(batch),
    ),
    tasksNs: perEvent(
      () => (byTask = new TaskAccount(tasks, callSites, { filter: "all", maxObjects: 1 << 24 })),
      (batch) => byTask.apply(batch),
    ),
  };
  const rows = [
    ["decoding text", measures.decodeNs],
    ["decoding text, with whose it is", measures.decodeTasksNs],
    ["the account", measures.ledgerNs],
    ["the account while a workload's phase runs", measures.inPhaseNs],
    ["--lifetimes, besides", measures.lifetimesNs],
    ["--tasks, besides", measures.tasksNs],
  ];
  const report = table(
    [`ns an event, best of ${ROUNDS}`, ""],
    rows.map(([name, ns]) => [name, ns.toFixed(0)]),
  );
  return { data: { events, ...measures }, measures, failed: false, report };
}

/** A decoder's columns are its own until the next chunk. */
function kept(batch) {
  const columns = COLUMNS.map((name) => [name, batch[name].slice(0, batch.length)]);
  return { ...Object.fromEntries(columns), length: batch.length };
}

function best(work, prepare = () => undefined) {
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    prepare();
    const startMs = performance.now();
    work();
    least = Math.min(least, performance.now() - startMs);
  }
  return least;
}

export const asides = { name: "what is kept beside the account", run };
