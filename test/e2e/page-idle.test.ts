/** The timeline of a target that does nothing any more: how long ago things were goes on, on its axis as everywhere. */
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { chromium } from "playwright-core";
import { expect, it, onTestFinished } from "vitest";
import { ensureBuilt } from "../support/kmemtap.ts";
import { startServing } from "../support/start-serving.ts";
import { tempDir } from "../support/temp-dir.ts";
import { alloc, head } from "../support/trace-text.ts";
import { needs } from "./support/needs.ts";

const { missing, note } = needs("chromium");

/** What is drawn on a canvas is in no document: its texts are taken down. */
const TAKE_DOWN = `(() => {
  window.drawn = [];
  const { fillText } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
    window.drawn.push(String(text));
    return fillText.call(this, text, ...place);
  };
})()`;

it.skipIf(missing)(`the axis of an idle target goes on with its clock${note}`, { timeout: 60_000 }, async () => {
  ensureBuilt();
  const trace = join(tempDir(), "serial.log");
  writeFileSync(trace, "");
  const served = await startServing(["live", `file://${trace}`]);
  onTestFinished(() => void served.stop());
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu"],
  });
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  await page.addInitScript(TAKE_DOWN);
  await page.goto(served.url);
  // Some seconds in which something happens: a chart of several moments.
  for (let i = 0; i < 20; i++) {
    const clock = (100 + i / 5).toFixed(6);
    appendFileSync(trace, `${head({ clock })}${alloc({ ptr: `00000000c64b9${String(100 + i)}` })}\n`);
    await setTimeout(200);
  }
  // Of the chart's right edge, which is the last event.
  const edge = async () =>
    Number(/^([\d.]+) s ago$/.exec((await page.locator(".chart-time").textContent()) ?? "")?.[1]);
  await expect.poll(edge, { timeout: 20_000 }).toBeGreaterThanOrEqual(4);
  await page.evaluate("window.drawn.length = 0");
  const edgeS = await edge();
  const labels = async () => {
    const drawn = await page.evaluate<string[]>("window.drawn");
    return drawn.flatMap((text) => (/^([\d.]+) s ago$/.test(text) ? [parseFloat(text)] : []));
  };
  await expect.poll(async () => (await labels()).length, { timeout: 10_000 }).toBeGreaterThan(0);
  expect(Math.min(...(await labels()))).toBeGreaterThanOrEqual(edgeS);
});
