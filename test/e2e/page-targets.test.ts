/** The page of a daemon with many targets, of which one is bad: listed, switched between, and none the worse for another. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureBuilt } from "../support/kmemtap.ts";
import { type Serving, startServing } from "../support/start-serving.ts";
import { canTrace } from "../support/traced.ts";
import { needs } from "./support/needs.ts";

const { missing, note } = needs("chromium");
const ROOT = new URL("../../", import.meta.url).pathname;
const SHOT = join(ROOT, "test-output/page-targets.png");
const fixture = (name: string) => `${ROOT}fixtures/${name}`;
const expected = (name: string) =>
  (JSON.parse(readFileSync(`${fixture(name)}/expected.json`, "utf8")) as { totals: { netBytes: number } }).totals;

describe.skipIf(missing)(`the page of a daemon${note}`, () => {
  let daemon: Serving;
  let browser: Browser;
  let page: Page;
  let dir = "";
  const faults: string[] = [];

  beforeAll(async () => {
    ensureBuilt();
    dir = mkdtempSync(join(tmpdir(), "kmemtap-targets-"));
    const config = join(dir, "kmemtap.yaml");
    const targets = {
      exact: `replay://${fixture("6.1-amd64")}/trace.txt.gz?speed=0`,
      lossy: `replay://${fixture("5.10-amd64-lost")}/trace.txt.gz?speed=0`,
      bad: "replay:///nowhere/trace.txt.gz",
      // Nobody listens on tcpmux's port.
      away: "ssh://root@127.0.0.1:1",
      // And one that goes on, where this machine can be traced.
      ...(canTrace && { local: "local:" }),
    };
    writeFileSync(config, JSON.stringify({ targets }));
    daemon = await startServing(["daemon", "--config", config]);
    browser = await chromium.launch({
      executablePath: "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
    });
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("console", (message) => faults.push(message.text()));
    await page.goto(daemon.url);
  });

  afterAll(async () => {
    await browser.close();
    await daemon.stop();
    rmSync(dir, { recursive: true });
  });

  const card = (id: string) => page.locator(`[data-target='${id}']`);
  const net = async () => Number(await page.getByTestId("net").getAttribute("data-bytes"));

  it("lists them all, the bad one as bad, with its reason", async () => {
    await expect.poll(() => page.locator("[data-target]").count()).toBe(canTrace ? 5 : 4);
    await expect.poll(() => card("bad").getAttribute("data-state"), { timeout: 30_000 }).toBe("failed");
    expect(await card("bad").textContent()).toMatch(/–never reached: .*\/nowhere\/trace\.txt\.gz/);
    // Of what runs the rate, not what it grew by in some time.
    if (canTrace) await expect.poll(() => card("local").textContent()).toMatch(/\d \w+\/s/);
    await page.screenshot({ path: SHOT });
  });

  it.each([
    ["exact", "6.1-amd64", "true"],
    ["lossy", "5.10-amd64-lost", "false"],
  ] as const)("shows %s, whole, when it is chosen", async (id, name, exact) => {
    await card(id).click();
    await expect.poll(() => card(id).getAttribute("aria-pressed")).toBe("true");
    await expect.poll(net, { timeout: 30_000 }).toBe(expected(name).netBytes);
    expect(await page.getByTestId("exact").getAttribute("data-exact")).toBe(exact);
    expect(await page.getByTestId("loss").count()).toBe(exact === "true" ? 0 : 1);
    expect(page.url()).toContain(`target=${id}`);
    expect(await page.locator("tr.row").count()).toBeGreaterThan(5);
  });

  it("leaves nothing of one target's window, rows and numbers when another is chosen", async () => {
    await card("exact").click();
    await expect.poll(net).toBe(expected("6.1-amd64").netBytes);
    await page.locator("tr.row").first().click();
    await page.keyboard.press("w");
    await page.keyboard.press("End");
    for (let i = 0; i < 3; i++) await page.keyboard.press("Shift+PageDown");
    await expect.poll(() => page.getByTestId("window").count()).toBe(1);
    await card("lossy").click();
    await expect.poll(net).toBe(expected("5.10-amd64-lost").netBytes);
    expect([await page.getByTestId("window").count(), await page.locator(".details").count()]).toEqual([0, 0]);
    expect(page.url()).not.toMatch(/window|moments|open/);
  });

  it("says why nothing is shown of the bad one, and goes on with the others", async () => {
    await card("bad").click();
    await expect.poll(() => page.getByTestId("never-reached").textContent()).toContain("/nowhere/trace.txt.gz");
    expect(await page.getByTestId("net").count()).toBe(0);
    await page.evaluate("document.activeElement.blur()");
    await card("exact").click();
    await expect.poll(net).toBe(expected("6.1-amd64").netBytes);
  });

  it("takes what was never reached for no account: no figures, no loss, nobody else's colour", async () => {
    const dot = (id: string) =>
      card(id)
        .locator(".target-name .icon")
        .evaluate((icon) => getComputedStyle(icon).color);
    await expect.poll(() => card("away").textContent(), { timeout: 30_000 }).toContain("–never reached: ");
    await card("lossy").click();
    await expect.poll(net).toBe(expected("5.10-amd64-lost").netBytes);
    const running = canTrace ? await dot("local") : undefined;
    await card("away").click();
    await expect
      .poll(() => page.getByTestId("never-reached").textContent())
      .toMatch(/^away was never reached\. ssh:\/\/root@127\.0\.0\.1:1: nobody listens there; tried again in \d+ s$/);
    for (const id of ["net", "loss", "exact"]) expect(await page.getByTestId(id).count()).toBe(0);
    expect(await page.evaluate("document.documentElement.dataset.exact")).toBe("true");
    if (canTrace) expect(await dot("local")).toBe(running);
    const metrics = await (await fetch(new URL("metrics", daemon.url))).text();
    expect(metrics).toContain('kmemtap_target_state{target="away",state="failed"}');
    expect(metrics).toContain('kmemtap_net_bytes{target="exact"}');
    expect(metrics).not.toMatch(/kmemtap_(net_bytes|account_exact|events_total)\{target="(away|bad)"/);
  });

  it.skipIf(!canTrace)("follows the one that goes on, while the others stand still", async () => {
    await card("local").click();
    await expect.poll(net, { timeout: 60_000 }).toBeGreaterThan(0);
    const allocs = () => page.locator("[data-figure='allocs'] dd").textContent();
    const before = await allocs();
    await expect.poll(allocs, { timeout: 20_000 }).not.toBe(before);
    await card("exact").click();
    await expect.poll(net).toBe(expected("6.1-amd64").netBytes);
  });

  it("gave the browser nothing to complain of", () => {
    expect(faults).toEqual([]);
  });
});
