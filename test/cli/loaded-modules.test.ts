/** What a command loads: nobody waits for a web server or a chart's fonts who asked for a table. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, it } from "vitest";
import { ensureBuilt } from "../support/kmemtap.ts";
import { tempDir } from "../support/temp-dir.ts";
import { ALLOC_LINE } from "../support/trace-text.ts";

beforeAll(ensureBuilt, 120_000);

/** The command in its modules: in `dist/` they are put together. */
const MAIN = fileURLToPath(new URL("../../build/main.js", import.meta.url));

/** A loader's hook that tells every module's address on stderr (node:module, register). */
const HOOK = `import { register } from "node:module";
const tell = 'import { writeSync } from "node:fs"; export async function load(url, context, next) { writeSync(2, "loaded " + url + "\\\\n"); return next(url, context); }';
register("data:text/javascript," + encodeURIComponent(tell));`;

function loadedBy(...args: string[]): string[] {
  const hook = `data:text/javascript,${encodeURIComponent(HOOK)}`;
  const { stderr, status } = spawnSync(process.execPath, ["--import", hook, MAIN, ...args], { encoding: "utf8" });
  expect({ status, stderr: stderr.replaceAll(/^loaded .*\n/gm, "") }).toEqual({ status: 0, stderr: "" });
  return [...stderr.matchAll(/^loaded (.*)$/gm)].map(([, url]) => url);
}

const packagesIn = (urls: readonly string[]) =>
  [...new Set(urls.map((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1]).filter(Boolean))].sort();

it("report of a trace loads the command line's parser and nothing else that is not ours", () => {
  const trace = join(tempDir(), "boot.trace");
  writeFileSync(trace, `${ALLOC_LINE}\n`);
  const loaded = loadedBy("report", trace);
  expect(packagesIn(loaded)).toEqual(["@commander-js/extra-typings"]);
  // symbols/kernel-symbols.js is of the decoder of ring-buffer pages.
  expect(loaded.filter((url) => /\/build\/(?:server|rings|target|symbols\/(?!kernel-|symbol-))/.test(url))).toEqual([]);
});

it("a chart is drawn by what draws, which the hook sees", () => {
  const trace = join(tempDir(), "boot.trace");
  writeFileSync(trace, `${ALLOC_LINE}\n`);
  expect(packagesIn(loadedBy("report", trace, "-r", join(tempDir(), "boot.svg")))).toContain("d3-shape");
});
