/**
 * perf.data of the same window, so that `perf kmem` can be measured on what the text holds.
 *
 * perf is armed but silent (`-D -1`) until enable(), and its ring is made so large that it has nothing to write before
 * disable(): a perf that drains while recording adds its own allocations to both recordings, and may lose events.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";

export function perfVersion() {
  const run = spawnSync("perf", ["--version"], { encoding: "utf8" });
  return run.status === 0 ? run.stdout.trim() : null;
}

/**
 * @param {{ events: string[], file: string, ringMb: number }} options `ringMb` is per CPU, a power of two
 */
export function startPerfRecord({ events, file, ringMb }) {
  const args = ["record", "--quiet", "--all-cpus", "--output", file, "--mmap-pages", `${ringMb}M`];
  // Build-ids would cost a second pass over the file and say nothing about kernel call sites.
  args.push("--no-buildid", "--no-buildid-cache", "--delay", "-1", "--control", "fd:3,4");
  for (const event of events) args.push("--event", `kmem:${event}`);
  const child = spawn("perf", args, { stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"] });
  const [, , , control, ack] = child.stdio;
  let messages = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (messages += text));
  const exited = new Promise((resolve) => child.once("close", resolve).once("error", resolve));

  const command = async (word) => {
    control.write(`${word}\n`);
    await Promise.race([
      once(ack, "data"),
      exited.then(() => Promise.reject(new Error(`perf record ended: ${messages.trim()}`))),
    ]);
  };

  return {
    enable: () => command("enable"),
    disable: () => command("disable"),
    /** Makes perf write its ring to the file. @returns {Promise<string>} what it complained about */
    async finish() {
      control.write("stop\n");
      await exited;
      return messages.trim();
    },
    kill() {
      child.kill("SIGKILL");
    },
  };
}

/**
 * Counts what perf.data really holds; perf record's own summary does not tell.
 * @param {string} file
 */
export function perfDataFacts(file) {
  const run = spawnSync("perf", ["report", "--force", "--stats", "--input", file], { encoding: "utf8" });
  const count = (name) => Number(new RegExp(`^\\s*${name} events:\\s+(\\d+)`, "m").exec(run.stdout)?.[1] ?? 0);
  return {
    events: count("SAMPLE"),
    // LOST says a gap was met, LOST_SAMPLES carries the kernel's own count; either makes the file incomplete.
    lostRecords: count("LOST") + count("LOST_SAMPLES"),
    bytes: statSync(file).size,
  };
}
