/** Every check that needs no kernel: types, lint, format, import rules, the shell of the agent. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ensureDependencies, hasCommand, ROOT, run, say } from "./lib.mjs";
import { ensureWasm } from "./wasm.mjs";

await ensureDependencies();
await ensureWasm();
const bin = (name) => join("node_modules", ".bin", name);
const shellScripts = ["agent", "scripts", "test"].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true })
    .filter((name) => name.endsWith(".sh"))
    .map((name) => join(folder, name)),
);

const checks = [
  ["types", bin("tsc"), ["-p", "tsconfig.json"]],
  ["types of the page", bin("tsc"), ["-p", "src/dashboard/tsconfig.json", "--noEmit"]],
  ["lint", bin("eslint"), ["--max-warnings", "0", "."]],
  ["format", bin("prettier"), ["--check", "--log-level", "warn", "."]],
  ["import rules", process.execPath, ["scripts/check-imports.mjs"]],
  ["generated schemas", process.execPath, ["scripts/generate-schemas.mjs", "--check"]],
];
if (hasCommand("shellcheck")) checks.push(["shell", "shellcheck", shellScripts]);
else if (process.env.CI === "true") checks.push(["shell (shellcheck is missing)", "false", []]);
else say("shellcheck is not installed: the agent's shell is not checked");

const failed = [];
for (const [name, command, args] of checks) {
  if ((await run(command, args)) !== 0) failed.push(name);
}
if (failed.length > 0) {
  say(`failed: ${failed.join(", ")}`);
  process.exit(1);
}
say(`${checks.length} checks passed`);
