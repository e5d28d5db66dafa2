/**
 * What a live capture of this machine loses under a storm of allocations, as raw sub-buffers and as text, what it costs the
 * storm, and what it costs a machine that rests: `npm run bench:live`.
 * As root, with tracefs; `--seconds N` (60), `--cpus N` storms (1).
 *
 * Exit status: 0 measured; 1 a capture failed; 2 wrong use.
 */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { optionsOf } from "./options.mjs";

const STORM = fileURLToPath(new URL("live/storm.mjs", import.meta.url));
const MAIN = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const HZ = 100;
const STORM_SECONDS = 5;
const REST_SECONDS = 10;

const values = optionsOf(
  `usage: node bench/live.mjs [options]
  --seconds N  of each capture (default 60)
  --cpus N     under the storm (default 1)`,
  { seconds: "60", cpus: "1" },
);
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

const alone = await rateOfStorm();
const rows = [];
for (const mode of ["raw", "text"]) rows.push(await measure(mode));
const resting = [];
for (const mode of ["raw", "text"]) resting.push(await rest(mode));
console.log(
  `\nlocal:, ${seconds} s, ${storms} CPU${storms > 1 ? "s" : ""} of ${cpus().length} under a storm of allocations, default settings\n`,
);
console.table(Object.fromEntries(rows.map(({ mode, ...row }) => [mode, row])));
console.log(`the storm alone: ${round(alone / 1e6)} M rounds/s of two events each\n`);
console.log(`a machine that rests, ${REST_SECONDS} s\n`);
console.table(Object.fromEntries(resting.map(({ mode, ...row }) => [mode, row])));

function startStorms() {
  return Array.from({ length: storms }, (_, cpu) => {
    const child = spawn("taskset", ["-c", String(cpu), process.execPath, STORM], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const storm = { pid: child.pid, rounds: 0 };
    child.stdout.setEncoding("utf8").on("data", (text) => (storm.rounds = Number(text.trim().split("\n").at(-1))));
    return storm;
  });
}

/** Rounds a second of all storms, with nobody who looks. */
async function rateOfStorm() {
  const running = startStorms();
  await sleep(1000);
  const before = sum(running);
  await sleep(STORM_SECONDS * 1000);
  const rate = (sum(running) - before) / STORM_SECONDS;
  for (const { pid } of running) process.kill(pid, "SIGKILL");
  return rate;
}

async function measure(mode) {
  const running = startStorms();
  try {
    const capture = spawn(
      process.execPath,
      [MAIN, "snapshot", "local:", "--mode", mode, "--for", `${seconds}s`, "--json"],
      {
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    let [out, log, cost] = ["", "", { host: 0, agent: 0 }];
    const from = { rounds: sum(running), ms: performance.now() };
    capture.stdout.on("data", (data) => (out += data));
    capture.stderr.on("data", (data) => (log += data));
    const looking = setInterval(() => (cost = costOf(capture.pid) ?? cost), 500);
    const status = await new Promise((resolve) => capture.once("close", resolve));
    clearInterval(looking);
    const stormed = (sum(running) - from.rounds) / ((performance.now() - from.ms) / 1000);
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
      "of its agent": round(cost.agent / seconds),
      "the storm's speed %": Math.round((100 * stormed) / alone),
    };
  } finally {
    for (const { pid } of running) process.kill(pid, "SIGKILL");
  }
}

/** CPU that all processes here take while nothing is to be seen, less what they take without a capture. */
async function rest(mode) {
  const idle = await busyIn(REST_SECONDS);
  const capture = spawn(process.execPath, [MAIN, "snapshot", "local:", "--mode", mode], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  capture.stderr.resume();
  await sleep(3000);
  const busy = await busyIn(REST_SECONDS);
  capture.kill("SIGTERM");
  await new Promise((resolve) => capture.once("close", resolve));
  return { mode, "cores of kmemtap and its agent": round((busy - idle) / REST_SECONDS) };
}

/** CPU seconds that were not idle, of the whole machine. */
async function busyIn(forSeconds) {
  const busy = () => {
    const [user, nice, system, , , irq, softirq] = readFileSync("/proc/stat", "latin1")
      .split("\n")[0]
      .split(/\s+/)
      .slice(1);
    return [user, nice, system, irq, softirq].reduce((total, ticks) => total + Number(ticks), 0) / HZ;
  };
  const before = busy();
  await sleep(forSeconds * 1000);
  return busy() - before;
}

function sum(running) {
  return running.reduce((total, { rounds }) => total + rounds, 0);
}

/** CPU seconds of the process, and of what it has started, with what that has started and seen end. */
function costOf(pid) {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(processOf)
    .filter(Boolean);
  const host = all.find((one) => one.pid === pid);
  if (host === undefined) return undefined;
  const started = new Set([pid]);
  // A parent may stand behind its child.
  for (let size = 0; size !== started.size;) {
    size = started.size;
    for (const one of all) if (started.has(one.parent)) started.add(one.pid);
  }
  const agent = all.filter((one) => one !== host && started.has(one.pid)).reduce((total, one) => total + one.all, 0);
  return { host: host.own, agent };
}

function processOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .map(Number);
    const [own, ended] = [fields[11] + fields[12], fields[13] + fields[14]];
    return { pid: Number(pid), parent: fields[1], own: own / HZ, all: (own + ended) / HZ };
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
