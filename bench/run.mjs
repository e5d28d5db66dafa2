/**
 * The benchmark: `npm run bench`, or `node bench/run.mjs --help`.
 *
 * Results go to stdout, progress to stderr. Exit status: 0 measured (a missed target is a finding, not an error);
 * 1 the accounts differ, or kmemtap failed; 2 wrong use.
 */
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { ensureInput } from "./capture.mjs";
import { parseOptions, USAGE } from "./options.mjs";
import { SECTIONS } from "./sections/index.mjs";
import { judge, renderTargets } from "./targets.mjs";

const say = (message) => console.error(message);

async function main(options) {
  const input = await ensureInput(options, say);
  console.log(describeInput(input));

  const context = { input, options, say, accounts: new Map() };
  const sections = [];
  for (const section of SECTIONS) {
    const result = { name: section.name, ...(await section.run(context)) };
    sections.push(result);
    console.log(`\n## ${result.name}\n\n${result.report}`);
  }

  const targets = judge(Object.assign({}, ...sections.map((section) => section.measures)));
  console.log(`\n## targets\n\n${renderTargets(targets)}`);

  if (options.jsonFile !== null) {
    const results = {
      schema: "kmemtap.bench/1",
      takenAt: new Date().toISOString(),
      node: process.version,
      cpu: cpus()[0]?.model,
      cpus: cpus().length,
      input: { facts: input.facts, caveats: input.caveats },
      sections: sections.map(({ name, data, measures, failed }) => ({ name, data, measures, failed })),
      targets,
    };
    writeFileSync(options.jsonFile, `${JSON.stringify(results, null, 2)}\n`);
  }
  return sections.some((section) => section.failed) ? 1 : 0;
}

function describeInput({ traceFile, facts, caveats }) {
  const { account, trace } = facts;
  const n = (value) => value.toLocaleString("en");
  return [
    `input: ${traceFile}`,
    `  ${facts.source === "kernel" ? `captured on ${facts.kernel}, ${facts.options.pointers} pointers` : "fixtures, repeated"}, ${facts.taken}`,
    `  ${n(trace.lines)} lines, ${n(trace.bytes)} bytes; ${n(account.allocs)} allocations, ${n(account.frees)} matched frees,` +
      ` ${n(account.nullFrees)} of NULL, ${n(account.callSites)} call sites, ${n(account.liveObjects)} objects alive at the end`,
    ...(facts.perf
      ? [`  perf.data of the same window: ${n(facts.perf.events)} events, ${facts.perf.lostRecords} LOST records`]
      : []),
    ...caveats.map((caveat) => `  NOTE: ${caveat}`),
  ].join("\n");
}

let options;
try {
  options = parseOptions(process.argv.slice(2));
} catch (error) {
  console.error(`${error.message}\n${USAGE}`);
  process.exit(2);
}
if (options.help) console.log(USAGE);
else process.exitCode = await main(options);
