/** The benchmark's command line. */
import { parseArgs } from "node:util";

export const USAGE = `usage: node bench/run.mjs [options]
  --rounds N        interleaved rounds (default 3); a tool that needs over 10 s runs once
  --only A,B        only these rows: cat, grep, kmemtap, kmemtap-raw, perf, trace-cmd-hist, trace-cmd-report, mawk, python, node
  --json FILE       also write the results there
  --fresh           take a new capture
  --scale N         size of the capture; 1 is about seven million events
  --real-pointers   a capture with real addresses instead of hashed ones
  --help`;

/**
 * @param {string[]} args
 * @throws {Error} with a message for the user
 */
export function parseOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: "string", default: "3" },
      only: { type: "string" },
      json: { type: "string" },
      fresh: { type: "boolean", default: false },
      scale: { type: "string", default: "1" },
      "real-pointers": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  return {
    rounds: positive(values.rounds, "--rounds"),
    only: values.only?.split(",").map((name) => name.trim()) ?? null,
    jsonFile: values.json ?? null,
    fresh: values.fresh,
    scale: positive(values.scale, "--scale"),
    realPointers: values["real-pointers"],
    help: values.help,
  };
}

function positive(text, option) {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${option}: a positive number, not "${text}"`);
  return value;
}

/**
 * Options of a benchmark that takes text and numbers: `--help` prints the usage and ends with 0, what is no option ends with 2 in one line.
 * @template {Record<string, string>} T
 * @param {string} usage the options, a line each
 * @param {T} defaults by option
 * @returns {T}
 */
export function optionsOf(usage, defaults) {
  const options = Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [name, { type: "string", default: value }]),
  );
  try {
    const { help, ...values } = parseArgs({ options: { ...options, help: { type: "boolean" } } }).values;
    if (!help) return values;
    console.log(usage);
    process.exit(0);
  } catch (error) {
    console.error(`${error.message.split(".")[0]}\n${usage}`);
    process.exit(2);
  }
}
