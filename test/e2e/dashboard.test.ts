/** The whole page in a real browser, on the account of a kernel that boots meanwhile: every view, by mouse and by keys, wide and narrow. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../support/until.ts";
import { needs } from "./support/needs.ts";

const { missing, note } = needs("qemu", "busybox", "kernel", "chromium");
const SHOTS = join(import.meta.dirname, "../../test-output");
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** Without these, chromium looks for its maker's hosts at every start. */
const CHROMIUM = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** Of the timeline's legend what is not wholly in sight. */
const HIDDEN_LAYERS = `(() => {
  const list = document.querySelector(".chart-layers");
  const { top, bottom } = list.getBoundingClientRect();
  return [...list.children].filter((one) => {
    const box = one.getBoundingClientRect();
    return box.top < top - 1 || box.bottom > bottom + 1;
  }).map((one) => one.textContent);
})()`;
const PANELS = ["callers", "rings", "flame", "leaks", "workload", "compare", "tasks"] as const;

describe.skipIf(missing)(`the page${note}`, () => {
  let demo: ChildProcess;
  let browser: Browser;
  let url = "";
  /** What the browser had to complain of, in all pages. */
  const trouble: string[] = [];

  async function open(hash = "", options: Parameters<Browser["newPage"]>[0] = {}): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, ...options });
    page.on("pageerror", (error) => trouble.push(error.message));
    page.on("console", (message) => trouble.push(message.text()));
    await page.goto(`${url}/${hash}`);
    await page.getByTestId("net").waitFor();
    return page;
  }

  const shoot = (page: Page, name: string) => page.screenshot({ path: join(SHOTS, `page-${name}.png`) });
  const hashOf = (page: Page) => page.evaluate<string>("decodeURIComponent(location.hash)");

  beforeAll(async () => {
    await mkdir(SHOTS, { recursive: true });
    demo = spawn(process.execPath, ["dist/main.js", "demo", "--serve", "127.0.0.1:0"], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    demo.stderr?.on("data", (data: Buffer) => (said += data.toString()));
    const address = /open (http:\S+?)\/?\s/;
    await until("the address of the page", () => address.test(said), 60_000);
    url = address.exec(said)?.[1] ?? "";
    browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: CHROMIUM });
  }, 180_000);

  afterAll(async () => {
    await browser.close();
    const exited = new Promise((resolve) => demo.once("exit", resolve));
    demo.kill("SIGINT");
    await exited;
  });

  it("fills while the kernel boots", async () => {
    const page = await open();
    // Enough to choose windows in, and to compare.
    await expect
      .poll(async () => Number(await page.getByTestId("net").getAttribute("data-bytes")), { timeout: 90_000 })
      .toBeGreaterThan(1_000_000);
    await page.close();
  });

  it("opens with all there is, and says how fast", async () => {
    const page = await browser.newPage();
    await page.goto("about:blank");
    const began = performance.now();
    await page.goto(url);
    await page.locator("tr.row").first().waitFor();
    // A figure for people, who want it below a second: no timed test, on a machine that boots a kernel meanwhile.
    console.log(`the page opened in ${Math.round(performance.now() - began)} ms`);
    expect(await page.locator("tr.row").count()).toBeGreaterThan(5);
    await page.close();
  });

  it("filters callers by words and by module, and adds up what they hold", async () => {
    const page = await open();
    await page.keyboard.press("/");
    await page.keyboard.type("kmem_cache");
    await expect.poll(() => page.getByTestId("callers-count").textContent()).toMatch(/^\d+ of [\d,]+ call sites hold/);
    const names = await page.evaluate<string[]>(
      "[...document.querySelectorAll('tr.row')].map((row) => row.dataset.callSite)",
    );
    expect(names.length).toBeGreaterThan(0);
    expect(names.every((name) => name.includes("kmem_cache"))).toBe(true);
    expect(await hashOf(page)).toContain("q=kmem_cache");
    await page.keyboard.press("Escape");
    await expect.poll(() => page.getByTestId("filter").inputValue()).toBe("");
    await page.close();
  });

  it("opens a row to its history, its sizes and its source, by mouse and by keys", async () => {
    const page = await open();
    await page.locator("tr.row").first().click();
    const details = page.locator(".details");
    await expect.poll(() => details.getByTestId("sizes").locator("li").count()).toBeGreaterThan(0);
    expect(await details.getByTestId("sizes").locator("li").first().textContent()).toMatch(
      /^[\d,]+ × .*(kmalloc|cache)$/,
    );
    expect(await details.textContent()).toContain("no kernel was given");
    // The demo keeps who frees what: of the largest caller something is alive, and some of it is old.
    await expect.poll(() => details.getByTestId("ages").textContent()).toMatch(/^oldest .*, half below about /);
    expect(await details.getByTestId("caller-lives").textContent()).toContain("Freed by");
    await shoot(page, "callers");
    // The rows below it are where they belong: no row is over another.
    const tops = await page.evaluate<number[]>(
      "[...document.querySelectorAll('tr.row')].map((row) => Math.round(row.getBoundingClientRect().top))",
    );
    expect(tops[1] - tops[0]).toBeGreaterThan(200);
    expect(tops[2] - tops[1]).toBe(26);

    await page.locator("tr.row").first().focus();
    await page.keyboard.press("Enter");
    await expect.poll(() => details.count()).toBe(0);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await expect.poll(() => details.count()).toBe(1);
    await page.close();
  });

  it("fits a screen of 1280: its head in one row, and names whole, or cut before their ends", async () => {
    const page = await open("", { viewport: { width: 1280, height: 800 } });
    const heights = await page.evaluate<number[]>(
      "[document.querySelector('.masthead').offsetHeight, document.querySelector('.tools').offsetTop]",
    );
    expect(heights[0]).toBeLessThan(62);
    expect(heights[1]).toBeLessThan(30);
    const cut = await page.evaluate<string[]>(
      "[...document.querySelectorAll('tr.row .clipped')].filter((one) => one.lastChild.getBoundingClientRect().right > one.closest('th').getBoundingClientRect().right).map((one) => one.textContent)",
    );
    expect(cut).toEqual([]);
    expect(await page.locator("tr.row .caller").first().getAttribute("title")).toMatch(/\+0x/);
    await shoot(page, "1280");
    await page.close();
  });

  it("says in the button itself that the link was copied, over nothing", async () => {
    const page = await open();
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const share = page.getByTestId("share");
    const before = await share.boundingBox();
    await share.click();
    await expect.poll(() => share.textContent()).toBe("Copied");
    expect(await share.boundingBox()).toEqual(before);
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe(page.url());
    await page.close();
  });

  it("chooses a window by dragging, and every view is of it", async () => {
    const page = await open();
    const box = (await page.locator(".chart-frame").boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
    await page.mouse.move(box.x + box.width * 0.3, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.7, box.y + box.height / 2, { steps: 5 });
    await page.mouse.up();
    await expect.poll(() => page.getByTestId("window").count()).toBe(1);
    await expect.poll(() => page.locator("thead [data-column='net']").textContent()).toContain("net change");
    await expect.poll(() => page.locator("tr.row").count()).toBeGreaterThan(0);
    await shoot(page, "window");
    const sum = await page.evaluate<number[]>(
      "[...document.querySelectorAll('tr.row td[data-column=net]')].map((cell) => Number(cell.dataset.value))",
    );
    expect(sum[0]).toBeGreaterThan(0);
    // How exact it is, here and in the link; and nothing of the legend has gone for it.
    expect(await page.getByTestId("moments").textContent()).toMatch(/^moments of [\d.]+ s here$/);
    expect(await hashOf(page)).toMatch(/window=[\d.]+-[\d.]+&moments=[\d.]+/);
    expect(await page.evaluate(HIDDEN_LAYERS)).toEqual([]);

    await page.locator("[data-view='rings']").click();
    await expect.poll(() => page.locator("[data-slice]").count()).toBeGreaterThan(0);
    // Nothing has the focus that takes Escape for itself.
    await page.evaluate("document.activeElement.blur()");
    await page.keyboard.press("Escape");
    await expect.poll(() => page.getByTestId("window").count()).toBe(0);
    await page.close();
  });

  it("says of a link's window that its moments are no longer kept", async () => {
    const page = await open();
    const now = await page.evaluate<string>("document.querySelector('.chart-time span').title");
    await page.close();
    const seconds = Number(/[\d.]+/.exec(now)?.[0]);
    const old = await open(`#window=${Math.max(0, seconds - 4)}-${seconds - 0.2}&moments=0.001`);
    await expect.poll(() => old.getByTestId("window").getAttribute("data-lost")).toBe("true");
    expect(await old.getByTestId("moments").textContent()).toMatch(/^moments of [\d.]+ s here, were 0\.1 s$/);
    expect(await old.getByTestId("moments").getAttribute("title")).toContain("no longer kept");
    await old.close();
  });

  it("chooses a window by keys alone", async () => {
    const page = await open();
    await page.keyboard.press("w");
    await page.keyboard.press("End");
    for (let i = 0; i < 3; i++) await page.keyboard.press("Shift+PageDown");
    await expect.poll(() => page.getByTestId("window").textContent()).toMatch(/window [\d.]+ s ago to/);
    // By the trace's own clock, everywhere.
    await page.locator("[data-clock='uptime']").click();
    await expect.poll(() => page.getByTestId("window").textContent()).toMatch(/window [\d.]+ s to [\d.]+ s \(/);
    await expect.poll(() => page.locator(".chart-time").textContent()).toMatch(/^[\d.]+ s$/);
    expect(await hashOf(page)).toContain("t=uptime");
    await page.keyboard.press("Escape");
    await expect.poll(() => page.getByTestId("window").count()).toBe(0);
    await page.close();
  });

  it("stacks its timeline by module and by caller, or draws it as one", async () => {
    const page = await open();
    await page.locator("[data-stacking='callers']").click();
    await expect.poll(() => page.locator("[data-layer]").count()).toBeGreaterThan(3);
    expect(await page.evaluate(HIDDEN_LAYERS)).toEqual([]);
    // Two places of one function are two names.
    const names = await page.locator("[data-layer] > .clipped").allTextContents();
    expect(new Set(names).size).toBe(names.length);
    await page.locator("[data-stacking='directories']").click();
    await expect.poll(() => page.locator("[data-layer='built-in']").count()).toBe(1);
    await page.locator("[data-stacking='net']").click();
    await expect.poll(() => page.locator("[data-layer]").count()).toBe(0);
    await page.close();
  });

  it("holds still, counts what it misses, and follows again", async () => {
    const page = await open();
    await page.keyboard.press("p");
    const net = await page.getByTestId("net").getAttribute("data-bytes");
    await expect
      .poll(() => page.getByTestId("paused").textContent(), { timeout: 20_000 })
      .toMatch(/Missed: [\d,]+ update/);
    expect(await page.getByTestId("net").getAttribute("data-bytes")).toBe(net);
    await page.keyboard.press("p");
    await expect.poll(() => page.getByTestId("paused").count()).toBe(0);
    await page.close();
  });

  it("compares with a moment that it saw", async () => {
    const page = await open("#panel=compare");
    const moments = page.getByTestId("against").locator("option[value^='at ']");
    await expect.poll(() => moments.count(), { timeout: 20_000 }).toBeGreaterThan(2);
    // The first of them without a choice.
    expect(await page.getByTestId("against").inputValue()).toBe(await moments.first().getAttribute("value"));
    expect(await page.getByTestId("compare-sum").textContent()).toMatch(/net$/);
    await page.getByTestId("against").selectOption((await moments.first().getAttribute("value")) ?? "");
    await expect.poll(() => page.getByTestId("compare-sum").textContent()).toMatch(/net$/);
    await shoot(page, "compare");
    // The last of the functions can be scrolled to, however few of them exist at a time.
    const rows = page.locator("tr[data-function]");
    await rows.first().waitFor();
    const left = async () => {
      await page.evaluate("document.querySelector('.callers-scroll').scrollTop = 1e6");
      const all = await page.getByTestId("compare").getAttribute("aria-rowcount");
      return Number(all) - Number(await rows.last().getAttribute("aria-rowindex"));
    };
    await expect.poll(left).toBe(0);
    await page.close();
  });

  it("keeps the rows where they are while they are scrolled, and some more come", async () => {
    const page = await open();
    const held = () => page.getByTestId("held").getAttribute("data-held");
    await page.locator("tr.row").nth(5).waitFor();
    await expect.poll(held).toBe("false");
    await page.evaluate("document.querySelector('.callers-scroll').scrollTop = 2600");
    await expect.poll(held).toBe("true");
    // The hundredth is at the top, and there are rows down to the edge.
    const seen = await page.evaluate<number[]>(`(() => {
      const { top, bottom } = document.querySelector(".callers-scroll").getBoundingClientRect();
      return [...document.querySelectorAll("tr.row")].filter((row) => {
        const box = row.getBoundingClientRect();
        return box.bottom > top + 32 && box.top < bottom;
      }).map((row) => Number(row.dataset.index));
    })()`);
    expect(seen.at(0)).toBe(100);
    expect(seen.length).toBeGreaterThan(10);
    expect(seen).toEqual(seen.map((_, i) => 100 + i));
    await expect.poll(held, { timeout: 5000 }).toBe("false");
    await page.close();
  });

  it("is restored by its address", async () => {
    const hash = "#panel=rings&q=alloc&stack=net&a=total_dynamic";
    const page = await open(hash);
    await expect.poll(() => page.locator("[data-slice]").count()).toBeGreaterThan(0);
    expect(await page.getByTestId("filter").inputValue()).toBe("alloc");
    expect(await page.getByTestId("rings-attribute").inputValue()).toBe("total_dynamic");
    expect(await page.locator("[data-stacking='net']").getAttribute("aria-pressed")).toBe("true");
    await shoot(page, "rings");
    await page.close();
  });

  it("is told by its keys, which a window in front of it lists", async () => {
    const page = await open();
    for (const [i, panel] of PANELS.entries()) {
      await page.keyboard.press(String(i + 1));
      await expect.poll(() => page.locator(`[data-view='${panel}']`).getAttribute("aria-pressed")).toBe("true");
    }
    await page.keyboard.press("?");
    await expect.poll(() => page.getByTestId("help").isVisible()).toBe(true);
    await page.keyboard.press("Escape");
    await expect.poll(() => page.getByTestId("help").count()).toBe(0);
    await page.close();
  });

  it("downloads a snapshot in each form", async () => {
    const page = await open();
    for (const format of ["json", "txt", "slab-account.txt", "csv", "svg", "png", "pb.gz"]) {
      if ((await page.locator("[data-testid='snapshot-menu'][open]").count()) === 0) await page.keyboard.press("s");
      const download = page.waitForEvent("download");
      await page.locator(`[data-format='${format}']`).click();
      const file = await download;
      expect(file.suggestedFilename()).toMatch(new RegExp(`^kmemtap-.*\\.${format.replace(".", "\\.")}$`));
      expect(readFileSync(await file.path()).length).toBeGreaterThan(100);
    }
    await page.close();
  });

  it.each([
    ["light", { width: 1440, height: 900 }],
    ["dark", { width: 390, height: 844 }],
  ] as const)("has no serious fault for axe, in %s at %o", async (colorScheme, viewport) => {
    const page = await open("", { viewport, colorScheme });
    // It is the same page to look at, and axe has no race with it.
    await page.keyboard.press("p");
    expect(await faultsOf(page, "html")).toEqual([]);
    await page.locator("tr.row").first().click();
    for (const panel of PANELS) {
      await page.locator(`[data-view='${panel}']`).click();
      expect({ panel, faults: await faultsOf(page, ".callers") }).toEqual({ panel, faults: [] });
      // Nothing is wider than the screen.
      expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    }
    await page.locator("[data-view='callers']").click();
    await shoot(page, colorScheme === "dark" ? "phone" : "details");
    await page.close();
  });

  it("gave the browser nothing to complain of", () => {
    expect(trouble).toEqual([]);
  });
});

/** What axe calls serious or critical, as `rule: where`. */
async function faultsOf(page: Page, where: string): Promise<string[]> {
  // Evaluated by the debugger, which the page's policy does not concern.
  if (!(await page.evaluate<boolean>("'axe' in window"))) await page.evaluate(AXE);
  return page.evaluate<string[]>(`axe.run("${where}", { resultTypes: ["violations"] }).then(({ violations }) =>
    violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) => nodes.slice(0, 3).map(({ target, failureSummary }) => id + ": " + target.join(" ") + " " + failureSummary)))`);
}
