/** A ring chart as HTML in a real browser: clicked, walked through by keys, and named by a hostile target. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureBuilt, kmemtap } from "../support/kmemtap.ts";
import { tempDir } from "../support/temp-dir.ts";
import { alloc, head } from "../support/trace-text.ts";
import { needs } from "./support/needs.ts";

const { missing, note } = needs("chromium");
const FIXTURE = new URL("../../fixtures/6.1-amd64-lost/trace.txt.gz", import.meta.url).pathname;
const HOSTILE = `<img/src=x/onerror=alert(1)></script><script>alert(2)</script>`;

describe.skipIf(missing)(`a ring chart as HTML${note}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    ensureBuilt();
    browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
  });
  afterAll(() => browser.close());

  async function open(
    trace: string,
    args: string[] = [],
    width = 1280,
  ): Promise<{ page: Page; asked: string[]; trouble: string[] }> {
    const file = join(tempDir(), "rings.html");
    expect((await kmemtap(["report", trace, "-r", file, ...args])).status).toBe(0);
    const page = await browser.newPage({ viewport: { width, height: 800 } });
    const [asked, trouble]: [string[], string[]] = [[], []];
    page.on("request", (request) => asked.push(request.url()));
    page.on("pageerror", (error) => trouble.push(error.message));
    page.on("console", (message) => trouble.push(message.text()));
    page.on("dialog", (dialog) => trouble.push(dialog.message()));
    await page.goto(`file://${file}`);
    await page.waitForSelector("[data-slice]");
    return { page, asked, trouble };
  }

  it("zooms by click and by keys, changes its attribute, and loads nothing", async () => {
    const { page, asked, trouble } = await open(FIXTURE, ["-a", "total_dynamic"]);
    await page.click('[data-path="built-in"]');
    await expect.poll(() => page.locator(".rings-path b").textContent()).toBe("built-in");
    expect(await page.locator('[data-path="built-in"]').count()).toBe(0);

    await page.locator('[data-slice="0"]').focus();
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => page.getByTestId("slice-facts").textContent()).toContain("built-in/copy_process");
    await page.keyboard.press("Escape");
    await expect.poll(() => page.locator(".rings-path b").textContent()).toBe("kernel");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator(".rings-path b").textContent()).toBe("built-in");

    await page.getByTestId("rings-attribute").selectOption("static");
    await expect.poll(() => page.locator(".rings-brief").textContent()).toBe("no kernel image was read");
    expect(await page.locator(".file-loss").textContent()).toContain("not exact: 17611 events lost");
    expect(asked).toHaveLength(1);
    expect(trouble).toEqual([]);
    await page.close();
  });

  it("shows what a target names, and runs none of it", async () => {
    const trace = join(tempDir(), "hostile.trace");
    const site = `${HOSTILE}+0x10/0x20`;
    writeFileSync(trace, `${head() + alloc({ site, ptr: "00000000c64b90b6", req: 60, alloc: 64 })}\n`);
    const { page, trouble } = await open(trace);
    await expect
      .poll(() => page.locator(".rings-row").allTextContents())
      .toContainEqual(expect.stringContaining("<img/src=x"));
    expect(await page.locator("img").count()).toBe(0);
    expect(trouble).toEqual([]);
    await page.close();
  });

  it("fits a phone", async () => {
    const { page } = await open(FIXTURE, [], 360);
    const wide = await page.evaluate<number>("document.documentElement.scrollWidth");
    expect(wide).toBeLessThanOrEqual(360);
    expect((await page.locator(".rings-svg").boundingBox())?.height).toBeGreaterThan(200);
    await page.close();
  });
});

it("what it is made of is small enough to mail", () => {
  ensureBuilt();
  expect(readFileSync(new URL("../../dist/rings-page/rings.js", import.meta.url)).length).toBeLessThan(100_000);
});
