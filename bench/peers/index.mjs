/**
 * The rows of the table, in the order they run and are printed.
 *
 * @typedef {object} Peer
 * @property {string} id  short and stable: `--only`, the JSON results, the targets
 * @property {string} name  the table's first column
 * @property {(input: import('../capture.mjs').Input) => string | null} unavailable  why it cannot run here; null: it can
 * @property {(input: import('../capture.mjs').Input) => string[]} command
 * @property {(input: import('../capture.mjs').Input) => number} [events]  when it reads something else than the text
 * @property {(stdoutFile: string) => Account} [readAccount]  for those that make an account
 *
 * @typedef {{ totals: Record<string, number>, sites: Map<string, import('./naive.mjs').SiteAccount> }} Account
 */
import { cat } from "./cat.mjs";
import { grep } from "./grep.mjs";
import { mawk } from "./mawk.mjs";
import { node } from "./node.mjs";
import { perfKmem } from "./perf-kmem.mjs";
import { product, productRaw } from "./product.mjs";
import { python } from "./python.mjs";
import { traceCmdHist, traceCmdReport } from "./trace-cmd.mjs";

/** @type {Peer[]} */
export const PEERS = [cat, grep, product, productRaw, perfKmem, traceCmdHist, traceCmdReport, mawk, python, node];
