/** The stand-in where tracing is not possible: the text of the recorded fixtures, over and over. */
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const FIXTURES = fileURLToPath(new URL("../../fixtures", import.meta.url));
const AT_LEAST_LINES = 1_000_000;

/**
 * Each repetition allocates over the pointers the last one left alive, so implied frees are more frequent than in life.
 * @param {string} directory existing; trace.txt is written there
 */
export function repeatFixtures(directory) {
  const kernels = existsSync(FIXTURES) ? readdirSync(FIXTURES).sort() : [];
  const texts = kernels
    .map((kernel) => join(FIXTURES, kernel, "trace.txt.gz"))
    .filter((file) => existsSync(file))
    .map((file) => gunzipSync(readFileSync(file)));
  const linesOnce = texts.reduce((sum, text) => sum + countLines(text), 0);
  if (linesOnce === 0) return { reason: "fixtures/*/trace.txt.gz: none found" };

  const file = join(directory, "trace.txt");
  rmSync(file, { force: true });
  const repeats = Math.ceil(AT_LEAST_LINES / linesOnce);
  // A kernel's text is repeated on its own: the width of its header stays the same for long, as in a real recording.
  for (const text of texts) for (let n = 0; n < repeats; n++) appendFileSync(file, text);
  const bytes = repeats * texts.reduce((sum, text) => sum + text.length, 0);
  return {
    facts: {
      source: "fixture",
      taken: new Date().toISOString(),
      repeats,
      trace: { bytes, lines: repeats * linesOnce },
      perf: null,
    },
  };
}

function countLines(text) {
  let lines = 0;
  for (let at = text.indexOf(10); at >= 0; at = text.indexOf(10, at + 1)) lines++;
  return lines;
}
