/**
 * What the page does in Debian's Chromium while a generated target sends 10 updates a second of 5,000 callers: frames in each view,
 * what an update costs the page's main thread (less a matter of who else is busy than frames are), and how fast it opens. `npm run bench:page`; `--callers N`, `--updates N` a second, `--seconds N` for each view.
 *
 * Exit status: 0 measured; 2 wrong use, or no Chromium.
 */
import { existsSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { pino } from "pino";
import { chromium } from "playwright-core";
import { accessOf } from "../build/cli/access-options.js";
import { loadConfig } from "../build/cli/config.js";
import { serve } from "../build/server/serve.js";
import { TargetRegistry } from "../build/server/registry.js";
import { generate } from "./page/generate.mjs";
import { figure, table } from "./table.mjs";
import { optionsOf } from "./options.mjs";

const CHROMIUM = "/usr/bin/chromium";
const VIEWPORT = { width: 1440, height: 900 };
const values = optionsOf(
  `usage: node bench/page.mjs [options]
  --callers N  (default 5000)
  --updates N  a second (default 10)
  --seconds N  of each view (default 5)`,
  { callers: "5000", updates: "10", seconds: "5" },
);
const [callers, updatesPerSecond, seconds] = [values.callers, values.updates, values.seconds].map(Number);
if (!(callers >= 1 && updatesPerSecond >= 1 && seconds >= 1)) {
  console.error("--callers, --updates and --seconds are numbers from 1 on");
  process.exit(2);
}
if (!existsSync(CHROMIUM)) {
  console.error(`needs ${CHROMIUM}: apt-get install chromium`);
  process.exit(2);
}

const registry = new TargetRegistry();
registry.add({ id: "bench", label: "bench", updates: generate({ callers, updatesPerSecond }) });
const server = await serve(registry, {
  ...{ host: "127.0.0.1", port: 0, anyPort: true, access: accessOf(loadConfig(undefined).access, {}) },
  logger: pino({ level: "silent" }),
});
const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
});
try {
  const opened = [];
  for (let i = 0; i < 5; i++) opened.push(await open());
  const rows = [await floor()];
  for (const panel of ["callers", "rings", "leaks", "compare"]) rows.push(await frames(panel, false));
  rows.push(await frames("callers", true));
  const load = loadavg()[0].toFixed(1);
  console.log(
    `\n${callers} callers, ${updatesPerSecond} updates a second, ${seconds} s a view; ${availableParallelism()} CPUs, load ${load}\n`,
  );
  console.log(
    table(
      [
        "view",
        "frames/s",
        "median ms",
        "99 % ms",
        "longest ms",
        "updates/s drawn",
        "ms an update",
        "script",
        "style + layout",
      ],
      rows,
    ),
  );
  console.log(`\nopens in ${figure(opened.sort((a, b) => a - b)[2])} ms (median of 5, to the first row)`);
} finally {
  await browser.close();
  await server.close();
  registry.close();
}

/** Milliseconds from the address to the first row. */
async function open() {
  const page = await browser.newPage();
  const began = performance.now();
  await page.goto(server.url, { waitUntil: "commit" });
  await page.locator("tr.row").first().waitFor();
  const took = performance.now() - began;
  await page.close();
  return took;
}

/* global document, MutationObserver, requestAnimationFrame -- in the page */

/**
 * What this machine's Chromium can do at all beside the same server: a page of nothing but an area, as large as the callers' table, of which a
 * third is painted anew in every frame, as while a table scrolls.
 */
async function floor() {
  const page = await browser.newPage({ viewport: VIEWPORT });
  await page.setContent('<body style="margin:0"><div id="area" style="height:560px"></div>');
  await page.waitForTimeout(1500);
  const times = await page.evaluate(
    (ms) =>
      new Promise((resolve) => {
        const times = [];
        const area = document.getElementById("area");
        const began = performance.now();
        const next = (now) => {
          times.push(now);
          area.style.background = `linear-gradient(rgb(${times.length % 256} 0 0) 33%, #fff 33%)`;
          if (now - began < ms) requestAnimationFrame(next);
          else resolve(times);
        };
        requestAnimationFrame(next);
      }),
    seconds * 1000,
  );
  await page.close();
  return ["no more than a repaint", ...paceOf(times).map(figure), ...Array.from({ length: 4 }, () => "–")];
}

/** Frames a second; and milliseconds between two, in the middle, 99 of 100, the longest. @param times of the frames, ms */
function paceOf(times) {
  const gaps = times.slice(1).map((time, i) => time - times[i]);
  gaps.sort((a, b) => a - b);
  const at = (part) => gaps[Math.min(gaps.length - 1, Math.floor(gaps.length * part))];
  return [(gaps.length / (times.at(-1) - times[0])) * 1000, at(0.5), at(0.99), gaps.at(-1)];
}

/** Times between frames while a view is shown, and, where it is asked for, scrolled. */
async function frames(panel, scrolls) {
  const page = await browser.newPage({ viewport: VIEWPORT });
  await page.goto(`${server.url}/#panel=${panel}`);
  await page.locator("[data-testid=net]").waitFor();
  await page.waitForTimeout(1500);
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
  const before = await metrics(cdp);
  const { times, draws } = await page.evaluate(
    ({ ms, scrolls }) =>
      new Promise((resolve) => {
        const times = [];
        let draws = 0;
        const net = document.querySelector("[data-testid=net]");
        new MutationObserver(() => (draws += 1)).observe(net, { attributes: true });
        const scroller = document.querySelector(".callers-scroll");
        const began = performance.now();
        const next = (now) => {
          times.push(now);
          if (scrolls && scroller !== null) scroller.scrollTop += 40;
          if (now - began < ms) requestAnimationFrame(next);
          else resolve({ times, draws });
        };
        requestAnimationFrame(next);
      }),
    { ms: seconds * 1000, scrolls },
  );
  const after = await metrics(cdp);
  const perUpdate = (...names) =>
    (names.reduce((sum, name) => sum + after[name] - before[name], 0) / Math.max(1, draws)) * 1000;
  await page.close();
  return [
    scrolls ? `${panel}, scrolled` : panel,
    ...[...paceOf(times), draws / seconds].map(figure),
    ...[perUpdate("TaskDuration"), perUpdate("ScriptDuration"), perUpdate("RecalcStyleDuration", "LayoutDuration")].map(
      figure,
    ),
  ];
}

/** Seconds that the main thread has worked, by what for; of its own clock, which stands still while others run. */
async function metrics(cdp) {
  const { metrics: all } = await cdp.send("Performance.getMetrics");
  return Object.fromEntries(all.map(({ name, value }) => [name, value]));
}
