/** A ring chart as HTML in a real browser: clicked, walked through by keys, and named by a hostile target. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureBuilt, kmemtap } from "../support/kmemtap.ts";
import { tempDir } from "../support/temp-dir.ts";
import { tree } from "../rings/support/trees.ts";
import { needs } from "./support/needs.ts";

const { missing, note } = needs("chromium");
const FIXTURE = new URL("../../fixtures/6.1-amd64-lost/trace.txt.gz", import.meta.url).pathname;
const HOSTILE = `<img src=x onerror=alert(1)></script><script>alert(2)</script>`;

interface Opened {
  readonly page: Page;
  /** Addresses that were asked for. */
  readonly asked: string[];
  /** What a script said, or failed at. */
  readonly trouble: string[];
}

describe.skipIf(missing)(`a ring chart as HTML${note}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    ensureBuilt();
    browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
  });
  afterAll(() => browser.close());

  /** The chart of a trace, as the command writes it. */
  async function open(args: string[], width = 1280): Promise<Opened> {
    const file = join(tempDir(), "rings.html");
    expect((await kmemtap(["report", FIXTURE, "-r", file, ...args])).status).toBe(0);
    return openFile(file, width);
  }

  async function openFile(file: string, width = 1280): Promise<Opened> {
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
    const { page, asked, trouble } = await open(["-a", "total_dynamic"]);
    // A ring's middle is the chart's centre: it is hit at its lower edge.
    const ring = page.locator('[data-path="built-in"]');
    const { width, height } = (await ring.boundingBox()) ?? { width: 0, height: 0 };
    await ring.click({ position: { x: width / 2, y: height - 12 } });
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
    // As built: the page's script is beside it. No decoder lets such a name in, but trees have other sources.
    const built = new URL("../../build/report/ring-html.js", import.meta.url).href;
    const { ringHtml } = (await import(built)) as typeof import("../../src/report/ring-html.ts");
    const file = join(tempDir(), "hostile.html");
    const facts = { kernel: HOSTILE, source: HOSTILE, rings: HOSTILE, notExact: HOSTILE };
    writeFileSync(
      file,
      ringHtml(tree({ [HOSTILE]: { [HOSTILE]: 5, b: 3 } }, HOSTILE), facts, { attribute: "current_dynamic" }),
    );
    const { page, trouble } = await openFile(file);
    await expect
      .poll(() => page.locator(".rings-row").allTextContents())
      .toContainEqual(expect.stringContaining("<img src=x"));
    expect(await page.locator("img").count()).toBe(0);
    expect(trouble).toEqual([]);
    await page.close();
  });

  it("fits a phone", async () => {
    const { page } = await open([], 360);
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
