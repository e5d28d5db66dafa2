/** The page of a recorded trace whose tasks and call sites are named as markup, escapes, formulas: all of it is text, also in what is downloaded. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { Profile } from "pprof-format";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureBuilt } from "../support/kmemtap.ts";
import { type Serving, startServing } from "../support/start-serving.ts";
import { alloc, head } from "../support/trace-text.ts";
import { needs } from "./support/needs.ts";

const { missing, note } = needs("chromium");

/** As the trace has them, and as everybody is shown them; the kernel gives a name 15 bytes (TASK_COMM_LEN), a recording may give more. */
const TASKS = [
  ["<img src=x oner", "<img src=x oner"],
  ["<b id=owned>x<b", "<b id=owned>x<b"],
  ["\u001b]0;owned\u0007", "\\u{1b}]0;owned\\u{7}"],
  ["a\u202eb", "a\\u{202e}b"],
  ["=cmd|'x'!A1", "=cmd|'x'!A1"],
  ["__proto__", "__proto__"],
] as const;
/** None with `<` or `=`, which a call site never has: such a line is rejected. */
const SITES = ["@SUM(1,1)", "-1", '"&amp;,x', "constructor", "s\u202eet"] as const;
const MARKUP_SITE = "<img src=x onerror=document.title=1>";
/** Controls but for breaks of lines, and what turns the text. */
const SEEN = /[^\P{Cc}\n\t\r]|\u202e/u;

function trace(): string {
  const lines = TASKS.flatMap(([comm], t) =>
    [...SITES, MARKUP_SITE].map((site, s) => {
      const ptr = `00000000c64b9${String(t)}${String(s)}0`;
      return `${head({ comm, pid: 100 + t })}${alloc({ site: `${site}+0x1/0x2`, ptr })}`;
    }),
  );
  return `${[...lines, `\u001b[2J${MARKUP_SITE}`].join("\n")}\n`;
}

describe.skipIf(missing)(`the page of hostile names${note}`, () => {
  let dir = "";
  let browser: Browser;
  let page: Page;
  let served: Serving;
  const trouble: string[] = [];

  beforeAll(async () => {
    ensureBuilt();
    dir = mkdtempSync(join(tmpdir(), "kmemtap-hostile-"));
    const path = join(dir, "trace.txt");
    writeFileSync(path, trace());
    served = await startServing(["live", `replay://${path}?speed=0`, "--tasks", "--lifetimes"]);
    browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.on("pageerror", (error) => trouble.push(error.message));
    page.on("console", (message) => trouble.push(message.text()));
    page.on("request", (request) => {
      if (new URL(request.url()).pathname === "/x") trouble.push("the page asked for a picture of a name");
    });
    await page.goto(served.url);
    await page.locator("[data-testid=status][data-status=ended]").waitFor({ timeout: 60_000 });
  });

  afterAll(async () => {
    await browser.close();
    await served.stop();
    rmSync(dir, { recursive: true });
  });

  /** Nothing of a name has become an element, ran, or turns what is around it. */
  async function isText(): Promise<void> {
    expect(await page.locator("img[src=x], b#owned").count()).toBe(0);
    expect(await page.title()).not.toMatch(/^1$|owned/);
    const shown = await page.evaluate<string>(
      "document.body.innerText + [...document.querySelectorAll('[title], [aria-label]')].map((one) => one.title + one.ariaLabel).join()",
    );
    expect(shown).not.toMatch(SEEN);
    expect(trouble).toEqual([]);
  }

  it("has tasks by their names, each with its callers", async () => {
    await page.keyboard.press("7");
    const rows = page.locator("tr[data-task]");
    await rows.first().waitFor();
    const names = await page.evaluate<string[]>(
      "[...document.querySelectorAll('tr[data-task] th')].map(({ title }) => title)",
    );
    expect(names.sort()).toEqual(TASKS.map(([, shown], t) => `${shown}-${String(100 + t)}`).sort());
    for (let t = 0; t < TASKS.length; t++) {
      const row = rows.nth(t);
      await row.click();
      await expect.poll(() => page.getByTestId("task-callers").locator("li").count()).toBe(SITES.length);
      await isText();
      await row.click();
    }
  });

  it("chooses such a task in the table, keeps it in the address, also after a reload", async () => {
    const choice = page.getByTestId("filter-task");
    for (const [, shown] of TASKS) {
      await page.keyboard.press("1");
      const options = () =>
        page.evaluate<string[]>(
          "[...document.querySelectorAll('[data-testid=filter-task] option')].map(({ text }) => text)",
        );
      const at = async () => (await options()).findIndex((text) => text.includes(shown));
      await expect.poll(at, { message: shown }).toBeGreaterThan(0);
      await choice.selectOption({ index: await at() });
      await expect.poll(() => page.getByTestId("callers-count").textContent()).toBe(`${SITES.length} call sites`);
      await page.reload();
      await expect.poll(() => page.getByTestId("callers-count").textContent()).toBe(`${SITES.length} call sites`);
      await isText();
    }
    await choice.selectOption("");
  });

  it("opens each caller, and draws them all", async () => {
    await page.keyboard.press("1");
    const rows = page.locator("tr.row[data-call-site]");
    await expect.poll(() => rows.count()).toBe(SITES.length);
    for (let s = 0; s < SITES.length; s++) {
      await rows.nth(s).click();
      await page.getByTestId("caller-lives").waitFor();
      await isText();
      await rows.nth(s).click();
    }
    for (const key of ["2", "3", "4", "5", "6", "7"]) {
      await page.keyboard.press(key);
      await page.waitForTimeout(200);
      await isText();
    }
  });

  it("gives files of them in which no name is a formula, an escape or markup", async () => {
    const get = async (ending: string) => (await page.request.get(`${served.url}/api/targets/target/${ending}`)).body();
    const csv = (await get("snapshot.csv")).toString("utf8");
    const rows = csv.trimEnd().split("\r\n").slice(1);
    expect(rows).toHaveLength(SITES.length);
    for (const row of rows) expect(row).toMatch(/^(?:"?'[@-]|"""&amp;,x|[a-z])/);
    for (const ending of ["snapshot.csv", "snapshot.txt", "snapshot.svg", "snapshot.json", "tasks.json"])
      expect([ending, SEEN.exec((await get(ending)).toString("utf8"))]).toEqual([ending, null]);
    const svg = (await get("snapshot.svg")).toString("utf8");
    expect(svg).not.toMatch(/<img|&amp;amp;amp;/);
    const profile = Profile.decode(gunzipSync(await get("snapshot.pb.gz")));
    expect(profile.sample).toHaveLength(SITES.length);
    expect(profile.stringTable.strings).toEqual(expect.arrayContaining(["@SUM(1,1)", "constructor", "s\\u{202e}et"]));
    expect(profile.stringTable.strings.filter((text) => SEEN.test(text))).toEqual([]);
  });
});
