/** Whose the memory is, in the page, on a recorded boot: tasks as a count of the text has them, their callers, and the age of what is alive. */
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { ensureBuilt, startKmemtap } from "../support/kmemtap.ts";
import { startServing } from "../support/start-serving.ts";
import { tempDir } from "../support/temp-dir.ts";
import { alloc, head } from "../support/trace-text.ts";
import { until } from "../support/until.ts";
import { needs } from "./support/needs.ts";

const { missing, note } = needs("chromium");
const ROOT = join(import.meta.dirname, "../..");
const TRACE = join(ROOT, "fixtures/6.1-amd64-demo/trace.txt.gz");
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const EVENT = /^ *(.{1,16})-(\d+) +\[\d+\] (\S+) +[\d.]+: (?:kmalloc|kmem_cache_alloc)(?:_node)?: .* ptr=0*[1-9a-f]/;

/** Allocations by task, as the text has them. */
function allocsByTask(): Map<string, number> {
  const allocs = new Map<string, number>();
  for (const line of gunzipSync(readFileSync(TRACE)).toString("latin1").split("\n")) {
    const match = EVENT.exec(line);
    if (match === null) continue;
    const name = /^..[hHszZ]/.test(match[3]) ? "(interrupt)" : `${match[1]}-${match[2]}`;
    allocs.set(name, (allocs.get(name) ?? 0) + 1);
  }
  return allocs;
}

describe.skipIf(missing)(`tasks in the page${note}`, () => {
  let served: ReturnType<typeof startKmemtap>;
  let browser: Browser;
  let page: Page;
  let url = "";
  const trouble: string[] = [];

  beforeAll(async () => {
    ensureBuilt();
    const options = ["--tasks", "--lifetimes", "--serve", "127.0.0.1:0"];
    served = startKmemtap(["live", `replay://${TRACE}?speed=0`, ...options]);
    let said = "";
    served.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    await until("the address", () => /at (http:\S+)/.test(said), 60_000);
    url = /at (http:\S+)/.exec(said)?.[1] ?? "";
    browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.on("pageerror", (error) => trouble.push(error.message));
    page.on("console", (message) => trouble.push(message.text()));
    await page.goto(url);
    await page.locator("[data-testid=status][data-status=ended]").waitFor({ timeout: 60_000 });
  });

  afterAll(async () => {
    await browser.close();
    served.kill("SIGTERM");
    if (served.exitCode === null) await once(served, "close");
  });

  const rows = () => page.locator("tr[data-task]");
  const allocsOf = async (index: number) => {
    const row = rows().nth(index);
    return [await row.locator("th").getAttribute("title"), await row.locator("[data-column=allocs]").textContent()];
  };

  it("are as a count of the text has them, by the key 7", async () => {
    await page.keyboard.press("7");
    await rows().first().waitFor();
    const truth = allocsByTask();
    expect(await rows().count()).toBe(truth.size);
    for (let i = 0; i < truth.size; i++) {
      const [name, allocs] = await allocsOf(i);
      expect([name, Number(allocs?.replaceAll(/\D/g, ""))]).toEqual([name, truth.get(name ?? "")]);
    }
  });

  it("open to their callers by keys, and lead to the table of these alone", async () => {
    await rows().first().focus();
    await page.keyboard.press("ArrowDown");
    const name = await page.evaluate<string>("document.activeElement.querySelector('th').title");
    await page.keyboard.press("Enter");
    const callers = page.getByTestId("task-callers");
    await callers.locator("li").first().waitFor();
    expect(await callers.getAttribute("aria-label")).toBe(`Callers of ${name}`);
    await page.screenshot({ path: join(ROOT, "test-output/page-tasks.png") });
    await callers.locator("button").click();
    await page.locator("tr.row[data-call-site]").first().waitFor();
    expect(await page.getByTestId("filter-task").locator("option:checked").textContent()).toContain(name);
    // Their allocations are the task's.
    const answer = await page.request.get(`${url}/api/targets/target/tasks.json`);
    const { tasks } = (await answer.json()) as {
      tasks: { comm: string; pid: number; callSites: number; allocs: number }[];
    };
    const task = tasks.find(({ comm, pid }) => `${comm}-${pid}` === name);
    expect(await page.getByTestId("callers-count").textContent()).toBe(`${task?.callSites} call sites`);
    expect(await page.locator("[data-column=age]").count()).toBe(0);
    await page.getByTestId("filter-task").selectOption("");
    expect(decodeURIComponent(await page.evaluate<string>("location.hash"))).not.toContain("task=");
  });

  it("can be gathered by name, and found by words", async () => {
    await page.keyboard.press("7");
    await rows().first().waitFor();
    const names = new Set([...allocsByTask().keys()].map((name) => name.replace(/-\d+$/, "")));
    await page.locator("[data-gathering=name]").click();
    await expect.poll(() => rows().count()).toBe(names.size);
    await page.getByTestId("filter").fill("kworker");
    const found = [...names].filter((name) => name.includes("kworker")).length;
    await expect.poll(() => rows().count()).toBe(found);
    await page.getByTestId("filter").fill("");
  });

  it("are of the window that was chosen, as the callers are", async () => {
    const { callers: everyone, ...whole } = (await (
      await page.request.get(`${url}/api/targets/target/window.json`)
    ).json()) as { from: { used: number }; to: { used: number }; callers: object[] };
    expect(everyone.length).toBeGreaterThan(10);
    const [from, to] = [whole.from.used, whole.to.used];
    await page.goto(`${url}/#panel=tasks&window=${from + (to - from) / 4}-${from + (3 * (to - from)) / 4}`);
    await page.locator("th[data-column=net]", { hasText: "net change" }).waitFor();
    await rows().first().waitFor();
    const query = `from=${from + (to - from) / 4}&to=${from + (3 * (to - from)) / 4}`;
    const said = async (more: string) =>
      (await (await page.request.get(`${url}/api/targets/target/window.json?${query}&${more}`)).json()) as {
        totals: { allocs: number };
        callers: { caller: string; allocs: number }[];
        tasks?: { id: number; pid: number | null; comm: string; allocs: number }[];
      };
    const { tasks = [], totals } = await said("by=task");
    expect(totals.allocs).toBeGreaterThan(0);
    expect(await rows().count()).toBe(tasks.length);
    const shown = await Promise.all(tasks.map((_, i) => allocsOf(i)));
    expect(shown.map(([, allocs]) => Number(allocs?.replaceAll(/\D/g, ""))).reduce((a, b) => a + b)).toBe(
      totals.allocs,
    );
    // One task's callers, in the row and in the table.
    const [{ id }] = tasks;
    await rows().first().click();
    const { callers } = await said(`task=${String(id)}`);
    await page.getByTestId("task-callers").locator("li").first().waitFor();
    await page.screenshot({ path: join(ROOT, "test-output/page-tasks-window.png") });
    await page.getByTestId("task-callers").locator("button").click();
    await expect.poll(() => page.getByTestId("callers-count").textContent()).toBe(`${callers.length} call sites`);
    // A link of another run may name a task that this one does not have: nothing is asked that would be refused.
    for (const other of ["id:99999", "name:no such"]) {
      await page.goto(`${url}/#task=${encodeURIComponent(other)}&window=${from}-${to}`);
      await page.reload();
      await expect.poll(() => page.locator(".callers-empty").textContent()).toBe("This run has no such task");
    }
    expect(trouble).toEqual([]);
    await page.goto(`${url}/#panel=tasks`);
    await page.locator("th[data-column=live]").waitFor();
  });

  it("are asked for anew when the target boots again: a window of a task that is gone is no refused question", async () => {
    const log = join(tempDir(), "serial.log");
    const boot = (clock: number, ...names: string[]) =>
      names.map((comm, i) => `${head({ comm, pid: 7 + i, clock: `${clock + i}.000000` })}${alloc()}\n`).join("");
    writeFileSync(log, boot(10, "init", "sh", "modprobe"));
    const other = await startServing(["live", `file://${log}`, "--tasks"]);
    onTestFinished(() => void other.stop());
    const refused: string[] = [];
    const looker = await browser.newPage();
    onTestFinished(() => looker.close());
    looker.on("response", (answer) => {
      if (answer.status() >= 400) refused.push(answer.url());
    });
    await looker.goto(`${other.url}/#task=${encodeURIComponent("id:5")}&window=0-9999`);
    // More than once: whether the window is asked for before the tasks is a matter of when the boot comes.
    for (let round = 0; round < 3; round++) {
      writeFileSync(log, boot(10, "init", "sh", "modprobe"));
      await looker.locator("tr.row[data-call-site]").first().waitFor();
      writeFileSync(log, boot(1, "init"));
      await expect.poll(() => looker.locator(".callers-empty").textContent()).toBe("This run has no such task");
    }
    // As long as between two looks at the window.
    await looker.waitForTimeout(2000);
    expect(refused).toEqual([]);
  });

  it("have no fault that axe knows, and no more width than a phone", async () => {
    await page.evaluate(AXE);
    const faults = await page.evaluate<{ id: string }[]>("axe.run().then(({ violations }) => violations)");
    expect(faults.map(({ id }) => id)).toEqual([]);
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(390);
    await page.locator("tr[data-task]").first().click();
    await page.getByTestId("task-callers").locator("li").first().waitFor();
    const box = await page.getByTestId("task-callers").boundingBox();
    expect((box?.x ?? 0) + (box?.width ?? 999)).toBeLessThanOrEqual(390);
    await page.screenshot({ path: join(ROOT, "test-output/page-tasks-phone.png") });
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  it("the table has the age of what is alive, and sorts by it", async () => {
    await page.keyboard.press("1");
    await page.locator("th[data-column=age] button").click();
    const ages = () =>
      page.evaluate<number[]>(
        "[...document.querySelectorAll('td[data-column=age]')].map((cell) => Number(cell.dataset.value ?? -1))",
      );
    await expect.poll(async () => (await ages()).length).toBeGreaterThan(10);
    const shown = await ages();
    expect(shown).toEqual([...shown].sort((a, b) => b - a));
    expect(shown[0]).toBeGreaterThan(0);
    await page.screenshot({ path: join(ROOT, "test-output/page-ages.png") });
    expect(trouble).toEqual([]);
  });
});
