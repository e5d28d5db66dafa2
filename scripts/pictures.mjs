#!/usr/bin/env node
/**
 * The pictures of the page in README.md and docs/page.md, taken anew: of a kernel that boots in QEMU and runs its workload, and of this machine for stacks
 * (root). Needs Chromium, and a build.
 *
 *   node scripts/pictures.mjs [NAME …]   into docs/: dashboard, window, rings, leaks, workload, tasks, compare, phone, flame
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium } from "playwright-core";
import { ROOT, say } from "./lib.mjs";

const DESK = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };
/** The guest is up, and its workload has run some rounds. */
const BOOT_LIMIT_MS = 120_000;
const ROUNDS_MS = 60_000;

/** By name: the file in docs, the page's address, and what is done on it first. */
const OF_A_BOOT = {
  dashboard: { file: "dashboard.png", hash: "" },
  window: { file: "page-window.png", hash: "#stack=callers", prepare: windowOf(0.35, 0.7) },
  rings: { file: "page-rings.png", hash: "#panel=rings&stack=net", scheme: "dark" },
  // Since the boot: what filled up in it is of no interest to who looks for a leak.
  leaks: { file: "page-leaks.png", hash: "#panel=leaks", prepare: windowOf(0.3, 0.99) },
  workload: { file: "page-workload.png", hash: "#panel=workload" },
  tasks: { file: "page-tasks.png", hash: "#panel=tasks", prepare: (page) => page.locator("tr.row").nth(1).click() },
  // Against the boot's first moments all would be new.
  compare: { file: "page-compare.png", hash: "#panel=compare", scheme: "dark", prepare: againstBooted },
  phone: { file: "page-phone.png", hash: "", scheme: "dark", size: PHONE },
};
const OF_THIS_MACHINE = { flame: { file: "page-flame.png", hash: "#panel=flame" } };

const wanted = process.argv.slice(2);
const chosen = (views) => Object.entries(views).filter(([name]) => wanted.length === 0 || wanted.includes(name));
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
try {
  if (chosen(OF_A_BOOT).length > 0)
    await taken(["demo"], /open (http:\S+?)\/?\s/, chosen(OF_A_BOOT), async (page) => {
      await page.locator("[data-testid=net]").waitFor({ timeout: BOOT_LIMIT_MS });
      say("the guest boots; its workload takes a minute to have a verdict");
      await sleep(ROUNDS_MS);
    });
  if (chosen(OF_THIS_MACHINE).length > 0)
    await taken(["live", "local:", "--stacks"], /at (http:\S+)/, chosen(OF_THIS_MACHINE), () => sleep(6000));
} finally {
  await browser.close();
}

/** Starts kmemtap, looks at its page until it is as it should be, and takes the pictures. */
async function taken(command, address, views, ready) {
  const child = spawn(process.execPath, ["dist/main.js", ...command, "--serve", "127.0.0.1:0"], { cwd: ROOT });
  let said = "";
  child.stdout.on("data", (data) => (said += data));
  child.stderr.on("data", (data) => (said += data));
  try {
    for (const end = Date.now() + BOOT_LIMIT_MS; !address.test(said); await sleep(100))
      if (Date.now() > end || child.exitCode !== null) throw new Error(`no page: ${said}`);
    const url = address.exec(said)[1];
    // One page sees it from the beginning: others may compare with no more than what they saw.
    const page = await browser.newPage({ viewport: DESK });
    await page.goto(url);
    await ready(page);
    for (const [name, { file, hash, prepare, scheme = "light", size = DESK }] of views) {
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme: scheme });
      await page.evaluate(`location.hash = ${JSON.stringify(hash === "" ? "#" : hash)}`);
      await sleep(1500);
      await prepare?.(page);
      await sleep(1500);
      await page.screenshot({ path: join(ROOT, "docs", file) });
      say(`${name}: docs/${file}`);
    }
    await page.close();
  } finally {
    const ended = once(child, "exit");
    child.kill("SIGINT");
    await ended;
  }
}

/** With the fifth of the twelve moments that can be chosen: its boot is nearly over. */
async function againstBooted(page) {
  await page.getByTestId("against").selectOption({ index: 4 });
}

/** Drags over a part of the timeline, of which the view is then. @param from, to of its width */
function windowOf(from, to) {
  return async (page) => {
    const box = await page.locator(".u-over").boundingBox();
    const y = box.y + box.height / 2;
    await page.mouse.move(box.x + box.width * from, y);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * to, y, { steps: 8 });
    await page.mouse.up();
  };
}
