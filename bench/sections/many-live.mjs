/**
 * Three million live objects: the whole of `kmemtap report` over the text of a trace that first allocates them all, and then frees any one
 * of them for each that it allocates. The trace is made up: no kernel here holds so many of its own accord.
 */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { median, Measurer } from "../measure.mjs";
import { figure, table } from "../table.mjs";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const LIVE_OBJECTS = 3_000_000;
const EXCHANGES = 2_000_000;
const EVENTS = LIVE_OBJECTS + 2 * EXCHANGES;
const CALL_SITES = 200;
const LINES_AT_ONCE = 10_000;

/** @type {import('./index.mjs').Section} */
export const manyLive = {
  name: "three million live objects",
  async run({ options, say }) {
    const dir = mkdtempSync(join(tmpdir(), "kmemtap-bench-"));
    const measurer = new Measurer();
    try {
      const file = join(dir, "many.trace");
      say(`${LIVE_OBJECTS} live objects: writing ${EVENTS} lines`);
      writeTrace(file);
      const costs = [];
      for (let round = 0; round < options.rounds; round++) {
        say(`round ${round + 1} of ${options.rounds}: kmemtap report`);
        costs.push(await measurer.measure([process.execPath, MAIN, "report", file, "--json"]));
      }
      return resultOf(costs);
    } finally {
      measurer.close();
      rmSync(dir, { recursive: true });
    }
  },
};

function resultOf(costs) {
  const cpuSeconds = median(costs.map((cost) => cost.cpuSeconds));
  const peakMiB = median(costs.map((cost) => cost.peakMiB ?? Number.NaN));
  const measures = {
    manyLiveMillionEventsPerSecond: EVENTS / cpuSeconds / 1e6,
    manyLivePeakMiB: Number.isNaN(peakMiB) ? null : peakMiB,
  };
  const report = table(
    ["kmemtap report", ""],
    [
      ["events", String(EVENTS)],
      ["CPU s, of the whole process", figure(cpuSeconds)],
      ["M events/s", figure(measures.manyLiveMillionEventsPerSecond)],
      ["peak MiB", measures.manyLivePeakMiB === null ? "–" : figure(peakMiB)],
    ],
  );
  return { data: { events: EVENTS, cpuSeconds, peakMiB }, measures, failed: false, report };
}

/** Addresses are a permutation of the 32 bits below a direct map's: as far from each other as a real slab's in use for long. */
function writeTrace(file) {
  const handle = openSync(file, "w");
  const live = new Uint32Array(LIVE_OBJECTS);
  let made = 0;
  let lines = [];
  const put = (event) => {
    lines.push(`            node-1234    [001] .....  ${(100 + made / 1e6).toFixed(6)}: ${event}\n`);
    if (lines.length < LINES_AT_ONCE) return;
    writeSync(handle, lines.join(""), null, "latin1");
    lines = [];
  };
  const allocate = (place) => {
    const id = made++;
    live[place] = Math.imul(id, 0x9e3779b1);
    const site = id % CALL_SITES;
    put(
      `kmalloc: call_site=function_${site}+0x${(site + 16).toString(16)}/0x340 ptr=${pointer(live[place])} bytes_req=${60 + (site % 4)} ` +
        "bytes_alloc=64 gfp_flags=GFP_KERNEL node=-1 accounted=false",
    );
  };
  for (let place = 0; place < LIVE_OBJECTS; place++) allocate(place);
  let random = 1;
  for (let i = 0; i < EXCHANGES; i++) {
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
    const place = random % LIVE_OBJECTS;
    put(`kfree: call_site=release_${place % CALL_SITES}+0x20/0x80 ptr=${pointer(live[place])}`);
    allocate(place);
  }
  writeSync(handle, lines.join(""), null, "latin1");
  closeSync(handle);
}

const pointer = (low) => `ffff8881${(low >>> 0).toString(16).padStart(8, "0")}`;
