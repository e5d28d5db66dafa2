/**
 * Many viewers of a live capture of this machine, ten of whom never read: what the server takes, what the capture loses, and how late updates
 * are to the others. `npm run bench:serve`, as root, with tracefs; `--seconds N` (300), `--viewers N` (200), `--stuck N` (10).
 *
 * Exit status: 0 measured; 1 the capture failed; 2 wrong use. Nothing fails by time.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { optionsOf } from "./options.mjs";

const MAIN = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const part = (name) => fileURLToPath(new URL(`serve/${name}.mjs`, import.meta.url));
const SAMPLES = 10;

const values = optionsOf(
  `usage: node bench/serve.mjs [options]
  --seconds N  10 or more (default 300)
  --viewers N  (default 200)
  --stuck N    of them, that never read (default 10)`,
  { seconds: "300", viewers: "200", stuck: "10" },
);
const [seconds, viewers, stuck] = [values.seconds, values.viewers, values.stuck].map(Number);
if (!(seconds >= SAMPLES) || !Number.isInteger(viewers) || !Number.isInteger(stuck) || stuck >= viewers) {
  console.error("--seconds (10 or more), --viewers and --stuck (fewer) are whole numbers");
  process.exit(2);
}
if (process.getuid() !== 0 || !existsSync("/sys/kernel/tracing/instances")) {
  console.error("needs root, and tracefs on /sys/kernel/tracing: mount -t tracefs tracefs /sys/kernel/tracing");
  process.exit(2);
}

const server = spawn(process.execPath, [MAIN, "live", "local:", "--mode", "raw", "--serve", "127.0.0.1:0"], {
  stdio: ["ignore", "ignore", "pipe"],
});
const url = await addressOf(server);
const load = spawn(process.execPath, [part("load")], { stdio: "ignore" });
await sleep(3000);
const alone = memoryOf(server.pid);
const crowd = spawn(process.execPath, [part("viewers"), url, String(viewers), String(stuck)], {
  stdio: ["ignore", "pipe", "inherit"],
});
const seen = { open: 0, ages: [], gaps: [] };
let rest = "";
crowd.stdout.setEncoding("utf8").on("data", (text) => {
  const lines = (rest + text).split("\n");
  rest = lines.pop();
  for (const line of lines) take(JSON.parse(line));
});

const rows = [];
for (let i = 1; i <= SAMPLES; i++) {
  await sleep((seconds * 1000) / SAMPLES);
  const { loss, input } = await ask("api/targets/target/snapshot.json?limit=1");
  const { viewers: connected } = await ask("healthz");
  rows.push({
    "after s": Math.round((i * seconds) / SAMPLES),
    "MiB (RSS)": memoryOf(server.pid),
    connected,
    "M events": round(input.events.lines / 1e6),
    lost: loss.lostEvents,
  });
}
crowd.kill();
load.kill();
server.kill("SIGTERM");
const [status] = await once(server, "close");

console.log(
  `\nlocal: as raw, ${seconds} s, ${viewers} viewers, ${stuck} of which never read; ${cpus().length} CPUs, load ${round(loadavg()[0])}\n`,
);
console.table(rows);
console.log(`before any viewer: ${alone} MiB; connections made: ${seen.open}`);
console.log(`an update's age when it came, ms: ${spread(seen.ages)}`);
console.log(`between two updates of a viewer, ms: ${spread(seen.gaps)}`);
process.exitCode = status === 0 ? 0 : 1;

function take({ open, ages, gaps }) {
  seen.open = open;
  seen.ages.push(...ages);
  seen.gaps.push(...gaps);
}

/** Where it serves, as it says. */
function addressOf(child) {
  let said = "";
  const failed = () => {
    console.error(said);
    process.exit(1);
  };
  return new Promise((resolve) => {
    child.stderr.setEncoding("utf8").on("data", (text) => {
      said = (said + text).slice(-10_000);
      const address = / at (http:\S+)/.exec(said)?.[1];
      if (address === undefined) return;
      child.off("close", failed);
      resolve(address);
    });
    child.once("close", failed);
  });
}

async function ask(path) {
  return (await fetch(new URL(path, url))).json();
}

function memoryOf(pid) {
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024);
}

function spread(all) {
  const sorted = Float64Array.from(all).sort();
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return `median ${at(0.5)}, 95th percentile ${at(0.95)}, largest ${sorted.at(-1)} (${sorted.length} updates)`;
}

function round(value) {
  return Math.round(value * 100) / 100;
}
