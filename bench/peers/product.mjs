/** kmemtap itself, as a user runs it: a whole process, start-up and printing included. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

export const product = {
  name: "kmemtap report --json",
  id: "kmemtap",
  unavailable: () => (existsSync(MAIN) ? null : "not built (npm run build)"),
  command: ({ traceFile }) => [process.execPath, MAIN, "report", traceFile, "--json"],
  readAccount: (stdoutFile) => readSnapshot(JSON.parse(readFileSync(stdoutFile, "utf8"))),
};

export const productRaw = {
  name: "kmemtap report --json, of trace.dat",
  id: "kmemtap-raw",
  unavailable: ({ datFile }) =>
    product.unavailable() ?? (datFile === null ? "no trace.dat of this input (--fresh takes one)" : null),
  command: ({ datFile }) => [process.execPath, MAIN, "report", datFile, "--json"],
  readAccount: product.readAccount,
};

/** @param {object} snapshot `kmemtap.snapshot/1`, see src/model/snapshot.ts */
export function readSnapshot({ totals, loss, callers }) {
  const sites = new Map(callers.map((row) => [row.callSite, row]));
  return { totals: { ...totals, unmatchedFrees: loss.unmatchedFrees, lostEvents: loss.lostEvents }, sites };
}
