/**
 * The parts of the benchmark, in order. A part that measures something inside this process (the ledger's bytes an object,
 * the time of a snapshot) is added here; its `measures` are matched with the targets by name.
 *
 * @typedef {object} Context
 * @property {import('../capture.mjs').Input} input
 * @property {ReturnType<typeof import('../options.mjs').parseOptions>} options
 * @property {(message: string) => void} say  progress, for stderr
 * @property {Map<string, import('../peers/index.mjs').Account>} accounts  filled by the first section, read by later ones
 *
 * @typedef {object} Section
 * @property {string} name
 * @property {(context: Context) => Promise<SectionResult>} run
 *
 * @typedef {object} SectionResult
 * @property {unknown} data  for --json
 * @property {Record<string, number | null>} measures  what targets.mjs asks for, by name
 * @property {boolean} failed  the benchmark exits with 1
 * @property {string} report  for people
 */
import { agreement } from "./agreement.mjs";
import { asides } from "./asides.mjs";
import { ledger } from "./ledger.mjs";
import { manyLive } from "./many-live.mjs";
import { overTcp } from "./over-tcp.mjs";
import { throughput } from "./throughput.mjs";

/** @type {Section[]} */
export const SECTIONS = [throughput, agreement, overTcp, ledger, manyLive, asides];
