/**
 * Builds `dist/`, what a user runs: the command in a few files, the page, and what a chart as HTML carries, with vite; and before it what decodes
 * and accounts, with AssemblyScript, and `build/`, the command's modules one by one, with tsc: scripts and benchmarks import those.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureDependencies, must, ROOT } from "./lib.mjs";
import { ensureWasm } from "./wasm.mjs";

await ensureDependencies();
await ensureWasm();
for (const folder of ["build", "dist"]) rmSync(join(ROOT, folder), { recursive: true, force: true });
await must(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"]);
for (const config of ["vite.node.config.ts", "vite.config.ts", "vite.rings.config.ts"])
  await must(process.execPath, ["node_modules/vite/bin/vite.js", "build", "--config", config, "--logLevel", "warn"]);
const entry = join(ROOT, "dist", "main.js");
chmodSync(entry, 0o755);
writeFileSync(join(ROOT, "dist", "build.json"), `${JSON.stringify({ from: builtFrom() })}\n`);
await writeManPages();
// A build is as new as its end: what is edited meanwhile is built again.
utimesSync(entry, new Date(), new Date());

/** What a build is of: its commit and that one's day, or the day alone where there is no git. */
function builtFrom() {
  const git = (...args) => spawnSync("git", args, { cwd: ROOT, encoding: "utf8" });
  const { status, stdout } = git("log", "-1", "--format=commit %h of %cs");
  if (status !== 0) return `built ${new Date().toISOString().slice(0, 10)}`;
  return stdout.trim() + (git("status", "--porcelain").stdout === "" ? "" : ", changed");
}

async function writeManPages() {
  const [{ createProgram }, { commandTree }, { manPages }, { VERSION }] = await Promise.all(
    ["cli/program.js", "cli/manual/command-tree.js", "cli/manual/man-page.js", "model/version.js"].map(
      (file) => import(join(ROOT, "build", file)),
    ),
  );
  const folder = join(ROOT, "dist", "man");
  mkdirSync(folder);
  const pages = manPages(commandTree(createProgram(() => undefined)), VERSION);
  for (const [name, text] of pages) writeFileSync(join(folder, name), text);
}
