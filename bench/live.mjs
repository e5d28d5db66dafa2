/**
 * What a live capture of this machine loses under a storm of allocations, as raw sub-buffers and as text: `npm run bench:live`.
 * As root, with tracefs; `--seconds N` (60), `--cpus N` storms (1).
 *
 * Exit status: 0 measured; 1 a capture failed; 2 wrong use.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const STORM = fileURLToPath(new URL("live/storm.mjs", import.meta.url));
const MAIN = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const HZ = 100;

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "60" }, cpus: { type: "string", default: "1" } },
});
const seconds = Number(values.seconds);
const storms = Number(values.cpus);
if (!(seconds >= 1) || !Number.isInteger(storms) || storms < 1 || storms > cpus().length) {
  console.error(`--seconds and --cpus (1 to ${cpus().length}) are whole numbers`);
  process.exit(2);
}
if (process.getuid() !== 0 || !existsSync("/sys/kernel/tracing/instances")) {
  console.error("needs root, and tracefs on /sys/kernel/tracing: mount -t tracefs tracefs /sys/kernel/tracing");
  process.exit(2);
}

const rows = [];
for (const mode of ["raw", "text"]) rows.push(await measure(mode));
console.log(
  `\nlocal:, ${seconds} s, ${storms} CPU${storms > 1 ? "s" : ""} of ${cpus().length} under a storm of allocations, default settings\n`,
);
console.table(Object.fromEntries(rows.map(({ mode, ...row }) => [mode, row])));

async function measure(mode) {
  const running = Array.from({ length: storms }, (_, cpu) =>
    spawn("taskset", ["-c", String(cpu), process.execPath, STORM], { stdio: "ignore" }),
  );
  try {
    const capture = spawn(
      process.execPath,
      [MAIN, "snapshot", "local:", "--mode", mode, "--for", `${seconds}s`, "--json"],
      {
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    let [out, log, cost] = ["", "", { host: 0 }];
    capture.stdout.on("data", (data) => (out += data));
    capture.stderr.on("data", (data) => (log += data));
    const looking = setInterval(() => (cost = costOf(capture.pid) ?? cost), 500);
    const status = await new Promise((resolve) => capture.once("close", resolve));
    clearInterval(looking);
    if (status !== 0) throw new Error(`the capture in mode ${mode} ended with ${status}: ${log}`);
    const { events, loss, exact, durationS } = summary(JSON.parse(out));
    const made = events + loss;
    return {
      mode,
      "M events/s made": round(made / durationS / 1e6),
      "M events/s accounted": round(events / durationS / 1e6),
      lost: loss,
      "lost %": round((100 * loss) / made),
      exact,
      "cores of kmemtap": round(cost.host / seconds),
    };
  } finally {
    for (const { pid } of running) process.kill(pid, "SIGKILL");
  }
}

/** CPU seconds of the process; that of the agent's is not in it. */
function costOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { host: (Number(fields[11]) + Number(fields[12])) / HZ };
  } catch {
    return undefined;
  }
}

function summary({ input, loss, exact, window }) {
  const { nullFree = { lines: 0 } } = input.ignored;
  return {
    events: input.events.lines + nullFree.lines,
    loss: loss.lostEvents,
    exact,
    durationS: (window.lastEventNs - window.firstEventNs) / 1e9,
  };
}

function round(value) {
  return Math.round(value * 1000) / 1000;
}
