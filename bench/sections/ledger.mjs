/**
 * The ledger by itself, in this process: bytes a live object, the longest pause while the table grows, and what a snapshot
 * costs at many call sites. The events are made up, since what matters here is how many objects live, not what they are.
 */
import { table } from "../table.mjs";

const CALL_SITES = 10_000;
const LIVE_OBJECTS = 10_000_000;
const BATCH = 2000;
const SNAPSHOTS = 9;

/** @returns {Promise<import('./index.mjs').SectionResult>} */
async function run({ say }) {
  const { EventLedger } = await import("../../build/accounting/ledger.js");
  const { EventColumns } = await import("../../build/ftrace/event-columns.js");
  const { CallSiteTable } = await import("../../build/model/call-site-table.js");
  const callSites = new CallSiteTable();
  addCallSites(callSites);
  const ledger = new EventLedger(callSites);
  const columns = new EventColumns();

  say(`${LIVE_OBJECTS} live objects, ${CALL_SITES} call sites`);
  let worstBytes = 0;
  let longestMs = 0;
  for (let made = 0; made < LIVE_OBJECTS; made += BATCH) {
    fill(columns, made);
    const startMs = performance.now();
    ledger.apply(columns);
    longestMs = Math.max(longestMs, performance.now() - startMs);
    const { objects, bytes } = ledger.memory;
    // Below this the table's first size shows, not its growth.
    if (objects >= 100_000) worstBytes = Math.max(worstBytes, bytes / objects);
  }
  const { objects, bytes } = ledger.memory;
  const snapshotMs = median(
    Array.from({ length: SNAPSHOTS }, () =>
      timed(() => ledger.snapshot({ source: { label: "bench", recording: false, run: 1 } })),
    ),
  );

  const measures = { ledgerBytesPerLiveObject: worstBytes, ledgerGrowPauseMs: longestMs, snapshotMs };
  const report = table(
    ["ledger", ""],
    [
      ["live objects", String(objects)],
      ["bytes a live object, at the end", (bytes / objects).toFixed(1)],
      ["bytes a live object, the worst since 100,000", worstBytes.toFixed(1)],
      [`longest batch of ${BATCH} events, growth included, ms`, longestMs.toFixed(2)],
      [`snapshot at ${CALL_SITES} call sites, ms (median of ${SNAPSHOTS})`, snapshotMs.toFixed(2)],
    ],
  );
  return { data: { objects, bytes, ...measures }, measures, failed: false, report };
}

function addCallSites(callSites) {
  for (let i = 0; i < CALL_SITES; i++) {
    const text = Buffer.from(`function_${i}+0x${i.toString(16)}/0x10000    `);
    const length = text.length - 4;
    callSites.add(new DataView(text.buffer, text.byteOffset, text.length), 0, length, Math.imul(i, 0x9e3779b1));
  }
}

/** A batch of allocations at distinct addresses, 64 bytes apart as in a slab, spread over all call sites. */
function fill(columns, from) {
  columns.reset();
  for (let i = 0; i < BATCH; i++) {
    columns.reserve();
    const at = columns.length++;
    const address = (from + at) * 64;
    columns.kind[at] = 0;
    columns.ptrLow[at] = address >>> 0;
    columns.ptrHigh[at] = 0xffff8880 + Math.floor(address / 2 ** 32);
    columns.callSite[at] = (from + at) % CALL_SITES;
    columns.bytesReq[at] = 60;
    columns.bytesAlloc[at] = 64;
    columns.cpu[at] = 0;
    columns.timeNs[at] = from + at;
  }
}

function timed(work) {
  const startMs = performance.now();
  work();
  return performance.now() - startMs;
}

function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

export const ledger = { name: "ledger", run };
