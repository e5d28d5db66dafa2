/**
 * The rooms import one way only (.dependency-cruiser.cjs), and dependency-cruiser saw them: with a TypeScript that it
 * cannot read it reports success over nothing.
 */
import { cruise } from "dependency-cruiser";
import extractOptions from "dependency-cruiser/config-utl/extract-depcruise-options";
import extractTsConfig from "dependency-cruiser/config-utl/extract-ts-config";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT, say } from "./lib.mjs";

process.chdir(ROOT);
const options = await extractOptions(join(ROOT, ".dependency-cruiser.cjs"));
const { output } = await cruise(["src"], { ...options, validate: true }, undefined, {
  tsConfig: extractTsConfig("tsconfig.json"),
});
const { violations, totalCruised } = output.summary;
const sources = readdirSync("src", { recursive: true }).filter((name) => /\.tsx?$/.test(name)).length;
const edges = output.modules.reduce((sum, module) => sum + module.dependencies.length, 0);

for (const { rule, from, to } of violations) say(`${rule.name}: ${from} -> ${to}`);
if (totalCruised < sources || edges < sources) {
  say(
    `dependency-cruiser saw ${totalCruised} modules with ${edges} imports where there are ${sources} sources: it does not read this TypeScript`,
  );
  process.exit(1);
}
if (violations.some(({ rule }) => rule.severity === "error")) process.exit(1);
