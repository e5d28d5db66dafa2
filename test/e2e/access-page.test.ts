/** The page of a server that wants a token, in a browser; of a target whose tasks are named as markup and as escape sequences. */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { ensureBuilt } from "../support/kmemtap.ts";
import { startServing } from "../support/start-serving.ts";
import { tempDir } from "../support/temp-dir.ts";
import { alloc, head } from "../support/trace-text.ts";
import { until } from "../support/until.ts";
import { needs } from "./support/needs.ts";

const CHROMIUM = "/usr/bin/chromium";
const { missing, note } = needs("chromium");
const TOKEN = "t0ken-".repeat(6);
const HTML = "<img src=x onerror=document.title='owned'>";
const ESCAPE = "\u001b]0;owned\u0007\u001b[31m";

/** One that is read; the kernel gives a task's name 15 bytes. */
function line(comm: string, site: string, number: number): string {
  return `${head({ comm: comm.slice(0, 15) })}${alloc({ site, ptr: `00000000c64b90${number}` })}\n`;
}

async function live() {
  const dir = tempDir();
  const [trace, token] = [join(dir, `serial ${HTML.replaceAll("/", "")}.log`), join(dir, "token")];
  writeFileSync(token, `${TOKEN}\n`);
  chmodSync(token, 0o600);
  const hostile = [HTML, ESCAPE].map((task, i) => line(task, "tty_open+0x58/0x6e0", 10 + i));
  // What is no trace at all, such as a log line, and what claims to be a call site.
  const odd = [line("sh", `${HTML}+0x1/0x2`, 20), line("sh", `a${ESCAPE}b+0x1/0x2`, 21), `${ESCAPE}${HTML}\n`];
  writeFileSync(trace, [...hostile, ...odd, line("sh", "good+0x1/0x2", 30)].join(""));
  const run = await startServing(["live", `file://${encodeURI(trace)}`, "--token-file", token]);
  onTestFinished(() => void run.stop());
  return { url: run.url, said: () => run.stderr };
}

describe.skipIf(missing)(`the page of a server that wants a token${note}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    ensureBuilt();
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
  });
  afterAll(() => browser.close());

  it("asks for it, says that a wrong one is wrong, and shows all as text", async () => {
    const { url, said } = await live();
    const page = await browser.newPage();
    const faults: string[] = [];
    const asked: string[] = [];
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("request", (request) => asked.push(request.url()));
    page.on("websocket", (socket) => asked.push(socket.url()));
    await page.goto(url);
    const form = page.getByTestId("token");
    await form.waitFor();
    // Nothing that could be pressed, and nothing that could be known, but the form.
    const seen = await page.evaluate<string[]>(
      "[...document.querySelectorAll('button, input, summary, [role=toolbar]')].map((one) => one.textContent || one.id)",
    );
    expect(seen).toEqual(["token", "Connect"]);
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    expect(await page.getByTestId("help").count()).toBe(0);
    await page.screenshot({ path: join(import.meta.dirname, "../../test-output/page-token.png") });
    await form.locator("input").fill("wrong-wrong-wrong-wrong");
    await form.getByRole("button").click();
    await expect.poll(() => form.textContent()).toContain("a token is needed");
    await form.locator("input").fill(TOKEN);
    await form.getByRole("button").click();
    await expect.poll(() => page.locator("body").textContent(), { timeout: 15_000 }).toContain("tty_open");
    expect(await form.count()).toBe(0);
    expect(await page.title()).not.toBe("owned");
    expect(await page.locator("img[src=x]").count()).toBe(0);
    expect(faults).toEqual([]);
    expect(asked.some((address) => address.startsWith("ws:"))).toBe(true);
    expect(asked.filter((address) => address.includes(TOKEN) || address.includes("ticket."))).toEqual([]);

    await page.reload();
    await expect.poll(() => page.locator("body").textContent(), { timeout: 15_000 }).toContain("tty_open");
    expect(said()).not.toContain(TOKEN);
    await page.close();
  });

  it("has no escape sequence in a text, a log or a chart, and no markup in a chart", async () => {
    const { url, said } = await live();
    const get = async (ending: string) => {
      const headers = { authorization: `Bearer ${TOKEN}` };
      return (await fetch(`${url}/api/targets/target/snapshot.${ending}`, { headers })).text();
    };
    await until("the account", async () => (await get("txt")).includes("good+0x1"));
    for (const ending of ["txt", "csv", "svg", "json"]) {
      const text = await get(ending);
      expect([ending, text.includes("\u001b"), text.includes("\u0007")]).toEqual([ending, false, false]);
      if (ending === "svg") expect(text).not.toMatch(/<img/);
    }
    expect(said()).not.toContain("\u001b");
  });
});
