/** Builds `dist/`: what decodes and accounts with AssemblyScript, the daemon with tsc, the page, and what a chart as HTML carries, with vite. */
import { chmodSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { ensureDependencies, must, ROOT } from "./lib.mjs";
import { ensureWasm } from "./wasm.mjs";

await ensureDependencies();
await ensureWasm();
rmSync(join(ROOT, "dist"), { recursive: true, force: true });
await must(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"]);
for (const config of ["vite.config.ts", "vite.rings.config.ts"])
  await must(process.execPath, ["node_modules/vite/bin/vite.js", "build", "--config", config, "--logLevel", "warn"]);
const entry = join(ROOT, "dist", "main.js");
chmodSync(entry, 0o755);
// A build is as new as its end: what is edited meanwhile is built again.
utimesSync(entry, new Date(), new Date());
