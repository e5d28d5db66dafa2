/** Builds `dist/`: what decodes and accounts with AssemblyScript, the daemon with tsc, the page with vite. */
import { chmodSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { ensureDependencies, must, ROOT } from "./lib.mjs";
import { ensureWasm } from "./wasm.mjs";

await ensureDependencies();
await ensureWasm();
rmSync(join(ROOT, "dist"), { recursive: true, force: true });
await must(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"]);
await must(process.execPath, ["node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"]);
const entry = join(ROOT, "dist", "main.js");
chmodSync(entry, 0o755);
// A build is as new as its end: what is edited meanwhile is built again.
utimesSync(entry, new Date(), new Date());
