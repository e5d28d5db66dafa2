/** The page on a recording of this machine, of which a block is damaged: the gap is drawn and said, times are the trace's own, stacks can be read. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureBuilt, kmemtap } from "../support/kmemtap.ts";
import { type Serving, startServing } from "../support/start-serving.ts";
import { canTrace } from "../support/traced.ts";
import { needs } from "./support/needs.ts";

const { missing, note } = needs("chromium");
const SHOT = join(import.meta.dirname, "../../test-output/page-recorded.png");
/** Begins a block; what is packed follows its header of 68 bytes (docs/recording.md). */
const BLOCK = Buffer.from("KMTB");
const HEADER_BYTES = 68;

describe.skipIf(missing || !canTrace)(`the page of a recording with a gap${note}`, () => {
  let served: Serving;
  let browser: Browser;
  let page: Page;
  let dir = "";
  /** What the browser had to complain of. */
  const trouble: string[] = [];

  beforeAll(async () => {
    ensureBuilt();
    dir = mkdtempSync(join(tmpdir(), "kmemtap-gap-"));
    const recording = join(dir, "a.kmemtap");
    const taken = await kmemtap(["snapshot", "local:", "--for", "6s", "--stacks", "--record", recording]);
    expect(taken.status).toBe(0);
    damage(recording);
    served = await startServing(["live", `replay://${recording}?speed=0`]);
    browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.on("console", (message) => trouble.push(message.text()));
    await page.goto(served.url);
    await page.locator("[data-testid=status][data-status=ended]").waitFor({ timeout: 60_000 });
  });

  afterAll(async () => {
    await browser.close();
    await served.stop();
    rmSync(dir, { recursive: true });
  });

  it("draws the gap, explains it, and says it to those who do not see it", async () => {
    expect(await page.locator("[data-sign='gap']").count()).toBe(1);
    expect(await page.locator(".chart-frame").getAttribute("aria-label")).toMatch(/1 gap (?:and .*)?(?:is|are) marked/);
    const signs = await page.getByTestId("signs").locator("li").allTextContents();
    const gap = signs.find((text) => text.startsWith("gap from"));
    expect(gap).toMatch(/^gap from ([\d.]+) s to [\d.]+ s: not recorded: block at byte \d+/);
    // Hatched in the colour of warnings, which nothing else of this chart has.
    expect(await page.evaluate<number>(WARNING_PIXELS)).toBeGreaterThan(100);
    expect(await page.getByTestId("loss").textContent()).toContain("1 loss of unknown size");
    await page.screenshot({ path: SHOT });
  });

  it("tells times by the trace's own clock, for nothing goes on", async () => {
    expect(await page.locator("[data-clock='uptime']").getAttribute("aria-pressed")).toBe("true");
    expect(await page.locator(".chart-time").textContent()).toMatch(/^[\d.]+ s$/);
  });

  it("says that no tasks are kept, of a window as well, and the browser logs nothing of it", async () => {
    await page.locator(".chart-frame").focus();
    await page.keyboard.press("End");
    await page.keyboard.press("Shift+PageDown");
    await expect.poll(() => page.getByTestId("window").count()).toBe(1);
    await page.locator("[data-view='tasks']").click();
    await expect.poll(() => page.getByTestId("no-tasks").textContent()).toMatch(/: start kmemtap with --tasks\.$/);
    await page.evaluate("location.hash = location.hash.replace('panel=tasks', 'task=id:1')");
    await expect.poll(() => page.locator(".callers-empty").textContent()).toContain("--tasks keeps them");
    expect(trouble).toEqual([]);
    await page.evaluate("location.hash = ''");
    await expect.poll(() => page.locator("tr.row").count()).toBeGreaterThan(0);
  });

  it("compares the end with the run's first moment: nothing came since the page was opened, and nothing will", async () => {
    await page.reload();
    await page.locator("[data-testid=status][data-status=ended]").waitFor();
    await page.locator("[data-view='compare']").click();
    const against = page.getByTestId("against");
    const first = against.locator("optgroup[label='moments of the run'] option").first();
    await expect.poll(() => first.getAttribute("value")).toBe(await against.inputValue());
    await expect.poll(() => page.locator("tr[data-function]").count()).toBeGreaterThan(0);
    await page.locator("[data-view='callers']").click();
    await expect.poll(() => page.locator("tr.row").count()).toBeGreaterThan(0);
  });

  it("has stacks that can be read to their ends", async () => {
    await page.locator("tr.row").first().click();
    const frames = page.getByTestId("stacks").locator(".stack-frames li");
    await expect.poll(() => frames.count(), { timeout: 20_000 }).toBeGreaterThan(2);
    await frames.last().scrollIntoViewIfNeeded();
    const cut = await page.evaluate<boolean>(LAST_FRAME_IS_CUT);
    expect(cut).toBe(false);
  });
});

/** Turns a bit of a block in the middle, one that holds events. */
function damage(path: string): void {
  const bytes = readFileSync(path);
  const blocks: number[] = [];
  for (let at = bytes.indexOf(BLOCK); at >= 0; at = bytes.indexOf(BLOCK, at + 4)) blocks.push(at);
  const middle = blocks.findIndex((at, i) => at > bytes.length / 2 && (blocks[i + 1] ?? bytes.length) - at > 20_000);
  expect(middle).toBeGreaterThan(0);
  bytes[blocks[middle] + HEADER_BYTES + 32] ^= 1;
  writeFileSync(path, bytes);
}

const LAST_FRAME_IS_CUT = `(() => {
  const view = document.querySelector("[data-testid=stacks]").getBoundingClientRect();
  const frame = [...document.querySelectorAll(".stack-frames li")].at(-1).getBoundingClientRect();
  return frame.top < view.top - 1 || frame.bottom > view.bottom + 1 || frame.right > view.right + 1;
})()`;

const WARNING_PIXELS = `(() => {
  const canvas = document.querySelector(".chart-frame canvas");
  const style = getComputedStyle(document.documentElement).getPropertyValue("--warn").trim();
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(style.slice(at, at + 2), 16));
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let found = 0;
  for (let at = 0; at < data.length; at += 4)
    if (Math.abs(data[at] - red) + Math.abs(data[at + 1] - green) + Math.abs(data[at + 2] - blue) < 12) found += 1;
  return found;
})()`;
