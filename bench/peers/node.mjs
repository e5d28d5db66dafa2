/** The account as one would first write it in Node (naive.mjs): the reference of every count, and what speed must beat. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("naive.mjs", import.meta.url));

export const node = {
  name: "Node: readline + RegExp + Map",
  id: "node",
  unavailable: () => null,
  command: ({ traceFile }) => [process.execPath, PROGRAM, traceFile],
  readAccount(stdoutFile) {
    const { totals, sites } = JSON.parse(readFileSync(stdoutFile, "utf8"));
    return { totals, sites: new Map(Object.entries(sites)) };
  },
};
