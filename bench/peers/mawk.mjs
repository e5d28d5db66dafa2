/** The account in mawk (account.awk): what a shell script can reach. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { deriveSite, sumSites } from "./naive.mjs";
import { programMissing } from "./program.mjs";

const SCRIPT = fileURLToPath(new URL("account.awk", import.meta.url));

export const mawk = {
  name: "mawk account",
  id: "mawk",
  unavailable: () => programMissing("mawk"),
  command: ({ traceFile }) => ["mawk", "-f", SCRIPT, traceFile],
  readAccount: (stdoutFile) => readAwkAccount(readFileSync(stdoutFile, "utf8")),
};

const SITE_COLUMNS = [
  "allocs",
  "frees",
  "impliedFrees",
  "totalBytes",
  "requestedBytes",
  "netBytes",
  "netRequestedBytes",
  "peakNetBytes",
];

/** @param {string} text what account.awk prints */
export function readAwkAccount(text) {
  const sites = new Map();
  const counts = {};
  for (const line of text.trimEnd().split("\n")) {
    const [kind, ...columns] = line.split("\t");
    if (kind === "total") {
      [counts.unmatchedFrees, counts.nullFrees, counts.nullAllocs] = columns.map(Number);
      continue;
    }
    const site = Object.fromEntries(SITE_COLUMNS.map((name, n) => [name, Number(columns[n + 1])]));
    deriveSite(site);
    sites.set(columns[0], site);
  }
  return { totals: { ...sumSites(sites), ...counts }, sites };
}
