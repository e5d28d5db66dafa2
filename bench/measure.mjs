/**
 * What one command costs: CPU seconds (user + system), wall seconds, peak resident memory, of the whole process tree.
 *
 * Node can ask for its own usage but not for its children's, and reading /proc/PID at exit is a race, so the kernel's own
 * accounting is used, handed over by wait4(): bash's `time` for CPU (milliseconds; GNU time has hundredths, which is 3 %
 * of a grep) and GNU time for ru_maxrss. GNU time also stands between Node and the command because ru_maxrss survives
 * exec: a direct child of this process would report *our* peak. Both together add about 2 ms of CPU.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";

const GNU_TIME = "/usr/bin/time";
const hasGnuTime = existsSync(GNU_TIME);

// "$0" is the directory of the results; output goes to a file, see Measurer.measure().
const SCRIPT = `TIMEFORMAT='%3U %3S %3R'; { time "$@" >"$0/stdout" 2>"$0/stderr"; } 2>"$0/cpu"`;

/**
 * @typedef {object} Cost
 * @property {number} cpuSeconds
 * @property {number} wallSeconds
 * @property {number | null} peakMiB  null: no GNU time here. Of the largest process where there are several
 * @property {string} stdoutFile  overwritten by the next measurement
 */

/** Measures commands one after the other; holds the scratch directory their output goes to. */
export class Measurer {
  #scratch = mkdtempSync(join(tmpdir(), "kmemtap-bench-"));

  /**
   * Standard output goes to a file and never to /dev/null: GNU grep stops at the first match when it sees /dev/null.
   * @param {string[]} command program and arguments
   * @returns {Promise<Cost>}
   * @throws {Error} when the command fails: its cost would be that of an error message
   */
  async measure(command) {
    const rssFile = join(this.#scratch, "rss");
    const wrapped = hasGnuTime ? [GNU_TIME, "--format", "%M", "--output", rssFile, ...command] : command;
    // LC_ALL=C for everybody: in a UTF-8 locale grep and awk spend several times as long on characters.
    const env = { ...process.env, LC_ALL: "C" };
    // Where a company's certificates are installed so, every Node reads them at its start, before it knows what for: 33 ms here.
    delete env.NODE_EXTRA_CA_CERTS;
    const child = spawn("bash", ["-c", SCRIPT, this.#scratch, ...wrapped], { env, stdio: "ignore" });
    const [status, signal] = await once(child, "exit");
    if (status !== 0) {
      const why = readFileSync(join(this.#scratch, "stderr"), "utf8").trim().slice(-500);
      throw new Error(`${command.join(" ")}: status ${status ?? signal}: ${why}`);
    }
    const [user, system, wall] = readFileSync(join(this.#scratch, "cpu"), "utf8").trim().split(" ").map(Number);
    return {
      cpuSeconds: user + system,
      wallSeconds: wall,
      peakMiB: hasGnuTime ? Number(readFileSync(rssFile, "utf8")) / 1024 : null,
      stdoutFile: join(this.#scratch, "stdout"),
    };
  }

  close() {
    rmSync(this.#scratch, { recursive: true, force: true });
  }
}

/** @param {number[]} values not empty */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
