/**
 * `npm test`: install, build, run every suite; the last line counts what passed, failed and was skipped.
 *
 * Arguments go to vitest: `npm test -- --project unit`, `npm test -- test/ftrace`.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBuilt, run, say } from "./lib.mjs";
import { provision, provisionProofs } from "./provision.mjs";

await ensureBuilt();
await (process.argv.includes("proofs") ? provisionProofs() : provision());

const folder = mkdtempSync(join(tmpdir(), "kmemtap-test-"));
const results = join(folder, "results.json");
const vitest = [
  "node_modules/vitest/vitest.mjs",
  "run",
  "--reporter=default",
  "--reporter=json",
  `--outputFile.json=${results}`,
];
// The long proofs have a command of their own.
const chosen = process.argv.slice(2);
const all = chosen.length > 0 ? chosen : ["--project", "unit", "--project", "machine", "--project", "e2e"];
const status = await run(process.execPath, [...vitest, ...all]);
const counts = readCounts();
rmSync(folder, { recursive: true, force: true });

// What a missing part skips is a hole in CI, where nothing may be missing.
const mustNotSkip = process.env.CI === "true" && counts.skipped > 0;
if (mustNotSkip) say("tests were skipped in CI: a part is missing, see above");
process.exitCode = status !== 0 ? status : mustNotSkip ? 1 : 0;
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);

function readCounts() {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(readFileSync(results, "utf8"));
    // A file that did not load has no tests, but it failed.
    const broken = testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0).length;
    const failed = numFailedTests + broken;
    return { passed: numPassedTests, failed: status !== 0 && failed === 0 ? 1 : failed, skipped: numPendingTests };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}
