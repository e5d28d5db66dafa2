/**
 * The load of a target on the daemon: N recordings that are played at a steady pace, each as a target; CPU time and memory of the process by N.
 *
 *   node bench/daemon.mjs [--targets 1,4,16] [--rate 20000] [--seconds 15]
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ROOT } from "../scripts/lib.mjs";
import { optionsOf } from "./options.mjs";

const values = optionsOf(
  `usage: node bench/daemon.mjs [options]
  --targets N,N  how many, one after the other (default 1,4,16)
  --rate N       events a second of each (default 20000)
  --seconds N    of each (default 15)`,
  { targets: "1,4,16", rate: "20000", seconds: "15" },
);
const [rate, seconds] = [Number(values.rate), Number(values.seconds)];
/** Starting, before it is measured. */
const WARM_S = 10;
const TICKS = 100;

/** A trace of so many events a second, of 500 call sites, half of whose objects are freed. */
function trace() {
  const lines = [];
  const end = rate * (seconds + WARM_S + 10);
  for (let i = 0; i < end; i++) {
    const clock = (i / rate).toFixed(6).padStart(12);
    const ptr = (0x10000000 + (i >> 1) * 64).toString(16).padStart(16, "0");
    const site = `f${String((i >> 1) % 500)}+0x1/0x2`;
    const head = `            init-1       [001] ..... ${clock}: `;
    lines.push(
      i % 4 === 3
        ? `${head}kfree: call_site=${site} ptr=${(0x10000000 + ((i - 2) >> 1) * 64).toString(16).padStart(16, "0")}`
        : `${head}kmalloc: call_site=${site} ptr=${ptr} bytes_req=60 bytes_alloc=64 gfp_flags=GFP_KERNEL node=-1 accounted=false`,
    );
  }
  return `${lines.join("\n")}\n`;
}

function usage(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  const rss = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1];
  return { cpuS: (Number(fields[11]) + Number(fields[12])) / TICKS, rssMb: Number(rss) / 1024 };
}

const dir = mkdtempSync(join(tmpdir(), "kmemtap-bench-"));
try {
  writeFileSync(join(dir, "trace"), trace());
  console.log(`${rate} events a second of each target, ${seconds} s\n\ntargets  cores  of each   MiB`);
  for (const count of values.targets.split(",").map(Number)) {
    const names = Array.from({ length: count }, (_, i) => [`t${i}`, `replay://${dir}/trace?speed=1`]);
    writeFileSync(join(dir, "kmemtap.yaml"), JSON.stringify({ logLevel: "error", targets: Object.fromEntries(names) }));
    const args = ["dist/main.js", "daemon", "--config", join(dir, "kmemtap.yaml"), "--serve", "127.0.0.1:0"];
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"] });
    await sleep(WARM_S * 1000);
    const before = usage(child.pid);
    await sleep(seconds * 1000);
    const after = usage(child.pid);
    const cores = (after.cpuS - before.cpuS) / seconds;
    console.log(
      `${String(count).padStart(7)} ${cores.toFixed(2).padStart(6)} ${(cores / count).toFixed(3).padStart(8)} ${after.rssMb.toFixed(0).padStart(5)}`,
    );
    child.kill("SIGTERM");
    await new Promise((resolve) => child.once("exit", resolve));
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
