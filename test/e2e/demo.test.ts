/** `kmemtap demo` as a user runs it: a process, a browser, Ctrl-C. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { WorkloadView } from "../../src/model/workload-view.ts";
import { until } from "../support/until.ts";
import { needs } from "./support/needs.ts";

const { missing, note } = needs("qemu", "busybox", "kernel", "chromium");
const SHOTS = join(import.meta.dirname, "../../test-output");

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

describe.skipIf(missing)(`kmemtap demo${note}`, () => {
  let demo: ChildProcess;
  let said = "";
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    demo = spawn(process.execPath, ["dist/main.js", "demo", "--serve", "127.0.0.1:0"], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    demo.stderr?.on("data", (data: Buffer) => (said += data.toString()));
    const address = /open (http:\S+)/;
    await until("the address of the page", () => address.test(said), 60_000);
    browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: CHROMIUM });
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.goto(address.exec(said)?.[1] ?? "");
  });

  afterAll(async () => {
    await browser.close();
    demo.kill("SIGTERM");
  });

  it("shows rows that change while the kernel boots", async () => {
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(error.message));
    const rows = page.locator("tr[data-call-site]");
    await rows.first().waitFor({ timeout: 60_000 });
    const net = async () => Number(await page.getByTestId("net").getAttribute("data-bytes"));
    const early = { net: await net(), rows: await rows.allTextContents() };
    await expect.poll(net, { timeout: 60_000 }).toBeGreaterThan(early.net + 1_000_000);
    expect(await rows.allTextContents()).not.toEqual(early.rows);
    await mkdir(SHOTS, { recursive: true });
    await page.screenshot({ path: join(SHOTS, "demo-boot.png") });
    expect(await page.getByTestId("exact").getAttribute("data-exact")).toBe("true");
    expect(faults).toEqual([]);
  });

  it("goes on with the workload when the boot is through", async () => {
    await expect
      .poll(() => page.getByTestId("milestone").textContent(), { timeout: 120_000 })
      .toContain("workload round 2");
    // What the module allocated is shown by the module's name.
    await page.getByTestId("filter").fill("[fat]");
    await expect
      .poll(() => page.locator("tr[data-call-site*='[fat]']").count(), { timeout: 20_000 })
      .toBeGreaterThan(0);
    await page.screenshot({ path: join(SHOTS, "demo-workload.png") });
  });

  it("names what only grew to whoever stays on Leaks, long before the moments that a page keeps are thinned", async () => {
    const leaks = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await leaks.goto(`${new URL(page.url()).origin}/#panel=leaks`);
    const grew = leaks.getByTestId("suspects").locator("[data-suspect^='alloc_netdev_mqs']");
    await grew.first().waitFor({ timeout: 40_000 });
    // What each phase changed is what Workload says of it, though it is over in no time.
    const growth = leaks.getByTestId("phases").locator("tr[data-phase='device, round 2'] [data-by='account']");
    const { phases } = (await (
      await page.request.get(`${new URL(page.url()).origin}/api/targets/target/workload.json`)
    ).json()) as WorkloadView;
    const device = phases.find(({ name, round }) => name === "device" && round === 2);
    expect(device?.netBytes).toBeGreaterThan(0);
    expect(Number(await growth.getAttribute("data-value"))).toBe(device?.netBytes);
    await leaks.close();
  });

  it("has the modules to choose from as soon as the window of a link is known", async () => {
    const linked = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await linked.goto(`${new URL(page.url()).origin}/#window=0-100000`);
    await linked.locator("tr.row").first().waitFor();
    // The list is made anew every five seconds.
    await linked.getByTestId("filter-module").waitFor({ timeout: 2000 });
    expect(await linked.getByTestId("filter-module").locator("option").first().textContent()).toBe("all modules");
    await linked.close();
  });

  it("tells what the rounds of the workload left, and which of it is a leak", async () => {
    await page.keyboard.press("Escape");
    await page.locator("[data-view='workload']").click();
    const verdict = page.getByTestId("workload-verdict");
    // A round that warms the caches, and two to compare; the device of every one stays.
    await expect.poll(() => verdict.getAttribute("data-verdict"), { timeout: 120_000 }).toBe("leak");
    const leak = page.locator("[data-growing^='alloc_netdev_mqs'][data-verdict='leak']").first();
    expect(await leak.textContent()).toMatch(/by 1 object/);
    await page.screenshot({ path: join(SHOTS, "demo-rounds.png") });
    // What it is the leak of: the phase that allocated it.
    expect(await page.getByTestId("residue").locator("[data-residue^='alloc_netdev_mqs']").count()).toBeGreaterThan(0);
    expect(await page.getByTestId("residue").locator("thead").textContent()).toContain("device");
    const phases = page.getByTestId("workload-phases");
    await phases.locator("[data-phase='1.load'] button").click();
    await expect.poll(() => phases.getByTestId("phase-callers").locator("li").count()).toBeGreaterThan(0);
    expect(await phases.textContent()).toContain("modprobe vfat");
  });

  it("has verdict and leakers on Leaks for whoever opens the page when the rounds have run", async () => {
    const late = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await late.goto(`${new URL(page.url()).origin}/#panel=leaks`);
    await expect.poll(() => late.getByTestId("workload-verdict").getAttribute("data-verdict")).toBe("leak");
    await late.getByTestId("suspects").locator("[data-suspect^='alloc_netdev_mqs']").first().waitFor({ timeout: 8000 });
    expect(await late.getByTestId("grew").textContent()).toContain("some that the server keeps");
    await late.screenshot({ path: join(SHOTS, "demo-leaks.png") });
    await late.close();
  });

  it("ends with Ctrl-C and leaves nothing behind", async () => {
    const [, pid] = /\(pid (\d+)\)/.exec(said) ?? [];
    const [, consoleFile] = /its console is (\S+)/.exec(said) ?? [];
    expect(existsSync(consoleFile)).toBe(true);
    const exited = new Promise<number | null>((resolve) => demo.once("exit", resolve));
    demo.kill("SIGINT");
    expect(await exited).toBe(0);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(existsSync(join(consoleFile, ".."))).toBe(false);
  });
});
