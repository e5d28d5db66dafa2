/** The live page's rings with a kernel's symbols at hand: by directory, what the image takes beside what is allocated. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { sizeSchema } from "../../src/model/size.ts";
import { ensureBuilt } from "../support/kmemtap.ts";
import { symbolizer, TREE } from "../support/source-tree.ts";
import { startServing } from "../support/start-serving.ts";
import { tempDir } from "../support/temp-dir.ts";
import { alloc, head } from "../support/trace-text.ts";
import { needs } from "./support/needs.ts";

const { missing, note } = needs("chromium");
const VMLINUX = join(TREE, "vmlinux");

/** `kmemtap live` on a finished trace; where its page is. */
async function live(...options: string[]): Promise<string> {
  const trace = join(tempDir(), "serial.log");
  const sites = ["setup+0xd/0x20", "same+0xd/0x20", "gone+0x1/0x20 [nosuch]", "kstrdup+0x2f/0x60"];
  const line = (site: string, i: number) =>
    `${head()}${alloc({ site, ptr: `00000000000000${i + 10}`, req: 100, alloc: 128 })}\n`;
  writeFileSync(trace, sites.map(line).join(""));
  const run = await startServing(["live", `file://${trace}`, ...options]);
  onTestFinished(() => void run.stop());
  return run.url;
}

describe.skipIf(missing || symbolizer === undefined)(
  `the live page's rings${symbolizer === undefined ? " (missing: llvm-symbolizer)" : note}`,
  () => {
    let browser: Browser;
    beforeAll(async () => {
      ensureBuilt();
      browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
    });
    afterAll(() => browser.close());

    it("are the source's directories, and have the image when it is asked for", async () => {
      const url = await live("-k", VMLINUX);
      const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
      const trouble: string[] = [];
      page.on("pageerror", (error) => trouble.push(error.message));
      page.on("console", (message) => trouble.push(message.text()));
      await page.goto(`${url}/#panel=rings`);
      const rows = () => page.locator(".rings-row").allTextContents();
      await expect.poll(rows, { timeout: 10_000 }).toContainEqual(expect.stringMatching(/^fs.*256 B/));
      expect((await rows()).join()).toMatch(/\(unattributed\).*256 B/);
      expect(await page.locator('[data-path="init"]').count()).toBe(0);

      await page.getByTestId("rings-attribute").selectOption("static");
      await expect.poll(() => page.locator('[data-path="init"]').count()).toBe(1);
      const { totals } = sizeSchema.parse(await (await fetch(`${url}/api/targets/target/footprint`)).json());
      const { text, rodata, data, bss } = totals;
      expect(await page.locator(".rings-figure").textContent()).toBe(`${text + rodata + data + bss} B`);
      await page.getByTestId("rings-attribute").selectOption("current");
      await expect
        .poll(() => page.locator(".rings-figure").textContent())
        .toBe(`${text + rodata + data + bss + 4 * 128} B`);
      expect(trouble).toEqual([]);
      await page.close();
    });

    it("stand beside a table whose rows are of one height, those of wrappers too", async () => {
      const url = await live();
      const page = await browser.newPage({ viewport: { width: 900, height: 900 } });
      await page.goto(url);
      await expect.poll(() => page.locator(".wrapper-mark").allTextContents()).toEqual(["wrapper"]);
      const heights = await page.evaluate<number[]>(
        "[...document.querySelectorAll('tr.row')].map((row) => row.getBoundingClientRect().height)",
      );
      expect(heights).toHaveLength(4);
      expect(new Set(heights)).toEqual(new Set([26]));
      await page.close();
    });

    it("are modules without a kernel, and say that there is no image", async () => {
      const url = await live();
      const page = await browser.newPage();
      await page.goto(`${url}/#panel=rings`);
      await expect.poll(() => page.locator('[data-path="[nosuch]"]').count()).toBe(1);
      await page.getByTestId("rings-attribute").selectOption("static");
      await expect.poll(() => page.locator(".rings-brief").textContent()).toBe("no kernel image was read");
      expect((await fetch(`${url}/api/targets/target/footprint`)).status).toBe(404);
      await page.close();
    });
  },
);
