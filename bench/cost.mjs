/**
 * What a capture costs the target's workload in each mode, hist among them: `npm run bench:cost`. In a guest, under emulation,
 * so that only the ratios of one run say something: the same work, alone and under each mode in turn, the least of several.
 * Needs QEMU, busybox-static, dropbear, OpenSSH and the kernel (`node scripts/provision.mjs`); `--suite trixie`, `--rounds N` (3).
 *
 * Exit status: 0 measured; 1 a capture failed; 2 wrong use.
 */
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { findFetchedKernel } from "../build/target/qemu/boot-kernel.js";
import { bootShellGuest } from "../build/target/qemu/shell-guest.js";
import { optionsOf } from "./options.mjs";

const MAIN = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const HZ = 100;
const MODES = ["alone", "raw", "text", "hist"];
/** Looks for names that a tmpfs does not have: four events each, and hardly anything else. */
const LOOKS = 36_000;
const WORK =
  "cd /tmp && names=$(seq 1000001 1003000); read from _ </proc/uptime; i=0; " +
  `while [ $i -lt ${LOOKS / 3000} ]; do rm -f $names; i=$((i + 1)); done; read to _ </proc/uptime; echo $from $to`;

const values = optionsOf(
  `usage: node bench/cost.mjs [options]
  --suite NAME  whose kernel is booted (default trixie)
  --rounds N    of which the least is taken (default 3)`,
  { suite: "trixie", rounds: "3" },
);
const rounds = Number(values.rounds);
const kernel = findFetchedKernel(values.suite);
if (!(rounds >= 1) || kernel === undefined) {
  console.error(
    `--rounds is a whole number; the kernel of --suite is fetched by node scripts/kernels.mjs ${values.suite}`,
  );
  process.exit(2);
}

const guest = await bootShellGuest({ kernel, memoryMb: 1024, ssh: true });
const dir = mkdtempSync(join(tmpdir(), "kmemtap-bench-"));
try {
  const config = sshConfig();
  const took = Object.fromEntries(MODES.map((mode) => [mode, []]));
  const seen = {};
  for (let round = 0; round < rounds; round++) {
    for (const mode of MODES) {
      const { cost, snapshot } = mode === "alone" ? { cost: await work(config) } : await measure(mode, config);
      took[mode].push(cost);
      seen[mode] = snapshot;
      console.error(`${mode}: ${cost.seconds.toFixed(2)} s, ${cost.cpu.toFixed(2)} CPU s`);
    }
  }
  console.log(`\nLinux ${guest.release} under emulation, 2 CPUs, SSH; ${LOOKS} looks, the least of ${rounds}\n`);
  const least = (mode, what) => Math.min(...took[mode].map((cost) => cost[what]));
  const ratio = (mode, what) => Math.round((100 * least(mode, what)) / least("alone", what)) / 100;
  console.table(
    Object.fromEntries(
      MODES.map((mode) => [
        mode,
        {
          seconds: round2(least(mode, "seconds")),
          "× alone": ratio(mode, "seconds"),
          "CPU s of the guest": round2(least(mode, "cpu")),
          "CPU × alone": ratio(mode, "cpu"),
          lost: seen[mode]?.loss.lostEvents ?? "",
          exact: seen[mode]?.exact ?? "",
        },
      ]),
    ),
  );
} finally {
  await guest.close();
  rmSync(dir, { recursive: true, force: true });
}

/** The work under a capture that has begun. */
async function measure(mode, config) {
  const target = `ssh://root@127.0.0.1:${guest.ssh.port}?config=${config}`;
  const capture = spawn(process.execPath, [MAIN, "snapshot", target, "--mode", mode, "--json"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, log] = ["", ""];
  const status = new Promise((resolve) => capture.once("close", resolve));
  capture.stdout.on("data", (data) => (out += data));
  await new Promise((resolve, reject) => {
    capture.stderr.on("data", (data) => {
      log += data;
      if (/armed: recording/.test(log)) resolve();
    });
    void status.then(() => reject(new Error(`the capture in mode ${mode} ended: ${log}`)));
  });
  const cost = await work(config);
  capture.kill("SIGTERM");
  if ((await status) !== 0) throw new Error(`the capture in mode ${mode} failed: ${log}`);
  const snapshot = JSON.parse(out);
  if (snapshot.totals.allocs < LOOKS) throw new Error(`mode ${mode} saw ${snapshot.totals.allocs} allocations: ${log}`);
  return { cost, snapshot };
}

/** Seconds that the work took, by the guest's clock; and what QEMU took meanwhile, all that the guest's CPUs did. */
async function work(config) {
  const before = cpuOf(guest.pid);
  const { stdout } = await promisify(execFile)("ssh", [
    ...["-F", config, "-p", String(guest.ssh.port)],
    "root@127.0.0.1",
    WORK,
  ]);
  const cpu = cpuOf(guest.pid) - before;
  const [from, to] = stdout.trim().split(" ").map(Number);
  return { seconds: to - from, cpu };
}

/** CPU seconds. */
function cpuOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / HZ;
}

function sshConfig() {
  const file = join(dir, "ssh_config");
  const lines = [
    "Host *",
    `UserKnownHostsFile ${guest.ssh.knownHostsFile}`,
    "GlobalKnownHostsFile /dev/null",
    `IdentityFile ${guest.ssh.identityFile}`,
    "IdentitiesOnly yes",
    "IdentityAgent none",
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

function round2(value) {
  return Math.round(value * 100) / 100;
}
