/**
 * A window of the timeline, on a recording of this machine while a workload made and removed symbolic links in rounds: the views that follow it.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signedCount } from "../../src/dashboard/format/count.ts";
import { exactBytes, humanBytes } from "../../src/format/bytes.ts";
import { plural } from "../../src/format/count.ts";
import type { Window } from "../../src/model/api.ts";
import { callerOf } from "../../src/model/caller.ts";
import type { Inside } from "../../src/model/inside.ts";
import type { WorkloadView } from "../../src/model/workload-view.ts";
import { ensureBuilt, kmemtap } from "../support/kmemtap.ts";
import { type Serving, startServing } from "../support/start-serving.ts";
import { canTrace } from "../support/traced.ts";
import { needs } from "./support/needs.ts";

const { missing, note } = needs("chromium");
const shot = (name: string) => join(import.meta.dirname, `../../test-output/page-window-${name}.png`);
const ROUNDS = 5;
const [MADE, REMOVED] = [10, 7];

describe.skipIf(missing || !canTrace)(`a window of a recorded workload${note}`, () => {
  let served: Serving;
  let browser: Browser;
  let page: Page;
  const dirs: string[] = [];
  /** What the browser had to complain of. */
  const trouble: string[] = [];

  beforeAll(async () => {
    ensureBuilt();
    // Of a tmpfs, which keeps a link's text in memory of its own.
    const links = mkdtempSync("/dev/shm/kmemtap-window-");
    const dir = mkdtempSync(join(tmpdir(), "kmemtap-window-"));
    dirs.push(links, dir);
    const recording = join(dir, "a.kmemtap");
    const make = `i=0; while [ $i -lt ${MADE} ]; do ln -s xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx$i ${links}/$$-$i; i=$((i + 1)); done; sleep 0.4`;
    const phases = ["--phase", `make=${make}`, "--phase", `clear=rm ${links}/*-[0-${REMOVED - 1}]; sleep 0.4`];
    const options = ["--stacks", "--repeat", String(ROUNDS), "--settle", "300ms", "--record", recording];
    const taken = await kmemtap(["run", "local:", ...options, ...phases]);
    expect(taken.status).toBe(0);
    served = await startServing(["live", `replay://${recording}?speed=2`]);
    browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.on("console", (message) => trouble.push(message.text()));
    page.on("pageerror", (error) => trouble.push(error.message));
    await page.goto(served.url);
    await page.locator("[data-testid=status][data-status=ended]").waitFor({ timeout: 60_000 });
  }, 120_000);

  afterAll(async () => {
    await browser.close();
    await served.stop();
    for (const dir of dirs) rmSync(dir, { recursive: true });
  });

  const asked = async <Answer>(rest: string) =>
    (await (await page.request.get(`${served.url}/api/targets/target/${rest}`)).json()) as Answer;
  const windowOf = (query: string) => asked<Window>(`window.json?${query}`);
  /** From the beginning of one phase to the end of another, seconds; an address has them in milliseconds. */
  const span = async (from: string, to: string) => {
    const { phases } = await asked<WorkloadView>("workload.json");
    const of = (wanted: string) => phases.find(({ name, round }) => `${name} ${String(round)}` === wanted);
    return [Math.floor((of(from)?.startedNs ?? NaN) / 1e6) / 1e3, Math.ceil((of(to)?.endedNs ?? NaN) / 1e6) / 1e3] as const; // prettier-ignore
  };
  const choose = async (panel: string, [from, to]: readonly [number, number]) => {
    await page.goto(`${served.url}/#panel=${panel}&window=${String(from)}-${String(to)}`);
    await page.reload();
    await page.getByTestId("window").waitFor();
  };
  /** What the stacks of a caller changed by, of those that were linked. */
  const sumOf = (rows: readonly { readonly caller: string; readonly netBytes: number }[], caller: string) =>
    rows.filter((row) => row.caller === caller).reduce((sum, { netBytes }) => sum + netBytes, 0);

  it("has of the stacks what they changed by, as much as their callers", async () => {
    const [from, to] = await span("make 2", "clear 4");
    const { stacks = [], stacksBeyond, ...window } = await windowOf(`from=${String(from)}&to=${String(to)}&by=stack`);
    expect(stacksBeyond?.stacks).toBe(0);
    const used = `from=${String(window.from.used)}&to=${String(window.to.used)}`;
    const { callers, ...same } = await windowOf(used);
    expect([same.from.used, same.to.used]).toEqual([window.from.used, window.to.used]);
    // A few allocations of a trace come without a stack.
    expect(same.totals.allocs - window.totals.allocs).toBeLessThanOrEqual(same.totals.allocs / 100);
    const links = callers.find(({ caller }) => caller.startsWith("shmem_symlink+"));
    expect(links?.frees).toBeGreaterThanOrEqual(REMOVED);
    expect(sumOf(stacks, links?.caller ?? "")).toBe(links?.netBytes);
    const equal = callers.filter(({ caller, netBytes }) => sumOf(stacks, caller) === netBytes);
    expect(equal.length).toBeGreaterThan(callers.length * 0.8);
  });

  it("has a flame graph of what grew in it, which says what fell", async () => {
    const [from, to] = await span("make 2", "clear 4");
    const { stacks = [], totals } = await windowOf(`from=${String(from)}&to=${String(to)}&by=stack`);
    const grew = stacks.filter(({ netBytes }) => netBytes > 0);
    const fell = stacks.filter(({ netBytes }) => netBytes < 0);
    const bytes = (rows: Window["stacks"] = []) => humanBytes(Math.abs(rows.reduce((sum, one) => sum + one.netBytes, 0))); // prettier-ignore
    await choose("flame", [from, to]);
    await page.locator("[data-frame='0']").waitFor();
    expect(await page.getByTestId("flame-facts").textContent()).toContain(`all stacks: ${bytes(grew)}, 100.0 % of net`);
    const said = page.getByTestId("flame-change");
    expect(await said.textContent()).toContain(
      `${plural(grew.length, "stack")} grew by ${bytes(grew)}, which are drawn`,
    );
    // What else ran decides whether any stack fell.
    const ofFalls = await page.getByTestId("flame-fell").allTextContents();
    if (fell.length === 0) expect(ofFalls).toEqual([]);
    else expect(ofFalls.join()).toContain(`${plural(fell.length, "stack")} fell by ${bytes(fell)}`);
    await page.screenshot({ path: shot("flame") });
    // What was allocated in it is another graph, and another question.
    await page.getByTestId("flame-measure").selectOption("allocs");
    await expect.poll(() => said.textContent()).toContain(`in ${totals.allocs.toLocaleString("en")} allocations`);
    // Objects fall as bytes do.
    const ofObjects = await windowOf(`from=${String(from)}&to=${String(to)}&by=stack&order=liveObjects`);
    const more = ofObjects.stacks?.filter(({ liveObjects }) => liveObjects > 0) ?? [];
    const objects = plural(more.reduce((sum, { liveObjects }) => sum + liveObjects, 0), "object"); // prettier-ignore
    await page.getByTestId("flame-measure").selectOption({ label: "growth in live objects" });
    await expect.poll(() => said.textContent()).toContain(`${plural(more.length, "stack")} grew by ${objects}, which are drawn.`); // prettier-ignore
    expect(await said.textContent()).toContain(`Together ${signedCount(ofObjects.totals.liveObjects)}.`);
    await page.screenshot({ path: shot("flame-objects") });
    await page.getByTestId("flame-measure").blur();
    await page.keyboard.press("Escape");
    await expect.poll(() => page.getByTestId("window").count()).toBe(0);
    await page.locator("[data-frame='0']").waitFor();
    expect(await said.count()).toBe(0);
    expect(trouble).toEqual([]);
  });

  it("has a flame graph of the callers that the filter shows, in the window and of the whole run, and of all tasks", async () => {
    // Moments lie as far apart as phases are long: one round's links more or less do not matter here.
    const [from, to] = await span("make 1", "make 5");
    const { stacks = [] } = await windowOf(`from=${String(from)}&to=${String(to)}&by=stack`);
    await choose("flame", [from, to]);
    const said = page.getByTestId("flame-change");
    const facts = page.getByTestId("flame-facts");
    await page.locator("[data-frame='0']").waitFor();
    await page.getByTestId("filter").fill("shmem_symlink");
    const own = stacks.filter(({ caller }) => caller.startsWith("shmem_symlink+") && !caller.endsWith("]"));
    const net = own.reduce((sum, { netBytes }) => sum + netBytes, 0);
    expect(net).toBeGreaterThan(0);
    const count = page.getByTestId("flame-count");
    await expect.poll(() => count.textContent()).toBe(`${String(own.length)} of ${plural(stacks.length, "stack")}`);
    expect(await facts.textContent()).toContain(`all stacks: ${humanBytes(net)}, 100.0 % of net`);
    expect(await said.textContent()).toContain(`Together +${humanBytes(net)}.`);
    const drawn = await page.locator("[data-function]").evaluateAll((all) => all.map((one) => one.getAttribute("data-function"))); // prettier-ignore
    expect(drawn).toContain("shmem_symlink");
    await page.screenshot({ path: shot("flame-filtered") });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.screenshot({ path: shot("flame-filtered-phone"), fullPage: true });
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.getByTestId("filter").fill("no such caller");
    await expect.poll(() => page.locator(".callers-empty").textContent()).toBe("No caller matches the filter.");
    await page.getByTestId("filter").fill("shmem_symlink");
    await page.getByTestId("filter").blur();
    await page.keyboard.press("Escape");
    await expect.poll(() => said.count()).toBe(0);
    const inside = await asked<Inside>("inside.json");
    const held = inside.stacks.filter(({ caller }) => caller.startsWith("shmem_symlink+"));
    const bytes = held.reduce((sum, { netBytes }) => sum + netBytes, 0);
    await expect.poll(() => facts.textContent()).toContain(`all stacks: ${humanBytes(bytes)}, 100.0 % of net bytes`);
    // A kind is of the callers' live objects, as in the table.
    await page.getByTestId("filter-kind").selectOption("cache");
    const ofCache = new Set(inside.callers.filter(({ sizes }) => sizes.some(({ kind }) => kind === "cache")).map((row) => row.callSite)); // prettier-ignore
    const ofKind = held.filter(({ frames, caller }) => ofCache.has(frames.find((frame) => callerOf(frame) === caller) ?? "")); // prettier-ignore
    await expect.poll(() => count.textContent()).toBe(`${String(ofKind.length)} of ${plural(inside.stacks.length, "stack")}`); // prettier-ignore
    await page.goto(`${served.url}/#panel=flame&task=name:sh`);
    await page.reload();
    await expect.poll(() => page.getByTestId("flame-notes").textContent()).toContain("Stacks are not kept by task: these are of all tasks."); // prettier-ignore
    await page.screenshot({ path: shot("flame-task") });
    expect(trouble).toEqual([]);
  });

  it("has the verdict of the rounds that are whole in it, by what they left", async () => {
    const left = async (first: number, last: number) => {
      const [from, to] = await span(`make ${String(first)}`, `clear ${String(last)}`);
      await choose("workload", [from, to]);
      await page.getByTestId("workload-window").waitFor();
      return asked<WorkloadView>(`workload.json?from=${String(from)}&to=${String(to)}`);
    };
    const part = await left(2, ROUNDS);
    const verdict = page.getByTestId("workload-verdict");
    expect(part.repeat).toMatchObject({ rounds: ROUNDS - 1 });
    // Of the ten links that a round makes three stay: what this machine does beside it is not known.
    const links = part.repeat?.growing.find(({ caller }) => caller.startsWith("shmem_symlink+"));
    expect(links?.survivorsPerRound).toEqual([2, 3, 4, 5].map(() => MADE - REMOVED));
    const row = page.locator(`[data-growing="${links?.callSite ?? ""}"]`);
    expect(await row.getAttribute("data-verdict")).toBe(links?.verdict);
    expect(await verdict.textContent()).toContain(part.repeat?.reason);
    expect(await page.getByTestId("workload-window").textContent()).toContain(
      `Of the window: ${String(ROUNDS - 1)} whole rounds (2 to ${String(ROUNDS)}), ${String(2 * ROUNDS - 2)} phases.`,
    );
    const residue = page.locator("[data-residue='']").locator("td").nth(1);
    expect(await residue.textContent()).toBe(part.residue.objects.toLocaleString("en"));
    expect(await page.locator("tr[data-phase]").count()).toBe(2 * ROUNDS - 2);
    await page.screenshot({ path: shot("workload") });
    const few = await left(2, 3);
    expect(few.phases.map(({ round }) => round)).toEqual([2, 2, 3, 3]);
    expect(await verdict.getAttribute("data-verdict")).toBe("no verdict");
    expect(await verdict.textContent()).toContain("the window holds 2 rounds whole, and a verdict takes 3");
    await page.keyboard.press("Escape");
    await expect.poll(() => page.getByTestId("workload-window").count()).toBe(0);
    await expect.poll(() => page.locator("tr[data-phase]").count()).toBe(2 * ROUNDS);
    expect(trouble).toEqual([]);
  });

  it("is compared, the one of its ends with the other, though the page was opened long after it", async () => {
    const [from, to] = await span("make 2", "clear 4");
    const { totals, from: first, to: last } = await windowOf(`from=${String(from)}&to=${String(to)}`);
    await choose("compare", [from, to]);
    const sum = page.getByTestId("compare-sum");
    await expect.poll(() => sum.getAttribute("title")).toContain(exactBytes(totals.netBytes));
    expect(await page.getByTestId("ends").textContent()).toBe(
      `${last.used.toFixed(3)} s, less ${first.used.toFixed(3)} s`,
    );
    const links = page.locator("[data-function='shmem_symlink'] td[data-value]");
    // Of the many that changed those in sight are drawn.
    await page.getByTestId("filter").fill("shmem_symlink");
    const { callers } = await windowOf(`from=${String(first.used)}&to=${String(last.used)}`);
    const ofLinks = callers.filter(({ caller }) => caller.startsWith("shmem_symlink+"));
    expect(Number(await links.getAttribute("data-value"))).toBe(ofLinks.reduce((all, { netBytes }) => all + netBytes, 0)); // prettier-ignore
    await page.getByTestId("whole").click();
    await expect.poll(() => page.getByTestId("ends").count()).toBe(0);
    expect(trouble).toEqual([]);
  });

  it("has what grew in it, by the server's moments, though the page was not open then, or says so", async () => {
    const [from, to] = await span("make 1", `clear ${String(ROUNDS)}`);
    await choose("leaks", [from, to]);
    const grew = page.getByTestId("grew");
    await expect.poll(() => grew.textContent()).toContain("and before it was opened some that the server keeps");
    const [, seconds] = /^Over ([\d.]+) s of trace clock/.exec((await grew.textContent()) ?? "") ?? [];
    expect(Math.abs(Number(seconds) - (to - from))).toBeLessThan(1.5);
    await page.screenshot({ path: shot("leaks") });
    await choose("leaks", [from, from + 0.25]);
    await expect.poll(() => grew.textContent()).toMatch(/^This page was not open then, and the server keeps \d moments? of this window/); // prettier-ignore
    expect(trouble).toEqual([]);
  });

  it("has every moment of the run to be compared with, and the ends of its phases", async () => {
    await page.goto(`${served.url}/#panel=compare`);
    await page.reload();
    const against = page.getByTestId("against");
    await against.waitFor();
    const groups = await against.locator("optgroup").evaluateAll((all) => all.map((one) => one.getAttribute("label")));
    expect(groups).toEqual(["this page", "moments of the run", "marks and phases"]);
    const phase = against.locator("option", { hasText: "make, round 3 begins" });
    const value = (await phase.getAttribute("value")) ?? "";
    await against.selectOption(value);
    const { totals } = await windowOf(`from=${value.replace("at ", "")}`);
    expect(totals.netBytes).not.toBe(0);
    await expect.poll(() => page.getByTestId("compare-sum").getAttribute("title")).toContain(exactBytes(totals.netBytes)); // prettier-ignore
    await page.screenshot({ path: shot("compare") });
    expect(trouble).toEqual([]);
  });

  it("is what a file has that is downloaded from it, in the forms that can be of a window", async () => {
    const [from, to] = await span("make 2", "clear 4");
    const { callers } = await windowOf(`from=${String(from)}&to=${String(to)}`);
    await choose("callers", [from, to]);
    await page.locator("tr.row").first().waitFor();
    await page.keyboard.press("s");
    expect(await page.locator(".formats-note").textContent()).toBe(
      "A file is of the window, but for both texts, which are of the whole run.",
    );
    const saved = async (format: string) => {
      const [file] = await Promise.all([page.waitForEvent("download"), page.locator(`[data-format="${format}"]`).click()]); // prettier-ignore
      return readFileSync(await file.path());
    };
    const text = async (format: string) => (await saved(format)).toString();
    const rows = (await text("csv")).trim().split("\r\n").slice(1);
    expect(rows.map((row) => Number(row.split(",")[2]))).toEqual(callers.map(({ netBytes }) => netBytes));
    expect((JSON.parse(await text("json")) as Window).callers).toEqual(callers);
    expect(await text("svg")).toContain("those that grew");
    const profile = gunzipSync(await saved("pb.gz")).toString("latin1");
    expect(profile).toContain("what changed between these");
    expect(profile).toContain("shmem_symlink");
    expect(await text("txt")).toMatch(/^current bytes allocated:/);
    expect(trouble).toEqual([]);
  });
});
