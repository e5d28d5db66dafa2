/**
 * Compiles `assembly/` (AssemblyScript) into modules of `src/wasm/`, a string each: what decodes and accounts every event then
 * needs no file at run time, in `dist/` as in the tests. They are made again when their source is newer, and are not kept in git.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must, ROOT } from "./lib.mjs";

const SOURCE = join(ROOT, "assembly");
const TARGET = join(ROOT, "src", "wasm");
/** Each with the export that a file of its own imports. */
const MODULES = ["ledger", "raw", "text"];

/** Compiles what is missing or older than its source. */
export async function ensureWasm() {
  const sources = [import.meta.filename, ...readdirSync(SOURCE, { recursive: true }).map((name) => join(SOURCE, name))];
  const newest = Math.max(...sources.map((file) => statSync(file).mtimeMs));
  mkdirSync(TARGET, { recursive: true });
  for (const name of MODULES) {
    const target = join(TARGET, `${name}-module.ts`);
    if (existsSync(target) && statSync(target).mtimeMs > newest) continue;
    const wasm = join(TARGET, `${name}-module.wasm`);
    await must(process.execPath, [
      join("node_modules", "assemblyscript", "bin", "asc.js"),
      join("assembly", `${name}.ts`),
      ...["--outFile", wasm, "-O3", "--noAssert", "--runtime", "stub", "--enable", "simd", "--use", "abort="],
    ]);
    const base64 = readFileSync(wasm).toString("base64");
    writeFileSync(
      target,
      `/** Made by scripts/wasm.mjs from assembly/${name}.ts. */\nexport const ${name.toUpperCase()}_WASM =\n  "${base64}";\n`,
    );
  }
}
