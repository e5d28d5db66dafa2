/**
 * Guests with shells, of each kernel that can be had: what other end-to-end tests stand on. Everything here goes in by plain
 * sockets and OpenSSH's client, and is counted by other code than the product's.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { findFetchedKernel } from "../../src/target/qemu/boot-kernel.ts";
import { withLibraries } from "../../src/target/qemu/libraries.ts";
import type { GuestSerial, SerialSpec } from "../../src/target/qemu/serial-lines.ts";
import { bootShellGuest, type ShellGuest } from "../../src/target/qemu/shell-guest.ts";
import { until } from "../support/until.ts";
import { liveByRound } from "./support/live-by-round.ts";
import { needs } from "./support/needs.ts";
import { isAlive, plainSsh, sshOutput } from "./support/plain-ssh.ts";
import { sameWindow } from "./support/same-window.ts";
import { throttle } from "./support/throttle.ts";
import { REMOVE_TRUTH, startTruth, stateChanges, takeTruth, TRACEFS_STATE } from "./support/truth.ts";
import {
  CACHES_FILES,
  LEAKS_DEVICES,
  LEAKS_FILES,
  LOADS_ONCE,
  VFAT_PHASES,
  VFAT_PREPARE,
} from "./support/workloads.ts";

const PASSWORD = "correct horse";
/** Enough for these windows, and sooner made than the default. */
const BUFFER_KB = 12288;
const SHELLS = ["/bin/bash", "/bin/dash", "/bin/mksh"];
const SERIALS: readonly SerialSpec[] = [
  { kind: "unix" },
  { kind: "tcp" },
  { kind: "pty", runs: "login" },
  { kind: "unix", device: "port", name: "shell" },
  { kind: "file", device: "port", name: "truth" },
];

describe.each([
  { suite: "bullseye", version: "5.10", hist: false },
  { suite: "bookworm", version: "6.1", hist: true },
  { suite: "trixie", version: "6.12", hist: true },
  { suite: "sid", version: "7.", hist: true },
] as const)("a guest with shells, Linux $version", ({ suite, version, hist }) => {
  const { missing, note } = needs(
    "qemu",
    "busybox",
    "ssh",
    "dropbear",
    "socat",
    "bash",
    "dash",
    "mksh",
    `kernel:${suite}`,
  );

  describe.skipIf(missing)(`of ${suite}${note}`, () => {
    let guest: ShellGuest;
    const run = (command: string) => sshOutput(sshOf(guest), command);

    const boot = async () => {
      const files = await Promise.all(SHELLS.map(withLibraries));
      const kernel = findFetchedKernel(suite);
      if (kernel === undefined) throw new Error(`there is no kernel of ${suite}`);
      return bootShellGuest({
        kernel,
        memoryMb: 1024,
        serials: SERIALS,
        ssh: true,
        password: PASSWORD,
        files: Object.assign({}, ...files) as Record<string, string>,
      });
    };

    beforeAll(async () => {
      guest = await boot();
    });

    beforeEach(async () => {
      if (await isAlive(sshOf(guest))) return;
      await guest.close();
      guest = await boot();
    });

    afterAll(async () => {
      await guest.close();
    });

    it("is that kernel, on two processors, with its tracing", async () => {
      expect(guest.release.startsWith(version)).toBe(true);
      expect((await run("uname -r; nproc")).trim().split("\n")).toEqual([guest.release, "2"]);
      const files = (await run("ls /sys/kernel/tracing/events/kmem/kmalloc")).split("\n");
      expect(files).toContain("enable");
      expect(files.includes("hist")).toBe(hist);
    });

    it.each([
      ["a UART on a Unix socket", 0],
      ["a UART on a tcp socket", 1],
      ["a virtio port on a Unix socket", 3],
    ])("answers as root on %s", async (_, i) => {
      const line = opened(guest.serials[i]);
      line.send(`\necho "$(id -un) $((6 * 7))"\n`);
      await line.shows("root 42");
    });

    it("asks for a password on the pseudo-terminal of a login line", async () => {
      const line = opened(guest.serials[2]);
      line.send("\n");
      await line.shows("login: ");
      line.send("root\n");
      await line.shows("Password: ");
      line.send("wrong\n");
      await line.shows("Login incorrect");
      await line.shows("login: ");
      line.send("guest\n");
      await line.shows("Password: ");
      line.send(`${PASSWORD}\n`);
      line.send(`echo "$(id -un) $((6 * 7))"\n`);
      await line.shows("guest 42");
    });

    it("lets in who has the key over SSH, many commands at once, and is the host it says", async () => {
      const answers = await Promise.all([1, 2, 3].map((n) => run(`echo $((${n} * 7)); cat >/dev/null`)));
      expect(answers).toEqual(["7\n", "14\n", "21\n"]);
      const { status, stderr } = await plainSsh({ ...sshOf(guest), knownHostsFile: "/dev/null" }, "true");
      expect(status).toBe(255);
      expect(stderr).toContain("Host key verification failed");
    });

    it.each(SHELLS)("has %s", async (shell) => {
      expect(await run(`${shell} -c 'echo $((6 * 7))'`)).toBe("42\n");
    });

    it("loads, mounts, writes, unmounts and unloads; its trace comes out whole; its settings are as before", async () => {
      await run(VFAT_PREPARE);
      const before = await run(TRACEFS_STATE);
      expect(before).toContain("trace_clock:");
      // A window within the window, by an instance that starts later and ends earlier.
      const other = (command: string) => command.replaceAll("instances/truth", "instances/other");
      await run(startTruth(BUFFER_KB));
      await run(other(startTruth(BUFFER_KB)));
      await run(Object.values(VFAT_PHASES).join(" && "));
      await run("echo 0 >/sys/kernel/tracing/instances/other/tracing_on");
      const truth = await takeTruth(run, guest.serials[4]);
      const received = await run("cat /sys/kernel/tracing/instances/other/trace");
      await run(other(REMOVE_TRUTH));
      await run(REMOVE_TRUTH);

      const window = sameWindow(received, truth);
      expect(window.faults).toEqual([]);
      expect(window.samePointers).toBe(true);
      expect(window.received.length).toBeGreaterThan(1000);
      expect(window.truth).toHaveLength(window.received.length);
      expect(truth.split("\n").length).toBeGreaterThan(window.truth.length);
      expect(stateChanges(before, await run(TRACEFS_STATE))).toEqual([]);
    });

    it("shows a setting that was left behind", async () => {
      const before = await run(TRACEFS_STATE);
      const events = "/sys/kernel/tracing/events/kmem";
      await run(
        `echo 1 >${events}/kfree/enable; echo stacktrace:1 >${events}/kmalloc/trigger; mkdir ${events}/../../instances/left`,
      );
      const changes = stateChanges(before, await run(TRACEFS_STATE));
      await run(
        `echo '!stacktrace' >${events}/kmalloc/trigger; echo 0 >${events}/kfree/enable; rmdir ${events}/../../instances/left`,
      );
      expect(changes).toEqual(
        expect.arrayContaining([
          "- events/kmem/kfree/enable:0",
          "+ events/kmem/kfree/enable:1",
          expect.stringMatching(/^\+ events\/kmem\/kmalloc\/trigger:stacktrace/),
          "+ instances/left",
        ]),
      );
    });

    it.each(suite === "bookworm" ? [LEAKS_FILES, LEAKS_DEVICES, CACHES_FILES, LOADS_ONCE] : [LEAKS_FILES])(
      "keeps what its workload says: $name",
      async (workload) => {
        if (workload.prepare !== undefined) await run(workload.prepare);
        await run(startTruth(BUFFER_KB));
        const rounds = [1, 2, 3, 4];
        const mark = (text: string) => `echo "round ${text}" >/sys/kernel/tracing/instances/truth/trace_marker`;
        for (const round of rounds) await run(`${mark(String(round))}; ${workload.command}`);
        await run(mark("over"));
        const live = liveByRound(await takeTruth(run, guest.serials[4]), rounds.length);
        await run(REMOVE_TRUTH);
        await run(workload.undo);
        for (const [name, each] of Object.entries(workload.leaks)) {
          const counts = live.get(name) ?? [];
          // The first round may find a cache empty.
          for (const count of counts.slice(1))
            expect(count, `${name}: ${counts.join(" ")}`).toBeGreaterThanOrEqual(each);
          expect(Math.max(...counts.slice(1)), `${name}: ${counts.join(" ")}`).toBeLessThan(each * 1.5 + 8);
        }
        for (const [name, least] of Object.entries(workload.caches)) {
          const counts = live.get(name) ?? [];
          expect(counts[0], `${name}: ${counts.join(" ")}`).toBeGreaterThanOrEqual(least);
          expect(Math.max(...counts.slice(1)), `${name}: ${counts.join(" ")}`).toBeLessThan(8);
        }
      },
    );
  });
});

const { missing, note } = needs("qemu", "busybox", "kernel");

describe.skipIf(missing)(`a guest's life${note}`, () => {
  it("starts again when it is reset, and leaves nothing behind when it is closed", async () => {
    const guest = await bootShellGuest({ reboots: true });
    const ups = async () => (await readFile(guest.consoleFile, "utf8")).split("@kmemtap milestone=up").length - 1;
    expect(guest.ssh).toBeUndefined();
    expect(await ups()).toBe(1);
    await guest.monitor.reset();
    for (let count = 1; count < 2; count = await ups()) await sleep(100);
    const line = opened(guest.serials[0]);
    line.send("\necho $((6 * 7))\n");
    await line.shows("\n42");
    await guest.close();
    expect(existsSync(guest.consoleFile)).toBe(false);
    expect(existsSync(guest.serials[0].path)).toBe(false);
    expect(existsSync(`/proc/${guest.pid}`)).toBe(false);
  });

  it("is held up by a slow cable, which loses nothing", async () => {
    const guest = await bootShellGuest();
    const [serial] = guest.serials;
    const slow = { ...serial, path: `${serial.path}.slow` };
    const cable = await throttle({ path: slow.path }, { path: serial.path }, 11_520);
    try {
      const line = opened(slow);
      line.send("\nstty -echo; echo $((6 * 7))\n");
      await line.shows("\n42");
      // The guest's own clock tells how long its UART took.
      line.send("read -r from _ </proc/uptime; i=10000; while [ $i -lt 15000 ]; do echo $i; i=$((i + 1)); done\n");
      line.send('read -r to _ </proc/uptime; echo "took $from to $to."\n');
      const [numbers, from, to] = await line.reads(/^([^]*)took (\d+\.\d+) to (\d+\.\d+)\./);
      expect(numbers.match(/\b1\d{4}(?=\r)/g)).toEqual(Array.from({ length: 5000 }, (_, i) => String(10_000 + i)));
      // 35,000 bytes, less what buffers hold: the terminal's 4 KB, the sockets' few hundred bytes.
      expect(Number(to) - Number(from)).toBeGreaterThan(2);
      expect(cable.counts.received).toBeGreaterThan(35_000);
    } finally {
      await cable.close();
      await guest.close();
    }
  });

  it("says why it did not come up", async () => {
    await expect(bootShellGuest({ append: ["rdinit=/nothing"] })).rejects.toMatchObject({
      code: "target/failed",
      message: expect.stringContaining("its console says") as string,
    });
    await expect(bootShellGuest({ serials: [{ kind: "unix", path: "/no/such/directory" }] })).rejects.toMatchObject({
      code: "target/failed",
      message: expect.stringContaining("/no/such/directory") as string,
    });
  });
});

function sshOf({ ssh }: ShellGuest): NonNullable<ShellGuest["ssh"]> {
  if (ssh === undefined) throw new Error("the guest has no ssh");
  return ssh;
}

interface OpenLine {
  send(text: string): void;
  /** Waits until what came since the last look holds the text. */
  shows(text: string): Promise<void>;
  /** Likewise; the groups of the expression. */
  reads(form: RegExp): Promise<readonly string[]>;
}

function opened(serial: GuestSerial): OpenLine {
  const stream = streamTo(serial);
  let said = "";
  stream.on("data", (data: Buffer) => (said += data.toString("latin1")));
  stream.on("error", (error) => (said += error.message));
  const wait = async (what: string, look: () => number | undefined) => {
    await until(`${what} on ${serial.target}`, () => look() !== undefined, 60_000).catch((error: unknown) => {
      throw new Error(`${String(error)}; it says ${JSON.stringify(said.slice(-300))}`, { cause: error });
    });
    said = said.slice(look());
  };
  return {
    send: (text) => void stream.write(text),
    shows: (text) => wait(JSON.stringify(text), () => end(said.indexOf(text), text.length)),
    reads: async (form) => {
      let groups: readonly string[] = [];
      await wait(String(form), () => {
        const match = form.exec(said);
        groups = match?.slice(1) ?? [];
        return match === null ? undefined : match.index + match[0].length;
      });
      return groups;
    },
  };
}

function end(at: number, length: number): number | undefined {
  return at < 0 ? undefined : at + length;
}

function streamTo(serial: GuestSerial): Duplex {
  if (serial.kind !== "pty") {
    const socket =
      serial.kind === "tcp" ? connect({ port: serial.port, host: "127.0.0.1" }) : connect({ path: serial.path });
    onTestFinished(() => void socket.destroy());
    return socket;
  }
  const command = "socat"; // Node's own streams do not open a terminal raw.
  const { stdin, stdout, kill } = spawned(command, ["-", `${serial.path},raw,echo=0`]);
  onTestFinished(kill);
  return Object.assign(stdout as unknown as Duplex, { write: (text: string) => stdin.write(text) });
}

function spawned(command: string, args: readonly string[]) {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  return { stdin: child.stdin, stdout: child.stdout, kill: () => void child.kill() };
}
