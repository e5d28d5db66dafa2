/** The rows of a window, on the recording of a boot that has implied frees: they add up, say what they are of, and no more than is known. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { humanBytes } from "../../src/format/bytes.ts";
import { plural } from "../../src/format/count.ts";
import type { Window } from "../../src/model/api.ts";
import { ensureBuilt } from "../support/kmemtap.ts";
import { type Serving, startServing } from "../support/start-serving.ts";
import { needs } from "./support/needs.ts";

const { missing, note } = needs("chromium");
const shot = (name: string) => join(import.meta.dirname, `../../test-output/page-window-rows-${name}.png`);
const RECORDING = join(import.meta.dirname, "../../fixtures/6.1-amd64-demo/trace.txt.gz");
const [FROM, TO] = [11.69, 27.28];
/** Allocates again where it had allocated, without a free between. */
const CALLER = "kvmalloc_node+0x3f";

describe.skipIf(missing)(`the rows of a window${note}`, () => {
  let served: Serving;
  let browser: Browser;
  let page: Page;
  let window: Window;
  const trouble: string[] = [];

  beforeAll(async () => {
    ensureBuilt();
    served = await startServing(["live", `replay://${RECORDING}?speed=8`, "--lifetimes", "--tasks"]);
    browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.on("console", (message) => trouble.push(message.text()));
    page.on("pageerror", (error) => trouble.push(error.message));
    await page.goto(served.url);
    await page.locator("[data-testid=status][data-status=ended]").waitFor({ timeout: 60_000 });
    window = (await (await page.request.get(`${served.url}/api/targets/target/window.json?from=${String(FROM)}&to=${String(TO)}`)).json()) as Window; // prettier-ignore
  }, 120_000);

  afterAll(async () => {
    await browser.close();
    await served.stop();
  });

  const choose = async (panel: string, more = "") => {
    await page.goto(`${served.url}/#panel=${panel}&window=${String(FROM)}-${String(TO)}${more}`);
    await page.reload();
    await page.getByTestId("window").waitFor();
  };
  const heads = (table: string) => page.getByTestId(table).locator("th[data-column]").evaluateAll((all) => all.map((one) => one.getAttribute("data-column"))); // prettier-ignore

  it("add up, as the trace has it: what was allocated was freed, is implied to be, or lives", async () => {
    const truth = changesOf(CALLER, window.from.used, window.to.used);
    expect(truth.implied).toBeGreaterThan(0);
    expect(truth.live).toBeGreaterThan(0);
    await choose("callers");
    const row = page.locator(`tr.row[data-call-site^="${CALLER}/"]`);
    await row.waitFor();
    expect(await heads("callers")).toEqual(["caller", "net", "share", "total", "live", "allocs", "frees", "implied"]);
    const value = async (column: string) => Number(await row.locator(`[data-column='${column}']`).getAttribute("data-value")); // prettier-ignore
    for (const column of ["allocs", "frees", "implied", "live", "net"] as const)
      expect([column, await value(column)]).toEqual([column, truth[column]]);
    expect(await row.locator("[data-column='live']").textContent()).toBe(`+${String(truth.live)}`);
    expect(trouble).toEqual([]);
  });

  it("open to what changed in it, with what is of the whole run marked", async () => {
    const { net, live, allocs, frees, implied } = changesOf(CALLER, window.from.used, window.to.used);
    await choose("callers");
    await page.locator(`tr.row[data-call-site^="${CALLER}/"]`).click();
    const details = page.locator(".details");
    await page.getByTestId("ages").waitFor();
    const facts = await details.locator(".details-facts").innerText();
    expect(facts.replaceAll(/\s+/g, " ")).toContain(
      `in the window +${humanBytes(net)} net, +${plural(live, "live object")} allocated ${humanBytes(allocs * 16384)} in ${plural(allocs, "allocation")}, ` +
        `16.0 KiB each gone ${plural(frees, "free")}, ${String(implied)} implied`,
    );
    expect(await details.textContent()).not.toMatch(/net now|requested|last allocated/);
    const headings = await details.locator("h3").allTextContents();
    expect(headings).toEqual(["Sizes", "Stacks", "Freed by", "Lived", "Age of what is alive"].map((of) => `${of} whole run`)); // prettier-ignore
    await page.screenshot({ path: shot("open") });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.screenshot({ path: shot("open-phone"), fullPage: true });
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.getByTestId("whole").click();
    await expect.poll(() => details.locator(".details-facts").textContent()).toMatch(/net now.* requested/);
    expect((await details.locator("h3").allTextContents()).map((text) => text.trim())).toContain("Sizes");
    expect(trouble).toEqual([]);
  });

  it("are sorted by what a window has, where the chosen column is none of it", async () => {
    await choose("callers", "&sort=-waste");
    await expect.poll(() => page.getByTestId("callers").locator("th[data-column='net']").getAttribute("aria-sort")).toBe("descending"); // prettier-ignore
    await page.getByTestId("filter").fill("kvmalloc_node");
    await expect.poll(() => page.getByTestId("callers-count").textContent()).toContain(" call sites changed by +");
  });

  it("have objects in Compare, of the window and against a moment that the server keeps", async () => {
    await choose("compare");
    const objects = page.locator("[data-function='kvmalloc_node'] [data-column='objects']");
    await expect.poll(() => objects.textContent()).toBe(`+${String(changesOf(CALLER, window.from.used, window.to.used).live)}`); // prettier-ignore
    await page.goto(`${served.url}/#panel=compare&against=at ${String(FROM)}`);
    await page.reload();
    const since = changesOf(CALLER, window.from.used, Infinity);
    await expect.poll(() => objects.textContent()).toBe(`+${String(since.live)}`);
    expect(trouble).toEqual([]);
  });

  it("are of tasks with the change of their objects, and without waste", async () => {
    await choose("tasks");
    await page.locator("tr[data-task]").first().click();
    expect(await heads("tasks")).toEqual(["task", "net", "live", "total", "allocs", "frees", "callers"]);
    const callers = page.getByTestId("task-callers").locator("li");
    await callers.first().waitFor();
    expect(await callers.first().textContent()).toMatch(/: \+[\d,]+ objects?$/);
    const heights = await callers.evaluateAll<number[], { readonly clientHeight: number }>((all) => all.map((one) => one.clientHeight)); // prettier-ignore
    expect(heights).toEqual(heights.map(() => heights[0]));
    await page.screenshot({ path: shot("tasks") });
    await choose("callers", "&task=name:modprobe");
    await page.locator(`tr.row[data-call-site^="${CALLER}/"]`).click();
    await expect.poll(() => page.locator(".details h3").first().textContent()).toBe("Sizes whole run, all tasks");
    expect(trouble).toEqual([]);
  });

  it("are rings of growth, of what is known of a window alone", async () => {
    await choose("rings", "&a=waste");
    const attribute = page.getByTestId("rings-attribute");
    await attribute.waitFor();
    expect(await attribute.locator("option").allTextContents()).toEqual(["current_dynamic", "total_dynamic"]);
    await expect.poll(() => page.getByTestId("slice-facts").textContent()).toMatch(/\+[\d,]+ live objects/);
    expect(trouble).toEqual([]);
  });
});

/** What the trace itself says of a caller between two moments, the first excluded: pointers followed, line by line. */
function changesOf(caller: string, from: number, to: number) {
  const sums = { allocs: 0, frees: 0, implied: 0, live: 0, net: 0 };
  const owners = new Map<string, { readonly isOwn: boolean; readonly bytes: number }>();
  for (const line of gunzipSync(readFileSync(RECORDING)).toString("latin1").split("\n")) {
    const event = /(\d+\.\d+): (?:kmalloc|kmem_cache_alloc|kfree|kmem_cache_free): .* ptr=(\S+)/.exec(line);
    if (event === null) continue;
    const [, seconds, ptr] = event;
    const isIn = Number(seconds) > from && Number(seconds) <= to;
    const before = owners.get(ptr);
    owners.delete(ptr);
    const isFree = !line.includes(" bytes_alloc=");
    if (isIn && before?.isOwn === true) {
      sums[isFree ? "frees" : "implied"] += 1;
      sums.net -= before.bytes;
    }
    if (isFree) continue;
    const isOwn = line.includes(`call_site=${caller}/`);
    const bytes = Number(/ bytes_alloc=(\d+)/.exec(line)?.[1]);
    owners.set(ptr, { isOwn, bytes });
    if (!isIn || !isOwn) continue;
    sums.allocs += 1;
    sums.net += bytes;
  }
  return { ...sums, live: sums.allocs - sums.frees - sums.implied };
}
