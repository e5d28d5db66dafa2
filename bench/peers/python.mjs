/** The account in Python (account.py). It stands near trace_analyze, of which no Python 3 port is at hand to measure. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { deriveSite, sumSites } from "./naive.mjs";

const SCRIPT = fileURLToPath(new URL("account.py", import.meta.url));

// `python3` may be a shell script that looks for the real one (pyenv); its cost is not Python's.
const interpreter = () =>
  spawnSync("python3", ["-c", "import sys; print(sys.executable)"], { encoding: "utf8" }).stdout?.trim();

export const python = {
  name: "Python account",
  id: "python",
  unavailable: () => (interpreter() ? null : "python3 is not installed"),
  command: ({ traceFile }) => [interpreter(), SCRIPT, traceFile],
  readAccount: (stdoutFile) => readPythonAccount(JSON.parse(readFileSync(stdoutFile, "utf8"))),
};

/** @param {{ sites: Record<string, number[]> }} printed what account.py prints; columns in the order of its constants */
export function readPythonAccount({ sites: rows, ...counts }) {
  const sites = new Map();
  for (const [callSite, row] of Object.entries(rows)) {
    const [allocs, frees, impliedFrees, totalBytes, requestedBytes, netBytes, netRequestedBytes, peakNetBytes] = row;
    const site = { allocs, frees, impliedFrees, totalBytes, requestedBytes, netBytes, netRequestedBytes, peakNetBytes };
    deriveSite(site);
    sites.set(callSite, site);
  }
  return { totals: { ...sumSites(sites), ...counts }, sites };
}
